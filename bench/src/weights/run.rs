//! Running a runtime's benchmarks.

use super::state::State;
use anyhow::{anyhow, Context, Result};
use codec::{Decode, Encode};
use frame_benchmarking::{
    benchmarking, BenchmarkBatch, BenchmarkConfig, BenchmarkList, BenchmarkParameter, BenchmarkResult,
};
use frame_support::traits::StorageInfo;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, RuntimeCode, WrappedRuntimeCode};
use sp_externalities::Extensions;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{OverlayedChanges, StateMachine};

type HostFunctions = (sp_io::SubstrateHostFunctions, benchmarking::HostFunctions);

/// A benchmark, and the least and the most of each of its components.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// The pallet's name.
    pub pallet: String,
    /// Its name in the runtime.
    instance: Vec<u8>,
    /// The benchmark's.
    pub name: String,
    /// Name, least and most.
    pub components: Vec<(BenchmarkParameter, u32, u32)>,
}

impl Benchmark {
    /// The values of its components to measure at: `steps` of each, the others at their most.
    pub fn points(&self, steps: u32) -> Vec<Vec<(BenchmarkParameter, u32)>> {
        let most = self.most();
        let mut points = vec![most.clone()];
        for (at, (name, low, high)) in self.components.iter().enumerate() {
            let last = steps.min(high.saturating_sub(*low));
            for step in 0..last {
                let mut point = most.clone();
                point[at] = (*name, low + (high - low) * step / last);
                points.push(point);
            }
        }
        points
    }

    /// Every component at its most.
    pub fn most(&self) -> Vec<(BenchmarkParameter, u32)> {
        self.components.iter().map(|(name, _, high)| (*name, *high)).collect()
    }
}

/// A runtime that was built with its benchmarks.
pub struct Runtime {
    code: Vec<u8>,
    executor: WasmExecutor<HostFunctions>,
    state: State,
}

impl Runtime {
    /// A runtime of this code, on the genesis of one of its presets.
    pub fn new(code: Vec<u8>, preset: &str) -> Result<Self> {
        let builder = GenesisConfigBuilderRuntimeCaller::<benchmarking::HostFunctions>::new(&code);
        let genesis = builder
            .get_storage_for_named_preset(Some(&preset.to_owned()))
            .map_err(|error| anyhow!("the runtime builds no genesis `{preset}`: {error}"))?;
        Ok(Self {
            state: State::of(&genesis),
            executor: WasmExecutor::builder().with_allow_missing_host_functions(true).build(),
            code,
        })
    }

    /// All its benchmarks.
    pub fn benchmarks(&self) -> Result<Vec<Benchmark>> {
        let answer = self.call("Benchmark_benchmark_metadata", &false.encode())?;
        let (lists, _) = <(Vec<BenchmarkList>, Vec<StorageInfo>)>::decode(&mut &answer[..])
            .context("the runtime lists its benchmarks in another way than expected")?;
        let of_list = |list: BenchmarkList| {
            let pallet = String::from_utf8_lossy(&list.pallet).into_owned();
            list.benchmarks.into_iter().map(move |each| Benchmark {
                pallet: pallet.clone(),
                instance: list.instance.clone(),
                name: String::from_utf8_lossy(&each.name).into_owned(),
                components: each.components,
            })
        };
        Ok(lists.into_iter().flat_map(of_list).collect())
    }

    /// Measures a benchmark `repeat` times at one point, after a run that checks that it did what it should.
    pub fn measure(
        &self,
        benchmark: &Benchmark,
        point: &[(BenchmarkParameter, u32)],
        repeat: u32,
    ) -> Result<Vec<BenchmarkResult>> {
        let config = BenchmarkConfig {
            pallet: benchmark.pallet.clone().into_bytes(),
            instance: benchmark.instance.clone(),
            benchmark: benchmark.name.clone().into_bytes(),
            selected_components: point.to_vec(),
            verify: true,
            internal_repeats: repeat,
        };
        let named = || format!("benchmark {}::{} at {point:?}", benchmark.pallet, benchmark.name);
        let answer = self
            .call("Benchmark_dispatch_benchmark", &config.encode())
            .with_context(named)?;
        let batches = <std::result::Result<Vec<BenchmarkBatch>, String>>::decode(&mut &answer[..])?;
        let batches = batches.map_err(|error| anyhow!(error)).with_context(named)?;
        let batch = batches.into_iter().next().context("the runtime ran no benchmark");
        Ok(batch.with_context(named)?.results)
    }

    fn call(&self, method: &str, data: &[u8]) -> Result<Vec<u8>> {
        let mut overlay = OverlayedChanges::<BlakeTwo256>::default();
        let mut extensions = Extensions::default();
        extensions.register(KeystoreExt::new(MemoryKeystore::new()));
        let fetcher = WrappedRuntimeCode((&self.code).into());
        let code = RuntimeCode {
            code_fetcher: &fetcher,
            hash: sp_io::hashing::blake2_256(&self.code).to_vec(),
            heap_pages: None,
        };
        let mut machine = StateMachine::new(
            &self.state,
            &mut overlay,
            &self.executor,
            method,
            data,
            &mut extensions,
            &code,
            CallContext::Offchain,
        );
        machine.execute().map_err(|error| anyhow!("{method}: {error}"))
    }
}
