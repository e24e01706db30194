//! What one node saw in one epoch.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use perigee_primitives::{AttestationEpoch, BlockNumber, ProviderId, PRESENT_SLOTS, SLOTS};

/// Where a record lies in the node's persistent off-chain storage.
///
/// The node writes below `sp_offchain::STORAGE_PREFIX`, the off-chain worker reads with
/// `StorageValueRef::persistent`, which adds that prefix by itself.
pub fn record_key(epoch: AttestationEpoch) -> Vec<u8> {
    [&b"perigee/attestation/"[..], &epoch.to_be_bytes()].concat()
}

/// What a node saw in an epoch. Bit `s` of a bit field stands for slot `s`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct EpochRecord {
    /// The slots it was listening for.
    pub observed: u16,
    /// The height it knew to be final at the end.
    pub finalised: BlockNumber,
    /// Per provider the slots with a valid heartbeat, ascending by provider.
    pub seen: Vec<(ProviderId, u16)>,
}

impl EpochRecord {
    /// Was the node listening in all slots? Otherwise it cannot say that somebody was absent.
    pub fn is_complete(&self) -> bool {
        self.observed.count_ones() >= SLOTS
    }

    /// Was `provider` seen in enough slots to count as present?
    pub fn is_present(&self, provider: ProviderId) -> bool {
        self.seen
            .binary_search_by_key(&provider, |(id, _)| *id)
            .is_ok_and(|at| self.seen[at].1.count_ones() >= PRESENT_SLOTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn eight_slots_are_enough_and_seven_are_not() {
        let record = EpochRecord {
            seen: vec![(2, 0b11_0111_1110), (5, 0b00_0111_1111)],
            ..Default::default()
        };
        assert!(record.is_present(2));
        assert!(!record.is_present(5));
        assert!(!record.is_present(3));
    }

    #[test]
    fn a_missed_slot_makes_the_record_incomplete() {
        let with = |observed| EpochRecord {
            observed,
            ..Default::default()
        };
        assert!(with(0b11_1111_1111).is_complete());
        assert!(!with(0b11_1110_1111).is_complete());
    }

    #[test]
    fn records_of_different_epochs_do_not_collide() {
        assert_ne!(record_key(1), record_key(256));
    }
}
