//! Which provider registered a key, without asking the runtime for every heartbeat.

use perigee_heartbeat::HeartbeatPublic;
use perigee_primitives::ProviderId;
use std::collections::{HashMap, HashSet};

/// Most keys that are remembered; far more than there are providers.
const MAX_KNOWN: usize = 100_000;
/// Most questions to the runtime per block. A provider that is not looked up in time is in the next block, strangers
/// cannot keep the node busy.
const MAX_LOOKUPS: u32 = 2_000;

/// Remembers providers by key until the next attestation epoch, and strangers until the next block.
#[derive(Default)]
pub struct KeyCache {
    known: HashMap<HeartbeatPublic, ProviderId>,
    strangers: HashSet<HeartbeatPublic>,
    lookups: u32,
}

impl KeyCache {
    /// A stranger of the last block may have registered in this one.
    pub fn new_block(&mut self) {
        self.strangers.clear();
        self.lookups = 0;
    }

    /// A provider of the last epoch may have replaced its key, and the one before counts no more.
    pub fn new_epoch(&mut self) {
        self.known.clear();
    }

    /// The provider that registered `key`. What is remembered is believed only when it agrees with what the sender
    /// claims: a key may have been registered anew, for another provider.
    pub fn provider(
        &mut self,
        key: &HeartbeatPublic,
        claimed: ProviderId,
        look_up: impl FnOnce(&HeartbeatPublic) -> Option<ProviderId>,
    ) -> Option<ProviderId> {
        if self.known.get(key) == Some(&claimed) {
            return Some(claimed);
        }
        if self.strangers.contains(key) || self.lookups >= MAX_LOOKUPS {
            return None;
        }
        self.lookups += 1;
        let found = look_up(key);
        self.remember(*key, found);
        found
    }

    fn remember(&mut self, key: HeartbeatPublic, found: Option<ProviderId>) {
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        match found {
            Some(provider) => {
                self.known.insert(key, provider);
            }
            None => {
                self.known.remove(&key);
                self.strangers.insert(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const KEY: HeartbeatPublic = [1; 32];

    #[test]
    fn a_known_key_is_looked_up_once() {
        let (mut cache, asked) = (KeyCache::default(), Cell::new(0));
        for _ in 0..3 {
            let look_up = |_: &HeartbeatPublic| {
                asked.set(asked.get() + 1);
                Some(7)
            };
            assert_eq!(cache.provider(&KEY, 7, look_up), Some(7));
            cache.new_block();
        }
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn a_stranger_is_asked_about_again_in_the_next_block_only() {
        let mut cache = KeyCache::default();
        assert_eq!(cache.provider(&KEY, 7, |_| None), None);
        assert_eq!(cache.provider(&KEY, 7, |_| Some(7)), None);
        cache.new_block();
        assert_eq!(cache.provider(&KEY, 7, |_| Some(7)), Some(7));
    }

    #[test]
    fn a_key_that_was_registered_anew_is_looked_up_again() {
        let mut cache = KeyCache::default();
        assert_eq!(cache.provider(&KEY, 7, |_| Some(7)), Some(7));
        assert_eq!(cache.provider(&KEY, 8, |_| Some(8)), Some(8));
        assert_eq!(cache.provider(&KEY, 9, |_| None), None);
        cache.new_block();
        assert_eq!(cache.provider(&KEY, 8, |_| None), None);
    }

    #[test]
    fn a_replaced_key_counts_until_the_epoch_is_over_only() {
        let mut cache = KeyCache::default();
        assert_eq!(cache.provider(&KEY, 7, |_| Some(7)), Some(7));
        cache.new_block();
        assert_eq!(cache.provider(&KEY, 7, |_| None), Some(7));
        cache.new_epoch();
        assert_eq!(cache.provider(&KEY, 7, |_| None), None);
    }

    #[test]
    fn strangers_cannot_keep_the_node_busy() {
        let (mut cache, asked) = (KeyCache::default(), Cell::new(0));
        for n in 0..MAX_LOOKUPS + 50 {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&n.to_be_bytes());
            cache.provider(&key, 0, |_| {
                asked.set(asked.get() + 1);
                None
            });
        }
        assert_eq!(asked.get(), MAX_LOOKUPS);
        assert!(cache.strangers.len() <= MAX_LOOKUPS as usize);
    }
}
