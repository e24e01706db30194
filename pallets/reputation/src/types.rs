//! Records.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_heartbeat::{Gaps, MAX_GAP_BYTES};
use perigee_primitives::{BlockNumber, ProviderId};
use scale_info::TypeInfo;

/// A report as it is kept until its epoch is judged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StoredReport {
    /// The height the validator knew to be final at the epoch's end.
    pub finalised: BlockNumber,
    /// Whom it holds to have been absent.
    pub absent: Gaps,
}

/// Most providers a verdict can find absent: each was listed by more than half of the validators, and a validator
/// lists one provider per byte at most.
pub type MaxAbsent = ConstU32<{ 2 * MAX_GAP_BYTES }>;

/// A verdict that is being written down.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Application {
    /// What the reports add up to, ascending.
    pub absent: BoundedVec<ProviderId, MaxAbsent>,
    /// How many of them have been looked at.
    pub done: u32,
    /// How many of those were to be judged in this epoch.
    pub judged_absent: u32,
}

/// Which runs of a provider are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RunIndex {
    /// Number of the oldest run that is still stored.
    pub first: u32,
    /// Number of the next run.
    pub next: u32,
    /// Unbilled blocks of all runs, forgotten ones included.
    pub total: BlockNumber,
    /// Those of them in which the provider was absent or suspended.
    pub absent: BlockNumber,
}
