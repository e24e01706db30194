//! What the node's database takes for a key: for one that a block reads, and for one that it writes.

use anyhow::{anyhow, ensure, Context, Result};
use clap::Parser;
use sc_client_api::{Backend, BlockImportOperation, NewBlockState, TrieCacheContext};
use sc_client_db::{BlocksPruning, DatabaseSettings, DatabaseSource, PruningMode};
use sp_core::H256;
use sp_io::hashing::blake2_128;
use sp_runtime::{
    generic,
    traits::{BlakeTwo256, Header as _},
    OpaqueExtrinsic, StateVersion, Storage,
};
use sp_state_machine::Backend as _;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

type Header = generic::Header<u32, BlakeTwo256>;
type Block = generic::Block<Header, OpaqueExtrinsic>;
type Database = sc_client_db::Backend<Block>;

/// Blocks that can still be forked off, as the node keeps them.
const KEPT: u32 = 64;
const CANONICALIZATION_DELAY: u64 = 4_096;

/// Measures the database that the node keeps state in.
#[derive(Parser)]
pub struct Args {
    /// A folder that does not exist yet; removed afterwards.
    folder: PathBuf,
    /// Keys of the state.
    #[arg(long, default_value_t = 1_000_000)]
    keys: u32,
    /// Bytes of each value.
    #[arg(long, default_value_t = 200)]
    bytes: usize,
    /// Blocks that read, and blocks that write.
    #[arg(long, default_value_t = 50)]
    blocks: u32,
    /// Keys that each of them touches.
    #[arg(long, default_value_t = 2_000)]
    touched: u32,
}

/// Fills a database, reads and writes it, and says what a key took.
pub fn run(args: Args) -> Result<()> {
    ensure!(
        !args.folder.exists(),
        "{} exists: name a new folder",
        args.folder.display()
    );
    ensure!(args.keys > 0 && args.touched > 0, "nothing would be measured");
    let measured = measure(&args);
    let removed = std::fs::remove_dir_all(&args.folder);
    let (read, write) = measured?;
    println!(
        "{} keys of {} bytes: a read takes {read:?}, a write {write:?}",
        args.keys, args.bytes
    );
    removed.context("the folder cannot be removed")
}

fn measure(args: &Args) -> Result<(Duration, Duration)> {
    let genesis = fill(args)?;
    // Opened anew, so that the process has cached nothing.
    let database = open(&args.folder)?;
    let read = read(&database, genesis, args)?;
    Ok((read, write(database, genesis, args)?))
}

fn open(folder: &Path) -> Result<Database> {
    let settings = DatabaseSettings {
        // What is not cached is what costs.
        trie_cache_maximum_size: None,
        state_pruning: Some(PruningMode::blocks_pruning(KEPT)),
        source: DatabaseSource::ParityDb {
            path: folder.to_owned(),
        },
        blocks_pruning: BlocksPruning::KeepFinalized,
        pruning_filters: Vec::new(),
        metrics_registry: None,
    };
    Database::new(settings, CANONICALIZATION_DELAY).map_err(|error| anyhow!(error))
}

/// The key of an entry of a map.
fn key(index: u32) -> Vec<u8> {
    [&[7; 32], &blake2_128(&index.to_le_bytes())[..]].concat()
}

/// Another one each time, in no order.
fn random(round: u32, at: u32, keys: u32) -> u32 {
    let hash = blake2_128(&[round.to_le_bytes(), at.to_le_bytes()].concat());
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % keys
}

fn fill(args: &Args) -> Result<H256> {
    let database = open(&args.folder)?;
    let top = (0..args.keys).map(|index| (key(index), vec![1; args.bytes])).collect();
    let storage = Storage {
        top,
        ..Default::default()
    };
    let mut operation = database.begin_operation()?;
    let root = operation.set_genesis_state(storage, true, StateVersion::V1)?;
    let header = header(0, H256::zero(), root);
    let hash = header.hash();
    operation.set_block_data(header, Some(Vec::new()), None, None, NewBlockState::Final, true)?;
    database.commit_operation(operation)?;
    Ok(hash)
}

fn header(number: u32, parent: H256, state_root: H256) -> Header {
    Header::new(number, Default::default(), state_root, parent, Default::default())
}

/// Reads as many keys as each block does, block by block: one block's reads find the nodes in memory that they share.
fn read(database: &Database, at: H256, args: &Args) -> Result<Duration> {
    let start = Instant::now();
    for block in 0..args.blocks {
        let state = database.state_at(at, TrieCacheContext::Trusted)?;
        for index in 0..args.touched {
            let found = state
                .storage(&key(random(block, index, args.keys)))
                .map_err(|error| anyhow!(error))?;
            ensure!(found.is_some(), "a key was lost");
        }
    }
    Ok(start.elapsed() / (args.blocks * args.touched))
}

/// Imports blocks that write, until all is on disk.
fn write(database: Database, mut parent: H256, args: &Args) -> Result<Duration> {
    let start = Instant::now();
    for block in 0..args.blocks {
        let mut operation = database.begin_operation()?;
        database.begin_state_operation(&mut operation, parent)?;
        let value = vec![block as u8; args.bytes];
        let keys: Vec<_> = (0..args.touched)
            .map(|at| key(random(args.blocks + block, at, args.keys)))
            .collect();
        let delta = keys.iter().map(|key| (&key[..], Some(&value[..])));
        let state = operation
            .state()?
            .context("the state of a block that was just imported")?;
        let (root, nodes) = state.storage_root(delta, StateVersion::V1);
        operation.update_db_storage(nodes)?;
        let header = header(block + 1, parent, root);
        parent = header.hash();
        operation.set_block_data(header, Some(Vec::new()), None, None, NewBlockState::Best, true)?;
        database.commit_operation(operation)?;
    }
    drop(database);
    Ok(start.elapsed() / (args.blocks * args.touched))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_written_can_be_read() {
        let folder = std::env::temp_dir().join(format!("perigee-storage-{}", std::process::id()));
        let args = Args {
            folder: folder.clone(),
            keys: 100,
            bytes: 40,
            blocks: 2,
            touched: 50,
        };
        run(args).expect("a small database");
        assert!(!folder.exists());
    }
}
