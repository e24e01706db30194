//! Weights, measured by `scripts/weights`; not edited by hand.
//!
//! Machine: AMD EPYC, 2 cores, 24 GiB, Linux 6.18.44.
//! Date: 2026-11-24. The runtime ran in WebAssembly, compiled by the profile `wasm`, on the state of genesis in
//! memory. For keys read and written the runtime's `RuntimeDbWeight` is added, see docs/weights.md.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};

/// Weights of this pallet, one for each of its benchmarks.
pub trait WeightInfo {
    /// Of the benchmark `accept_transfer`.
    fn accept_transfer(n: u32) -> Weight;
    /// Of the benchmark `activate`.
    fn activate() -> Weight;
    /// Of the benchmark `advance`.
    fn advance(d: u32, s: u32) -> Weight;
    /// Of the benchmark `agenda_peek`.
    fn agenda_peek() -> Weight;
    /// Of the benchmark `cancel_transfer`.
    fn cancel_transfer() -> Weight;
    /// Of the benchmark `check_audit`.
    fn check_audit() -> Weight;
    /// Of the benchmark `check_standings`.
    fn check_standings() -> Weight;
    /// Of the benchmark `close`.
    fn close(n: u32) -> Weight;
    /// Of the benchmark `decline`.
    fn decline() -> Weight;
    /// Of the benchmark `deploy`.
    fn deploy(n: u32) -> Weight;
    /// Of the benchmark `deposit`.
    fn deposit() -> Weight;
    /// Of the benchmark `extend`.
    fn extend() -> Weight;
    /// Of the benchmark `file_receipt`.
    fn file_receipt() -> Weight;
    /// Of the benchmark `give_notice`.
    fn give_notice() -> Weight;
    /// Of the benchmark `look`.
    fn look(s: u32) -> Weight;
    /// Of the benchmark `look_at_ask`.
    fn look_at_ask() -> Weight;
    /// Of the benchmark `match_pattern`.
    fn match_pattern() -> Weight;
    /// Of the benchmark `offer_transfer`.
    fn offer_transfer() -> Weight;
    /// Of the benchmark `pause`.
    fn pause() -> Weight;
    /// Of the benchmark `prune`.
    fn prune() -> Weight;
    /// Of the benchmark `read_ask`.
    fn read_ask(a: u32) -> Weight;
    /// Of the benchmark `require`.
    fn require(p: u32, r: u32) -> Weight;
    /// Of the benchmark `resize`.
    fn resize() -> Weight;
    /// Of the benchmark `resume`.
    fn resume() -> Weight;
    /// Of the benchmark `set_ready`.
    fn set_ready() -> Weight;
    /// Of the benchmark `settle`.
    fn settle() -> Weight;
    /// Of the benchmark `settle_many`.
    fn settle_many(n: u32) -> Weight;
    /// Of the benchmark `show_backlog`.
    fn show_backlog() -> Weight;
    /// Of the benchmark `stop_for_abuse`.
    fn stop_for_abuse() -> Weight;
    /// Of the benchmark `take_down`.
    fn take_down() -> Weight;
    /// Of the benchmark `take_over`.
    fn take_over() -> Weight;
    /// Of the benchmark `torn_down`.
    fn torn_down(n: u32) -> Weight;
    /// Of the benchmark `update`.
    fn update() -> Weight;
    /// Of the benchmark `withdraw`.
    fn withdraw() -> Weight;
}

/// Over the runtime's database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn accept_transfer(n: u32) -> Weight {
        measured::accept_transfer(T::DbWeight::get(), n)
    }
    fn activate() -> Weight {
        measured::activate(T::DbWeight::get())
    }
    fn advance(d: u32, s: u32) -> Weight {
        measured::advance(T::DbWeight::get(), d, s)
    }
    fn agenda_peek() -> Weight {
        measured::agenda_peek(T::DbWeight::get())
    }
    fn cancel_transfer() -> Weight {
        measured::cancel_transfer(T::DbWeight::get())
    }
    fn check_audit() -> Weight {
        measured::check_audit(T::DbWeight::get())
    }
    fn check_standings() -> Weight {
        measured::check_standings(T::DbWeight::get())
    }
    fn close(n: u32) -> Weight {
        measured::close(T::DbWeight::get(), n)
    }
    fn decline() -> Weight {
        measured::decline(T::DbWeight::get())
    }
    fn deploy(n: u32) -> Weight {
        measured::deploy(T::DbWeight::get(), n)
    }
    fn deposit() -> Weight {
        measured::deposit(T::DbWeight::get())
    }
    fn extend() -> Weight {
        measured::extend(T::DbWeight::get())
    }
    fn file_receipt() -> Weight {
        measured::file_receipt(T::DbWeight::get())
    }
    fn give_notice() -> Weight {
        measured::give_notice(T::DbWeight::get())
    }
    fn look(s: u32) -> Weight {
        measured::look(T::DbWeight::get(), s)
    }
    fn look_at_ask() -> Weight {
        measured::look_at_ask(T::DbWeight::get())
    }
    fn match_pattern() -> Weight {
        measured::match_pattern(T::DbWeight::get())
    }
    fn offer_transfer() -> Weight {
        measured::offer_transfer(T::DbWeight::get())
    }
    fn pause() -> Weight {
        measured::pause(T::DbWeight::get())
    }
    fn prune() -> Weight {
        measured::prune(T::DbWeight::get())
    }
    fn read_ask(a: u32) -> Weight {
        measured::read_ask(T::DbWeight::get(), a)
    }
    fn require(p: u32, r: u32) -> Weight {
        measured::require(T::DbWeight::get(), p, r)
    }
    fn resize() -> Weight {
        measured::resize(T::DbWeight::get())
    }
    fn resume() -> Weight {
        measured::resume(T::DbWeight::get())
    }
    fn set_ready() -> Weight {
        measured::set_ready(T::DbWeight::get())
    }
    fn settle() -> Weight {
        measured::settle(T::DbWeight::get())
    }
    fn settle_many(n: u32) -> Weight {
        measured::settle_many(T::DbWeight::get(), n)
    }
    fn show_backlog() -> Weight {
        measured::show_backlog(T::DbWeight::get())
    }
    fn stop_for_abuse() -> Weight {
        measured::stop_for_abuse(T::DbWeight::get())
    }
    fn take_down() -> Weight {
        measured::take_down(T::DbWeight::get())
    }
    fn take_over() -> Weight {
        measured::take_over(T::DbWeight::get())
    }
    fn torn_down(n: u32) -> Weight {
        measured::torn_down(T::DbWeight::get(), n)
    }
    fn update() -> Weight {
        measured::update(T::DbWeight::get())
    }
    fn withdraw() -> Weight {
        measured::withdraw(T::DbWeight::get())
    }
}

/// Without the database, for tests.
impl WeightInfo for () {
    fn accept_transfer(n: u32) -> Weight {
        measured::accept_transfer(RuntimeDbWeight::default(), n)
    }
    fn activate() -> Weight {
        measured::activate(RuntimeDbWeight::default())
    }
    fn advance(d: u32, s: u32) -> Weight {
        measured::advance(RuntimeDbWeight::default(), d, s)
    }
    fn agenda_peek() -> Weight {
        measured::agenda_peek(RuntimeDbWeight::default())
    }
    fn cancel_transfer() -> Weight {
        measured::cancel_transfer(RuntimeDbWeight::default())
    }
    fn check_audit() -> Weight {
        measured::check_audit(RuntimeDbWeight::default())
    }
    fn check_standings() -> Weight {
        measured::check_standings(RuntimeDbWeight::default())
    }
    fn close(n: u32) -> Weight {
        measured::close(RuntimeDbWeight::default(), n)
    }
    fn decline() -> Weight {
        measured::decline(RuntimeDbWeight::default())
    }
    fn deploy(n: u32) -> Weight {
        measured::deploy(RuntimeDbWeight::default(), n)
    }
    fn deposit() -> Weight {
        measured::deposit(RuntimeDbWeight::default())
    }
    fn extend() -> Weight {
        measured::extend(RuntimeDbWeight::default())
    }
    fn file_receipt() -> Weight {
        measured::file_receipt(RuntimeDbWeight::default())
    }
    fn give_notice() -> Weight {
        measured::give_notice(RuntimeDbWeight::default())
    }
    fn look(s: u32) -> Weight {
        measured::look(RuntimeDbWeight::default(), s)
    }
    fn look_at_ask() -> Weight {
        measured::look_at_ask(RuntimeDbWeight::default())
    }
    fn match_pattern() -> Weight {
        measured::match_pattern(RuntimeDbWeight::default())
    }
    fn offer_transfer() -> Weight {
        measured::offer_transfer(RuntimeDbWeight::default())
    }
    fn pause() -> Weight {
        measured::pause(RuntimeDbWeight::default())
    }
    fn prune() -> Weight {
        measured::prune(RuntimeDbWeight::default())
    }
    fn read_ask(a: u32) -> Weight {
        measured::read_ask(RuntimeDbWeight::default(), a)
    }
    fn require(p: u32, r: u32) -> Weight {
        measured::require(RuntimeDbWeight::default(), p, r)
    }
    fn resize() -> Weight {
        measured::resize(RuntimeDbWeight::default())
    }
    fn resume() -> Weight {
        measured::resume(RuntimeDbWeight::default())
    }
    fn set_ready() -> Weight {
        measured::set_ready(RuntimeDbWeight::default())
    }
    fn settle() -> Weight {
        measured::settle(RuntimeDbWeight::default())
    }
    fn settle_many(n: u32) -> Weight {
        measured::settle_many(RuntimeDbWeight::default(), n)
    }
    fn show_backlog() -> Weight {
        measured::show_backlog(RuntimeDbWeight::default())
    }
    fn stop_for_abuse() -> Weight {
        measured::stop_for_abuse(RuntimeDbWeight::default())
    }
    fn take_down() -> Weight {
        measured::take_down(RuntimeDbWeight::default())
    }
    fn take_over() -> Weight {
        measured::take_over(RuntimeDbWeight::default())
    }
    fn torn_down(n: u32) -> Weight {
        measured::torn_down(RuntimeDbWeight::default(), n)
    }
    fn update() -> Weight {
        measured::update(RuntimeDbWeight::default())
    }
    fn withdraw() -> Weight {
        measured::withdraw(RuntimeDbWeight::default())
    }
}

/// What was measured, once for every database.
mod measured {
    use super::*;

    pub fn accept_transfer(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(119_267_635, 13_048)
            .saturating_add(Weight::from_parts(107_842_365, 983).saturating_mul(n.into()))
            .saturating_add(db.reads(11))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(7))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn activate(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(82_112_000, 6_725)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(3))
    }
    pub fn advance(db: RuntimeDbWeight, d: u32, s: u32) -> Weight {
        Weight::from_parts(168_683_333, 3_564)
            .saturating_add(Weight::from_parts(325_037_888, 998).saturating_mul(d.into()))
            .saturating_add(Weight::from_parts(171_189_470, 6_653).saturating_mul(s.into()))
            .saturating_add(db.reads(26))
            .saturating_add(db.reads(2).saturating_mul(d.into()))
            .saturating_add(db.reads(14).saturating_mul(s.into()))
            .saturating_add(db.writes(26))
            .saturating_add(db.writes(2).saturating_mul(d.into()))
            .saturating_add(db.writes(1).saturating_mul(s.into()))
    }
    pub fn agenda_peek(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(3_486_000, 0).saturating_add(db.reads(1))
    }
    pub fn cancel_transfer(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(10_746_000, 211)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn check_audit(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(28_983_000, 4_585).saturating_add(db.reads(1))
    }
    pub fn check_standings(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(22_083_000, 1_057).saturating_add(db.reads(5))
    }
    pub fn close(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(22_918_079, 6_469)
            .saturating_add(Weight::from_parts(82_759_698, 1_010).saturating_mul(n.into()))
            .saturating_add(db.reads(5))
            .saturating_add(db.reads(3).saturating_mul(n.into()))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn decline(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(124_165_000, 6_651)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(10))
    }
    pub fn deploy(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(58_066_238, 6_173)
            .saturating_add(Weight::from_parts(118_756_428, 0).saturating_mul(n.into()))
            .saturating_add(db.reads(6))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(5))
            .saturating_add(db.writes(5).saturating_mul(n.into()))
    }
    pub fn deposit(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(180_870_000, 7_788)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(8))
    }
    pub fn extend(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(145_347_000, 12_899)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(6))
    }
    pub fn file_receipt(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(235_922_000, 2_835)
            .saturating_add(db.reads(12))
            .saturating_add(db.writes(10))
    }
    pub fn give_notice(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(118_888_000, 7_938)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn look(db: RuntimeDbWeight, s: u32) -> Weight {
        Weight::from_parts(142_068_666, 7_034)
            .saturating_add(Weight::from_parts(134_245_700, 5_153).saturating_mul(s.into()))
            .saturating_add(db.reads(9))
            .saturating_add(db.reads(11).saturating_mul(s.into()))
            .saturating_add(db.writes(8))
            .saturating_add(db.writes(2).saturating_mul(s.into()))
    }
    pub fn look_at_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(79_969_000, 5_959).saturating_add(db.reads(5))
    }
    pub fn match_pattern(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(63_535_000, 0)
    }
    pub fn offer_transfer(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(10_506_000, 179)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn pause(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(111_957_000, 6_926)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn prune(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(75_142_000, 1_339)
            .saturating_add(db.reads(10))
            .saturating_add(db.writes(8))
    }
    pub fn read_ask(db: RuntimeDbWeight, a: u32) -> Weight {
        Weight::from_parts(9_012_333, 1_559)
            .saturating_add(Weight::from_parts(211_538, 132).saturating_mul(a.into()))
            .saturating_add(db.reads(2))
    }
    pub fn require(db: RuntimeDbWeight, p: u32, r: u32) -> Weight {
        Weight::from_parts(1_000_836_222, 6_409)
            .saturating_add(Weight::from_parts(6_119_930, 0).saturating_mul(p.into()))
            .saturating_add(Weight::from_parts(1_850_048, 0).saturating_mul(r.into()))
            .saturating_add(db.reads(23))
            .saturating_add(db.writes(46))
    }
    pub fn resize(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(163_835_000, 12_935)
            .saturating_add(db.reads(10))
            .saturating_add(db.writes(9))
    }
    pub fn resume(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(79_339_000, 7_122)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(1))
    }
    pub fn set_ready(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(113_890_000, 7_822)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn settle(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(102_203_000, 7_042)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn settle_many(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(15_141_428, 6_070)
            .saturating_add(Weight::from_parts(89_636_015, 975).saturating_mul(n.into()))
            .saturating_add(db.reads(4))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn show_backlog(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(3_726_000, 0)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn stop_for_abuse(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(168_020_000, 8_799)
            .saturating_add(db.reads(12))
            .saturating_add(db.writes(11))
    }
    pub fn take_down(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(114_561_000, 7_356)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn take_over(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(602_049_000, 13_385)
            .saturating_add(db.reads(40))
            .saturating_add(db.writes(10))
    }
    pub fn torn_down(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(13_058_326, 1_202)
            .saturating_add(Weight::from_parts(21_635_674, 555).saturating_mul(n.into()))
            .saturating_add(db.reads(6))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(1))
            .saturating_add(db.writes(2).saturating_mul(n.into()))
    }
    pub fn update(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(104_747_000, 7_042)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn withdraw(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(172_587_000, 7_788)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(8))
    }
}
