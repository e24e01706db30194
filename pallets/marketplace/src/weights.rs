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
        Weight::from_parts(171_898_555, 13_020)
            .saturating_add(Weight::from_parts(181_964_777, 1_006).saturating_mul(n.into()))
            .saturating_add(db.reads(11))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(7))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn activate(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(132_878_000, 6_703)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(3))
    }
    pub fn advance(db: RuntimeDbWeight, d: u32, s: u32) -> Weight {
        Weight::from_parts(378_712_380, 3_616)
            .saturating_add(Weight::from_parts(457_761_507, 998).saturating_mul(d.into()))
            .saturating_add(Weight::from_parts(226_334_145, 6_654).saturating_mul(s.into()))
            .saturating_add(db.reads(26))
            .saturating_add(db.reads(2).saturating_mul(d.into()))
            .saturating_add(db.reads(14).saturating_mul(s.into()))
            .saturating_add(db.writes(26))
            .saturating_add(db.writes(2).saturating_mul(d.into()))
            .saturating_add(db.writes(1).saturating_mul(s.into()))
    }
    pub fn agenda_peek(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(6_470_000, 40).saturating_add(db.reads(1))
    }
    pub fn cancel_transfer(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(20_811_000, 220)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn check_audit(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(39_789_000, 4_593).saturating_add(db.reads(1))
    }
    pub fn check_standings(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(33_610_000, 1_065).saturating_add(db.reads(5))
    }
    pub fn close(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(31_224_634, 6_140)
            .saturating_add(Weight::from_parts(131_830_476, 1_006).saturating_mul(n.into()))
            .saturating_add(db.reads(5))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn decline(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(190_083_000, 6_654)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(10))
    }
    pub fn deploy(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(84_800_587, 6_198)
            .saturating_add(Weight::from_parts(172_246_523, 0).saturating_mul(n.into()))
            .saturating_add(db.reads(6))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(5))
            .saturating_add(db.writes(5).saturating_mul(n.into()))
    }
    pub fn deposit(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(294_428_000, 7_758)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(8))
    }
    pub fn extend(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(243_442_000, 12_886)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(6))
    }
    pub fn file_receipt(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(341_278_000, 2_838)
            .saturating_add(db.reads(12))
            .saturating_add(db.writes(10))
    }
    pub fn give_notice(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(194_118_000, 7_916)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn look(db: RuntimeDbWeight, s: u32) -> Weight {
        Weight::from_parts(241_569_444, 7_050)
            .saturating_add(Weight::from_parts(184_127_495, 5_157).saturating_mul(s.into()))
            .saturating_add(db.reads(9))
            .saturating_add(db.reads(11).saturating_mul(s.into()))
            .saturating_add(db.writes(8))
            .saturating_add(db.writes(2).saturating_mul(s.into()))
    }
    pub fn look_at_ask(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(114_591_000, 5_976).saturating_add(db.reads(5))
    }
    pub fn match_pattern(_: RuntimeDbWeight) -> Weight {
        Weight::from_parts(78_807_000, 0)
    }
    pub fn offer_transfer(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(21_462_000, 188)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn pause(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(182_041_000, 6_896)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn prune(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(118_637_000, 1_349)
            .saturating_add(db.reads(10))
            .saturating_add(db.writes(8))
    }
    pub fn read_ask(db: RuntimeDbWeight, a: u32) -> Weight {
        Weight::from_parts(13_755_008, 1_576)
            .saturating_add(Weight::from_parts(322_531, 132).saturating_mul(a.into()))
            .saturating_add(db.reads(2))
    }
    pub fn require(db: RuntimeDbWeight, p: u32, r: u32) -> Weight {
        Weight::from_parts(1_460_100_111, 6_434)
            .saturating_add(Weight::from_parts(7_733_923, 0).saturating_mul(p.into()))
            .saturating_add(Weight::from_parts(2_107_711, 0).saturating_mul(r.into()))
            .saturating_add(db.reads(23))
            .saturating_add(db.writes(46))
    }
    pub fn resize(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(275_020_000, 12_947)
            .saturating_add(db.reads(10))
            .saturating_add(db.writes(9))
    }
    pub fn resume(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(133_809_000, 7_092)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(1))
    }
    pub fn set_ready(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(193_769_000, 7_858)
            .saturating_add(db.reads(7))
            .saturating_add(db.writes(6))
    }
    pub fn settle(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(174_309_000, 7_012)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn settle_many(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(22_730_794, 6_016)
            .saturating_add(Weight::from_parts(154_585_206, 998).saturating_mul(n.into()))
            .saturating_add(db.reads(4))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(6).saturating_mul(n.into()))
    }
    pub fn show_backlog(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(5_789_000, 0)
            .saturating_add(db.reads(1))
            .saturating_add(db.writes(1))
    }
    pub fn stop_for_abuse(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(261_600_000, 8_802)
            .saturating_add(db.reads(12))
            .saturating_add(db.writes(11))
    }
    pub fn take_down(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(181_400_000, 7_012)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn take_over(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(934_320_000, 15_066)
            .saturating_add(db.reads(40))
            .saturating_add(db.writes(10))
    }
    pub fn torn_down(db: RuntimeDbWeight, n: u32) -> Weight {
        Weight::from_parts(28_503_770, 1_195)
            .saturating_add(Weight::from_parts(36_493_118, 524).saturating_mul(n.into()))
            .saturating_add(db.reads(6))
            .saturating_add(db.reads(2).saturating_mul(n.into()))
            .saturating_add(db.writes(1))
            .saturating_add(db.writes(2).saturating_mul(n.into()))
    }
    pub fn update(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(176_132_000, 7_012)
            .saturating_add(db.reads(6))
            .saturating_add(db.writes(6))
    }
    pub fn withdraw(db: RuntimeDbWeight) -> Weight {
        Weight::from_parts(284_103_000, 7_758)
            .saturating_add(db.reads(8))
            .saturating_add(db.writes(8))
    }
}
