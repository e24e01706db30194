//! Attestation epochs: the periods over which absence is judged.

use crate::BlockNumber;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Number of an attestation epoch. Epoch `e` covers blocks `[e × length, (e + 1) × length)`.
pub type AttestationEpoch = u32;

/// Slots of an attestation epoch.
pub const SLOTS: u32 = 10;
/// Slots with a valid heartbeat from which on a provider counts as present.
pub const PRESENT_SLOTS: u32 = 8;

/// How long things take in attestation, in blocks.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct AttestationTimes {
    /// Length of an epoch, E: a multiple of [`SLOTS`].
    pub epoch: BlockNumber,
    /// From an epoch's end to the last block that takes reports.
    pub deadline: BlockNumber,
    /// Blocks between the deadline and the next moment money depends on, so that a late verdict finds every tail funded.
    pub margin: BlockNumber,
}

impl AttestationTimes {
    /// W = E + deadline + margin: how long before its end a lease's end by funds is known.
    pub fn window(&self) -> BlockNumber {
        self.epoch.saturating_add(self.deadline).saturating_add(self.margin)
    }

    /// W + E: what a deposit covers at every boundary.
    pub fn reserve(&self) -> BlockNumber {
        self.window().saturating_add(self.epoch)
    }

    /// The epoch that holds `block`.
    pub fn epoch_of(&self, block: BlockNumber) -> AttestationEpoch {
        block.checked_div(self.epoch).unwrap_or(0)
    }

    /// First block of `epoch`.
    pub fn start_of(&self, epoch: AttestationEpoch) -> BlockNumber {
        epoch.saturating_mul(self.epoch)
    }

    /// First block after `epoch`.
    pub fn end_of(&self, epoch: AttestationEpoch) -> BlockNumber {
        self.start_of(epoch.saturating_add(1))
    }

    /// Slot of `block` within its epoch, `0 .. SLOTS`.
    pub fn slot_of(&self, block: BlockNumber) -> u32 {
        let length = (self.epoch / SLOTS).max(1);
        (block.checked_rem(self.epoch).unwrap_or(0) / length).min(SLOTS - 1)
    }

    /// The first epoch a provider registered at `block` is judged in: the first full one.
    pub fn first_judged(&self, block: BlockNumber) -> AttestationEpoch {
        self.epoch_of(block).saturating_add(1)
    }
}

/// Why blocks of a provider are not billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum UnbilledKind {
    /// Attested absent.
    #[codec(index = 0)]
    Absent,
    /// Announced maintenance.
    #[codec(index = 1)]
    Maintenance,
    /// Suspended after too many absent epochs.
    #[codec(index = 2)]
    Suspended,
}

impl UnbilledKind {
    /// Is it a failure of the provider's?
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::Absent | Self::Suspended)
    }
}

/// A run of consecutive blocks, half-open, that are not billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct UnbilledRun {
    /// First block.
    pub start: BlockNumber,
    /// First block after it.
    pub end: BlockNumber,
    /// Unbilled blocks of this provider before `start`.
    pub before: BlockNumber,
    /// Those of them in which it was absent or suspended.
    pub absent_before: BlockNumber,
    /// Why.
    pub kind: UnbilledKind,
}

impl UnbilledRun {
    /// Unbilled blocks of its provider before `block`, which lies behind the run's start and not behind the next one's.
    pub fn unbilled_before(&self, block: BlockNumber) -> BlockNumber {
        self.before.saturating_add(self.length_before(block))
    }

    /// Those of them in which the provider was absent or suspended.
    pub fn absences_before(&self, block: BlockNumber) -> BlockNumber {
        let length = if self.kind.is_absence() {
            self.length_before(block)
        } else {
            0
        };
        self.absent_before.saturating_add(length)
    }

    fn length_before(&self, block: BlockNumber) -> BlockNumber {
        self.end.min(block).saturating_sub(self.start)
    }
}

/// What attestation found for one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Verdict {
    /// A quorum reported; so many providers were absent.
    #[codec(index = 0)]
    Decided {
        /// How many.
        absent: u32,
    },
    /// No quorum by the deadline: everybody is billed, nobody judged.
    #[codec(index = 1)]
    Void,
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: AttestationTimes = AttestationTimes {
        epoch: 20,
        deadline: 5,
        margin: 2,
    };

    #[test]
    fn slots_divide_the_epoch_evenly() {
        assert_eq!(T.slot_of(40), 0);
        assert_eq!(T.slot_of(41), 0);
        assert_eq!(T.slot_of(42), 1);
        assert_eq!(T.slot_of(59), 9);
        assert_eq!(T.window(), 27);
    }

    #[test]
    fn judging_starts_with_the_first_full_epoch() {
        assert_eq!(T.first_judged(40), 3);
        assert_eq!(T.first_judged(59), 3);
    }
}
