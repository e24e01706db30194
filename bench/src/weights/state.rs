//! The state that benchmarks run on: genesis in memory, which counts what is read and written.

use sp_core::{storage::ChildInfo, H256};
use sp_runtime::{traits::BlakeTwo256, StateVersion, Storage};
use sp_state_machine::{
    Backend, BackendTransaction, ChildStorageCollection, IterArgs, StateMachineStats, StorageCollection,
    StorageIterator, StorageKey, StorageValue, TrieBackend, TrieBackendBuilder, UsageInfo,
};
use sp_storage::TrackedStorageKey;
use sp_trie::{
    cache::{CacheSize, LocalTrieCache, SharedTrieCache},
    recorder::Recorder,
    HashDBT, MerkleValue, PrefixedMemoryDB,
};
use std::{
    cell::{Cell, Ref, RefCell},
    collections::HashMap,
    fmt,
    sync::{Arc, RwLock},
};

type Nodes = PrefixedMemoryDB<BlakeTwo256>;
type Store = Arc<dyn sp_state_machine::Storage<BlakeTwo256>>;
type Trie = TrieBackend<Store, BlakeTwo256, LocalTrieCache<BlakeTwo256>, Recorder<BlakeTwo256>>;
type Result<T> = std::result::Result<T, String>;

/// The nodes of all tries, old and new.
struct Db(RwLock<Nodes>);

impl sp_state_machine::Storage<BlakeTwo256> for Db {
    fn get(&self, key: &H256, prefix: (&[u8], Option<u8>)) -> Result<Option<Vec<u8>>> {
        let nodes = self.0.read().map_err(|error| error.to_string())?;
        Ok(HashDBT::get(&*nodes, key, prefix))
    }
}

/// How often a key was touched since the counts were reset.
#[derive(Clone, Copy, Default)]
struct Touched {
    reads: u32,
    writes: u32,
    /// Read in every block anyway: costs nothing.
    free: bool,
}

/// State for one benchmark after the other, each on genesis.
pub struct State {
    db: Arc<Db>,
    genesis: (H256, Nodes),
    root: Cell<H256>,
    trie: RefCell<Trie>,
    recorder: Recorder<BlakeTwo256>,
    /// Caches nodes for as long as a block does, and shares none with the next one.
    cache: SharedTrieCache<BlakeTwo256>,
    touched: RefCell<HashMap<Vec<u8>, Touched>>,
    free: RefCell<Vec<TrackedStorageKey>>,
}

impl State {
    /// A state of these entries.
    pub fn of(genesis: &Storage) -> Self {
        let db = Arc::new(Db(RwLock::new(Nodes::default())));
        let cache = SharedTrieCache::new(CacheSize::new(0), None);
        let recorder = Recorder::default();
        let empty = sp_trie::empty_trie_root::<sp_trie::LayoutV1<BlakeTwo256>>();
        let trie = open(&db, empty, &recorder, &cache);
        let entries = genesis.top.iter().map(|(key, value)| (&key[..], Some(&value[..])));
        let (root, nodes) = trie.storage_root(entries, StateVersion::V1);
        let state = Self {
            db,
            genesis: (root, nodes),
            root: Cell::new(root),
            trie: RefCell::new(trie),
            recorder,
            cache,
            touched: RefCell::default(),
            free: RefCell::default(),
        };
        state.reset();
        state
    }

    fn reset(&self) {
        if let Ok(mut nodes) = self.db.0.write() {
            *nodes = self.genesis.1.clone();
        }
        self.reopen(self.genesis.0);
        self.forget_touches();
    }

    fn reopen(&self, root: H256) {
        self.recorder.reset();
        self.root.set(root);
        *self.trie.borrow_mut() = open(&self.db, root, &self.recorder, &self.cache);
    }

    fn forget_touches(&self) {
        let free = Touched {
            free: true,
            ..Touched::default()
        };
        let keys = self
            .free
            .borrow()
            .iter()
            .map(|tracked| (tracked.key.clone(), free))
            .collect();
        *self.touched.borrow_mut() = keys;
    }

    fn touch(&self, key: &[u8], how: impl Fn(&mut Touched)) {
        let mut touched = self.touched.borrow_mut();
        match touched.get_mut(key) {
            Some(known) => how(known),
            None => how(touched.entry(key.to_vec()).or_default()),
        }
    }

    fn read(&self, key: &[u8]) -> Ref<'_, Trie> {
        self.touch(key, |touched| touched.reads += 1);
        self.trie.borrow()
    }
}

fn open(db: &Arc<Db>, root: H256, recorder: &Recorder<BlakeTwo256>, cache: &SharedTrieCache<BlakeTwo256>) -> Trie {
    TrieBackendBuilder::new_with_cache(db.clone() as Store, root, cache.local_cache_trusted())
        .with_recorder(recorder.clone())
        .build()
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({:?})", self.root.get())
    }
}

/// Iterates over keys, and counts them as read.
#[derive(Default)]
pub struct Iter(<Trie as Backend<BlakeTwo256>>::RawIter);

impl StorageIterator<BlakeTwo256> for Iter {
    type Backend = State;
    type Error = String;

    fn next_key(&mut self, state: &State) -> Option<Result<StorageKey>> {
        let found = self.0.next_key(&state.trie.borrow());
        if let Some(Ok(key)) = &found {
            state.touch(key, |touched| touched.reads += 1);
        }
        found
    }

    fn next_pair(&mut self, state: &State) -> Option<Result<(StorageKey, StorageValue)>> {
        let found = self.0.next_pair(&state.trie.borrow());
        if let Some(Ok((key, _))) = &found {
            state.touch(key, |touched| touched.reads += 1);
        }
        found
    }

    fn was_complete(&self) -> bool {
        self.0.was_complete()
    }
}

// No pallet uses child tries: they are served, and not counted.
impl Backend<BlakeTwo256> for State {
    type Error = String;
    type TrieBackendStorage = Store;
    type RawIter = Iter;

    fn storage(&self, key: &[u8]) -> Result<Option<StorageValue>> {
        self.read(key).storage(key)
    }

    fn storage_hash(&self, key: &[u8]) -> Result<Option<H256>> {
        self.read(key).storage_hash(key)
    }

    fn closest_merkle_value(&self, key: &[u8]) -> Result<Option<MerkleValue<H256>>> {
        self.read(key).closest_merkle_value(key)
    }

    fn child_closest_merkle_value(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<MerkleValue<H256>>> {
        self.trie.borrow().child_closest_merkle_value(child, key)
    }

    fn child_storage(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<StorageValue>> {
        self.trie.borrow().child_storage(child, key)
    }

    fn child_storage_hash(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<H256>> {
        self.trie.borrow().child_storage_hash(child, key)
    }

    fn exists_storage(&self, key: &[u8]) -> Result<bool> {
        self.read(key).exists_storage(key)
    }

    fn next_storage_key(&self, key: &[u8]) -> Result<Option<StorageKey>> {
        self.read(key).next_storage_key(key)
    }

    fn next_child_storage_key(&self, child: &ChildInfo, key: &[u8]) -> Result<Option<StorageKey>> {
        self.trie.borrow().next_child_storage_key(child, key)
    }

    fn storage_root<'a>(
        &self,
        delta: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
        version: StateVersion,
    ) -> (H256, BackendTransaction<BlakeTwo256>) {
        self.trie.borrow().storage_root(delta, version)
    }

    fn child_storage_root<'a>(
        &self,
        child: &ChildInfo,
        delta: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
        version: StateVersion,
    ) -> (H256, bool, BackendTransaction<BlakeTwo256>) {
        self.trie.borrow().child_storage_root(child, delta, version)
    }

    fn raw_iter(&self, args: IterArgs) -> Result<Iter> {
        self.trie.borrow().raw_iter(args).map(Iter)
    }

    fn register_overlay_stats(&self, _: &StateMachineStats) {}

    fn usage_info(&self) -> UsageInfo {
        UsageInfo::empty()
    }

    fn wipe(&self) -> Result<()> {
        self.reset();
        Ok(())
    }

    fn commit(
        &self,
        root: H256,
        nodes: BackendTransaction<BlakeTwo256>,
        changes: StorageCollection,
        _: ChildStorageCollection,
    ) -> Result<()> {
        self.db.0.write().map_err(|error| error.to_string())?.consolidate(nodes);
        for (key, _) in &changes {
            self.touch(key, |touched| touched.writes += 1);
        }
        self.reopen(root);
        Ok(())
    }

    fn read_write_count(&self) -> (u32, u32, u32, u32) {
        let touched = self.touched.borrow();
        touched
            .values()
            .filter(|touched| !touched.free)
            .fold((0, 0, 0, 0), |sum, one| {
                (
                    sum.0 + one.reads.min(1),
                    sum.1 + one.reads.saturating_sub(1),
                    sum.2 + one.writes.min(1),
                    sum.3 + one.writes.saturating_sub(1),
                )
            })
    }

    fn reset_read_write_count(&self) {
        self.forget_touches();
    }

    fn get_whitelist(&self) -> Vec<TrackedStorageKey> {
        self.free.borrow().clone()
    }

    fn set_whitelist(&self, keys: Vec<TrackedStorageKey>) {
        *self.free.borrow_mut() = keys;
    }

    fn proof_size(&self) -> Option<u32> {
        Some(self.recorder.estimate_encoded_size() as u32)
    }

    fn get_read_and_written_keys(&self) -> Vec<(Vec<u8>, u32, u32, bool)> {
        Vec::new()
    }
}
