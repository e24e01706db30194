//! Follows the chain: hands every block to the load and notes what the machine looked like then.

use super::{book::Step, load::Load};
use crate::machine::{self, Busy, Memory, Process};
use anyhow::{bail, Result};
use futures::StreamExt;
use perigee_chain::{BlockId, Chain};
use perigee_primitives::BlockNumber;
use serde::Serialize;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// What is watched besides the chain.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The node.
    pub node: Process,
    /// Its database.
    pub base_path: PathBuf,
}

/// A block, and the machine at the moment it was seen. Seconds count from the start of the benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Height.
    pub number: BlockNumber,
    /// When it was seen as the best block.
    pub seen: f64,
    /// Of ours: leases opened.
    pub opened: u32,
    /// Of ours: leases closed.
    pub closed: u32,
    /// Extrinsics of anybody, inherents among them.
    pub extrinsics: u32,
    /// Part of the weight for ordinary extrinsics that it used.
    pub fullness: f64,
    /// Ours that were in no block yet after this one.
    pub waiting: u32,
    /// CPU seconds of the node so far.
    pub node_cpu: f64,
    /// CPU seconds of this program so far.
    pub client_cpu: f64,
    /// CPU seconds of the machine since boot.
    pub machine_cpu: Busy,
    /// Memory of the node.
    pub node_memory: Memory,
    /// Disk space of the node.
    pub disk: u64,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Log {
    /// The blocks, in order.
    pub samples: Vec<Sample>,
    /// When a block was seen as final.
    pub finalised: HashMap<BlockNumber, f64>,
}

/// Follows the chain until an error.
pub struct Follower {
    chain: Chain,
    load: Arc<Load>,
    watched: Watched,
    began: Instant,
    log: Arc<Mutex<Log>>,
}

impl Follower {
    /// Follows over `chain` on behalf of `load`.
    pub fn new(chain: Chain, load: Arc<Load>, watched: Watched, began: Instant, log: Arc<Mutex<Log>>) -> Self {
        Self {
            chain,
            load,
            watched,
            began,
            log,
        }
    }

    /// Best blocks, and beside them final ones.
    pub async fn run(self) -> Result<()> {
        tokio::try_join!(self.best_blocks(), self.final_blocks())?;
        Ok(())
    }

    async fn best_blocks(&self) -> Result<()> {
        let mut blocks = std::pin::pin!(self.chain.best_blocks());
        let mut next = None;
        while let Some(block) = blocks.next().await {
            let (block, seen) = (block?, Instant::now());
            let expected = next.unwrap_or(block.number);
            if block.number < expected {
                bail!(
                    "block {} came a second time: the chain forked, and figures would count it twice",
                    block.number
                );
            }
            // The node leaves out blocks when several come at once.
            for number in expected..block.number {
                match self.chain.block_of_height(number).await? {
                    Some(skipped) => self.block(skipped, seen).await?,
                    None => bail!("block {number} was left out, and the node does not know it"),
                }
            }
            self.block(block, seen).await?;
            next = Some(block.number + 1);
        }
        bail!("the node ended the subscription")
    }

    async fn block(&self, block: BlockId, seen: Instant) -> Result<()> {
        self.load.advance(block.number).await?;
        let view = self.chain.at(block).await?;
        let (outcomes, fullness) = tokio::try_join!(view.outcomes(), view.fullness())?;
        let extrinsics = outcomes.len() as u32;
        let ours = self.load.found(block.number, seen, outcomes)?;
        let count = |step| ours.get(&step).copied().unwrap_or(0);
        let Watched { node, base_path } = &self.watched;
        let sample = Sample {
            number: block.number,
            seen: seen.duration_since(self.began).as_secs_f64(),
            opened: count(Step::Deploy),
            closed: count(Step::Close),
            extrinsics,
            fullness,
            waiting: self.load.open() as u32,
            node_cpu: node.cpu_seconds()?,
            client_cpu: Process::own().cpu_seconds()?,
            machine_cpu: Busy::now()?,
            node_memory: node.memory()?,
            disk: machine::disk_usage(base_path)?,
        };
        self.log(|log| log.samples.push(sample));
        Ok(())
    }

    async fn final_blocks(&self) -> Result<()> {
        let mut blocks = std::pin::pin!(self.chain.finalised_blocks());
        while let Some(block) = blocks.next().await {
            let (number, seen) = (block?.number, self.began.elapsed().as_secs_f64());
            self.log(|log| log.finalised.insert(number, seen));
        }
        bail!("the node ended the subscription")
    }

    fn log<R>(&self, write: impl FnOnce(&mut Log) -> R) -> R {
        write(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
