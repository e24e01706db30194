//! What happens next in a world: mostly what may succeed, now and then what may not.

mod closing;
mod crowd;
mod leases;
mod money;
mod orders;
mod providers;

use crate::{
    chain::*,
    model::{lease::Stage, Caller, Model},
    world::{Agenda, Step},
};
use pallet_escrow::Share;
use pallet_marketplace::Claim;
use perigee_heartbeat::{Gaps, Report};
use perigee_primitives::{
    receipt_message, registration_message, AskId, AskTerms, Balance, DeclineReason, DeploymentId, FeeRate, GroupOrder,
    LeaseId, ProviderId, Tenants, TermLimits,
};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};

/// Who rents. The last one is also a stash, and may come to rent from itself.
const TENANTS: [Who; 4] = [1, 2, 3, 10];
/// Who pays for others: more than an owner can let pay at once.
const FRIENDS: [Who; 9] = [4, 5, 6, 12, 13, 14, 15, 16, 17];
/// Who audits.
const AUDITORS: [Who; 3] = [4, 5, 6];
/// Who may give everything away. They get it back.
const SPENDERS: [Who; 4] = [3, 12, 13, 14];
const STASHES: [Who; 4] = [10, 20, 30, 40];
/// They own nothing at first: small payouts to them fail.
pub const OPERATORS: [Who; 8] = [11, 21, 31, 41, 51, 61, 71, 81];
/// Who gets shares of the income beside the treasury.
const RECIPIENTS: [Who; 3] = [7, 8, TREASURY];
/// Where operators send what they earned.
pub const SINK: Who = 99;

/// Everybody who owns something from the start.
pub fn rich() -> Vec<Who> {
    let mut rich = [TENANTS.as_slice(), &FRIENDS, &STASHES].concat();
    rich.sort_unstable();
    rich.dedup();
    rich
}

/// Everybody.
pub fn everybody() -> Vec<Who> {
    [rich().as_slice(), &OPERATORS, &RECIPIENTS, &[SINK, POT]].concat()
}

/// Draws steps.
pub struct Steps(StdRng);

type Market = pallet_marketplace::Call<Test>;
type Provide = pallet_providers::Call<Test>;
type Pay = pallet_escrow::Call<Test>;

impl Steps {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// The first steps of each world: three providers with stake, bonds, capacity and asks.
    pub fn opening(&mut self) -> Vec<Step> {
        let mut steps = vec![];
        for number in 0..3 {
            let (stash, operator) = (STASHES[number], OPERATORS[number]);
            steps.push(self.register(stash, operator, number as u8, 6_000));
            steps.push(call(stash, Provide::fund_bonds { amount: 30_000 }));
            steps.push(call(
                operator,
                Provide::set_capacity {
                    resources: resources(10),
                },
            ));
            for _ in 0..2 {
                let terms = AskTerms {
                    valid_until: None,
                    ..self.terms(0)
                };
                steps.push(call(operator, Provide::publish_ask { terms }));
            }
        }
        steps
    }

    /// What happens next.
    pub fn next(&mut self, model: &Model) -> Step {
        match self.0.gen_range(0..100) {
            0..=17 => self.blocks(),
            18..=29 => self.deploy(model),
            30..=68 => self.lease_step(model),
            69..=79 => self.crowd_step(model),
            80..=93 => self.provider_step(model),
            94..=98 => self.money_step(model),
            _ => self.odd_step(model),
        }
    }

    fn blocks(&mut self) -> Step {
        let count = match self.0.gen_range(0..100) {
            0..=59 => self.0.gen_range(1..5),
            60..=92 => self.0.gen_range(5..16),
            93..=98 => self.0.gen_range(16..60),
            _ => self.0.gen_range(60..250),
        };
        let agenda = match self.0.gen_range(0..6) {
            0 => Agenda::Idle,
            1 => Agenda::Short(self.0.gen_range(1..4)),
            _ => Agenda::Full,
        };
        Step::Blocks { count, agenda }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        *all.choose(&mut self.0).expect("there are some")
    }

    fn often(&mut self) -> bool {
        self.0.gen_ratio(15, 16)
    }

    /// `who`, or now and then anybody.
    fn caller(&mut self, who: Who) -> Who {
        if self.often() {
            who
        } else {
            self.one_of(&everybody())
        }
    }

    /// Mostly within `ordinary`, sometimes nothing or absurdly much.
    fn amount(&mut self, ordinary: Balance) -> Balance {
        match self.0.gen_range(0..40) {
            0 => 0,
            1 => Balance::MAX,
            2 => EVERYTHING,
            3..=6 => self.0.gen_range(1..40),
            _ => self.0.gen_range(1..=ordinary.max(1)),
        }
    }

    /// By root, or now and then by somebody else.
    fn root(&mut self, runtime_call: impl Into<RuntimeCall>, stranger: Who) -> Step {
        let caller = if self.often() {
            Caller::Root
        } else {
            Caller::Account(stranger)
        };
        Step::Call {
            caller,
            call: Box::new(runtime_call.into()),
        }
    }
}

fn call(who: Who, call: impl Into<RuntimeCall>) -> Step {
    Step::Call {
        caller: Caller::Account(who),
        call: Box::new(call.into()),
    }
}

/// Signatures are checked before a report is dispatched; that is tested where it is done.
pub fn signature() -> pallet_reputation::AuthoritySignature {
    sp_core::sr25519::Signature::from_raw([0; 64]).into()
}
