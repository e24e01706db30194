//! The chains this node can start: built in, or from a file.

use perigee_runtime::{opaque::Block, WASM_BINARY};
use sc_chain_spec::{ChainSpecExtension, ChainType, GenericChainSpec, Properties};
use sc_client_api::{BadBlocks, ForkBlocks};
use sc_sync_state_rpc::LightSyncStateExtension;
use serde::{Deserialize, Serialize};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use std::path::PathBuf;

/// What a chain specification may hold besides the genesis.
#[derive(Default, Clone, Debug, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub struct Extensions {
    /// Blocks that must be part of the chain.
    pub fork_blocks: ForkBlocks<Block>,
    /// Blocks that must not be.
    pub bad_blocks: BadBlocks<Block>,
    /// Where light clients may start to sync.
    pub light_sync_state: LightSyncStateExtension,
}

/// A chain specification of Perigee.
pub type ChainSpec = GenericChainSpec<Extensions>;

const NO_RUNTIME: &str = "this binary holds no runtime: it was built with SKIP_WASM_BUILD set. \
    Unset it and build again (cargo build --release), or start from a specification that holds one (--chain FILE)";

/// The chain that `--chain NAME` names: `development` (`dev`), `local` (`local_testnet`), or a file.
pub fn load(name: &str) -> Result<ChainSpec, String> {
    match name {
        "dev" | "development" => development(),
        "" | "local" | "local_testnet" => local_testnet(),
        path => from_file(path),
    }
}

fn from_file(path: &str) -> Result<ChainSpec, String> {
    if !PathBuf::from(path).is_file() {
        return Err(format!(
            "there is no chain `{path}`: name `development`, `local`, or a chain specification file"
        ));
    }
    ChainSpec::from_json_file(PathBuf::from(path)).map_err(|error| format!("chain specification {path}: {error}"))
}

fn development() -> Result<ChainSpec, String> {
    Ok(builder()?
        .with_name("Perigee Development")
        .with_id("perigee_dev")
        .with_chain_type(ChainType::Development)
        .with_genesis_config_preset_name(DEV_RUNTIME_PRESET)
        .build())
}

fn local_testnet() -> Result<ChainSpec, String> {
    Ok(builder()?
        .with_name("Perigee Local Testnet")
        .with_id("perigee_local")
        .with_chain_type(ChainType::Local)
        .with_genesis_config_preset_name(LOCAL_TESTNET_RUNTIME_PRESET)
        .build())
}

fn builder() -> Result<sc_chain_spec::ChainSpecBuilder<Extensions>, String> {
    let wasm = WASM_BINARY.ok_or(NO_RUNTIME)?;
    Ok(ChainSpec::builder(wasm, Extensions::default())
        .with_protocol_id("perigee")
        .with_properties(properties()))
}

fn properties() -> Properties {
    let properties = [
        ("tokenSymbol", "PRG".into()),
        ("tokenDecimals", 12.into()),
        ("ss58Format", 42.into()),
    ];
    properties
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_chain_names_what_there_is() {
        let error = load("moon").err().expect("there is no such chain");
        assert!(error.contains("`moon`") && error.contains("development"), "{error}");
    }

    #[test]
    fn missing_runtime_says_how_to_get_one() {
        assert!(NO_RUNTIME.contains("SKIP_WASM_BUILD") && NO_RUNTIME.contains("--chain FILE"));
    }
}
