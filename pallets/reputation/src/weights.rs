//! What this pallet costs. Estimated, not measured: reference time on common hardware plus counted database accesses.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};

/// Weights of this pallet.
pub trait WeightInfo {
    /// `report` whose list has `bytes` bytes.
    fn report(bytes: u32) -> Weight;
    /// The checks before a report of `bytes` bytes enters a block, signature included.
    fn authorize_report(bytes: u32) -> Weight;
    /// The hook at a block's start, with the snapshot of `validators` that it may take.
    fn snapshot(validators: u32) -> Weight;
    /// A look whether an epoch is due.
    fn look() -> Weight;
    /// Counting `reports` of an epoch with `validators`, removing them, and concluding the epoch.
    fn tally(validators: u32, reports: u32) -> Weight;
    /// Writing down one absent provider.
    fn apply() -> Weight;
    /// Reading the standings of a provider; for callers, beside their own cost.
    fn standings() -> Weight;
    /// Noting how a lease went; for callers, beside their own cost.
    fn note() -> Weight;
}

/// Estimated weights over the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn report(bytes: u32) -> Weight {
        estimate::report(T::DbWeight::get(), bytes)
    }
    fn authorize_report(bytes: u32) -> Weight {
        estimate::authorize_report(T::DbWeight::get(), bytes)
    }
    fn snapshot(validators: u32) -> Weight {
        estimate::snapshot(T::DbWeight::get(), validators)
    }
    fn look() -> Weight {
        estimate::look(T::DbWeight::get())
    }
    fn tally(validators: u32, reports: u32) -> Weight {
        estimate::tally(T::DbWeight::get(), validators, reports)
    }
    fn apply() -> Weight {
        estimate::apply(T::DbWeight::get())
    }
    fn standings() -> Weight {
        estimate::standings(T::DbWeight::get())
    }
    fn note() -> Weight {
        estimate::note(T::DbWeight::get())
    }
}

/// Without database costs, for tests.
impl WeightInfo for () {
    fn report(bytes: u32) -> Weight {
        estimate::report(RuntimeDbWeight::default(), bytes)
    }
    fn authorize_report(bytes: u32) -> Weight {
        estimate::authorize_report(RuntimeDbWeight::default(), bytes)
    }
    fn snapshot(validators: u32) -> Weight {
        estimate::snapshot(RuntimeDbWeight::default(), validators)
    }
    fn look() -> Weight {
        estimate::look(RuntimeDbWeight::default())
    }
    fn tally(validators: u32, reports: u32) -> Weight {
        estimate::tally(RuntimeDbWeight::default(), validators, reports)
    }
    fn apply() -> Weight {
        estimate::apply(RuntimeDbWeight::default())
    }
    fn standings() -> Weight {
        estimate::standings(RuntimeDbWeight::default())
    }
    fn note() -> Weight {
        estimate::note(RuntimeDbWeight::default())
    }
}

/// The estimates, once for every database.
mod estimate {
    use super::*;
    use perigee_heartbeat::MAX_GAP_BYTES;

    /// Picoseconds of a microsecond.
    const MICRO: u64 = 1_000_000;
    /// Reading one byte of a list: decoding it, and counting the vote it stands for.
    const BYTE: u64 = 15_000;

    pub fn report(db: RuntimeDbWeight, bytes: u32) -> Weight {
        Weight::from_parts(20 * MICRO + BYTE * u64::from(bytes), 0) + db.reads_writes(5, 2)
    }

    pub fn authorize_report(db: RuntimeDbWeight, bytes: u32) -> Weight {
        Weight::from_parts(70 * MICRO + BYTE * u64::from(bytes), 0) + db.reads(6)
    }

    pub fn snapshot(db: RuntimeDbWeight, validators: u32) -> Weight {
        Weight::from_parts(5 * MICRO + MICRO / 10 * u64::from(validators), 0) + db.reads_writes(4, 2)
    }

    pub fn look(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(5 * MICRO, 0) + db.reads(5)
    }

    pub fn tally(db: RuntimeDbWeight, validators: u32, reports: u32) -> Weight {
        let each = Weight::from_parts(5 * MICRO + BYTE * u64::from(MAX_GAP_BYTES), 0) + db.reads_writes(1, 1);
        Weight::from_parts(100 * MICRO + MICRO / 10 * u64::from(validators), 0)
            + db.reads_writes(5, 9)
            + each.saturating_mul(reports.into())
    }

    pub fn apply(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(15 * MICRO, 0) + db.reads_writes(4, 3)
    }

    pub fn standings(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(10 * MICRO, 0) + db.reads(7)
    }

    pub fn note(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(12 * MICRO, 0) + db.reads_writes(2, 2)
    }
}
