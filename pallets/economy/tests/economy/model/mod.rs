//! A plain model of the whole market: integers and lists, billed block by block. It knows for each lease who is owed
//! what, and so for each account what it is worth.
//!
//! # What it knows by itself
//!
//! - Worth: what an account owns and is owed, less what others earned of it. Deposits, stakes and bonds move none.
//! - Each lease's deposits in the order of their use, bill, fee, credits and bond, up to the judged blocks.
//! - Stakes, what unbonds, bond pools, asks, the fee's rate and the shares of the income.
//! - Places, attributes, what auditors signed, availability and tiers: so, at which of its asks an order is placed, and
//!   which condition the others do not meet.
//!
//! # What it need not know
//!
//! Freezes. Holds and what moves them take no notice of any; only what an account sends by itself waits for a thaw.
//!
//! # What it is told
//!
//! When the agenda comes to a lease is nobody's business but its own; capacity, and what is left of a bond pool, depend
//! on it, and so do the service score and whose money waits in an account to be claimed. So the model looks up what the
//! chain has recorded of these, and the world checks the records of capacity and bonds by themselves.

mod changes;
mod escrow;
pub mod lease;
mod market;
mod placing;
mod providers;
mod queue;
mod requirements;

pub use escrow::{depositors, pot as escrow_pot, MOST_APPROVED, MOST_DEPOSITORS};
pub use queue::LONGEST as LONGEST_QUEUE;

use crate::{chain::*, plan::Plan};
use frame_support::traits::fungible::Inspect;
use lease::{Lease, Move, Stage};
use pallet_providers::TierRule;
use perigee_billing_model::Presence;
use perigee_primitives::{
    AskId, AskTerms, AttestationEpoch, Attributes, Balance, BlockNumber, DeploymentId, LeaseId, ProviderId,
};
use std::collections::BTreeMap;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Root,
    Account(Who),
    /// Nobody: a report that was authorised.
    Report,
}

impl From<Caller> for RuntimeOrigin {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Root => Self::root(),
            Caller::Account(who) => Self::signed(who),
            Caller::Report => frame_system::RawOrigin::Authorized.into(),
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// Taken, and leases are opened at these asks.
    Placed(Vec<AskId>),
    Refused,
    /// It depends on what the agenda has come to.
    Open,
}

impl Verdict {
    fn taken_if(holds: bool) -> Self {
        if holds {
            Self::Taken
        } else {
            Self::Refused
        }
    }
}

#[derive(Clone, Debug)]
pub struct Provider {
    pub stash: Who,
    pub operator: Who,
    pub stake: Balance,
    /// What was put into the bond pool, less what was taken out and what bonds paid.
    pub pool: Balance,
    pub registered_at: BlockNumber,
    pub key: u8,
    /// The key before, and the first block at which it was no more.
    pub previous: Option<(u8, BlockNumber)>,
}

#[derive(Clone, Debug)]
pub struct Ask {
    pub provider: ProviderId,
    pub terms: AskTerms<Who>,
}

#[derive(Clone, Debug)]
pub struct Deployment {
    pub owner: Who,
    pub leases: Vec<LeaseId>,
    pub offered_to: Option<Who>,
}

/// What an auditor signed.
#[derive(Clone, Debug)]
pub struct Audit {
    pub attributes: Attributes,
    pub expires_at: BlockNumber,
}

/// An amount of stake that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub provider: ProviderId,
    pub stash: Who,
    pub amount: Balance,
    pub release_at: BlockNumber,
}

pub struct Model {
    pub plan: Plan,
    pub now: BlockNumber,
    pub judged: BlockNumber,
    /// What each account gained or lost.
    pub worth: BTreeMap<Who, i128>,
    pub burned: Balance,
    pub providers: BTreeMap<ProviderId, Provider>,
    pub chunks: Vec<Chunk>,
    pub asks: BTreeMap<AskId, Ask>,
    /// What each auditor signed of each provider.
    pub audits: BTreeMap<(ProviderId, Who), Audit>,
    pub leases: BTreeMap<LeaseId, Lease>,
    pub deployments: BTreeMap<DeploymentId, Deployment>,
    pub fee: u32,
    pub shares: Vec<(Who, u32)>,
    pub next_provider: ProviderId,
    pub next_ask: AskId,
    pub next_lease: LeaseId,
    pub next_deployment: DeploymentId,
    /// Who is absent in each epoch that has begun, should it count for them. None for a void one.
    verdicts: Vec<Option<Vec<ProviderId>>>,
}

impl Model {
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            now: 0,
            judged: 0,
            worth: BTreeMap::new(),
            burned: 0,
            providers: BTreeMap::new(),
            chunks: vec![],
            asks: BTreeMap::new(),
            audits: BTreeMap::new(),
            leases: BTreeMap::new(),
            deployments: BTreeMap::new(),
            fee: 40_000,
            shares: vec![(TREASURY, 1_000_000)],
            next_provider: 0,
            next_ask: 0,
            next_lease: 0,
            next_deployment: 0,
            verdicts: vec![],
        }
    }

    /// The current block is over, and the next one begins.
    pub fn pass(&mut self) {
        let epoch = TIMES.epoch_of(self.now);
        if self.verdicts.len() == epoch as usize {
            let absent = |provider: &ProviderId| self.plan.is_absent(epoch, *provider);
            let counts = !self.plan.is_void(epoch);
            self.verdicts
                .push(counts.then(|| (0..self.next_provider).filter(absent).collect()));
        }
        let absentees = self.verdicts[epoch as usize].as_deref().unwrap_or_default();
        for lease in self.leases.values_mut() {
            if let Stage::Active(life) = &mut lease.stage {
                let judged = self.providers.get(&lease.provider);
                let judged = judged.is_some_and(|provider| TIMES.first_judged(provider.registered_at) <= epoch);
                let absent = judged && absentees.contains(&lease.provider);
                life.bill
                    .pass(if absent { Presence::Absent } else { Presence::Present });
            }
        }
        self.now += 1;
        while self.plan.judged_at(TIMES.epoch_of(self.judged)) <= self.now {
            self.judged += TIMES.epoch;
        }
    }

    /// What becomes of a call in the current block.
    pub fn judge(&self, caller: Caller, call: &RuntimeCall) -> Verdict {
        // Those who own little may be short of a deposit.
        let poor = |who| Balances::total_balance(&who) < RICH / 2;
        match self.judge_if_rich(caller, call) {
            Verdict::Taken | Verdict::Placed(_) if self.payer(caller, call).is_some_and(poor) => Verdict::Open,
            verdict => verdict,
        }
    }

    /// Of whom something is held by a call.
    fn payer(&self, caller: Caller, call: &RuntimeCall) -> Option<Who> {
        use pallet_marketplace::Call::{accept_transfer, decline, deploy, deposit, file_receipt};
        let RuntimeCall::Marketplace(call) = call else {
            return None;
        };
        match (call, caller) {
            (deploy { .. } | deposit { .. } | accept_transfer { .. }, Caller::Account(who)) => Some(who),
            (decline { lease, .. } | file_receipt { lease, .. }, _) => self.leases.get(lease).map(|lease| lease.owner),
            _ => None,
        }
    }

    fn judge_if_rich(&self, caller: Caller, call: &RuntimeCall) -> Verdict {
        match (call, caller) {
            (RuntimeCall::Providers(call), _) => self.judge_providers(caller, call),
            (RuntimeCall::Escrow(call), _) => self.judge_escrow(caller, call),
            (RuntimeCall::Marketplace(call), _) => self.judge_market(caller, call),
            // What is planned is sent as planned; whatever else anybody sends is not taken.
            (RuntimeCall::Reputation(pallet_reputation::Call::report { report, .. }), Caller::Report) => {
                let planned = self.plan.reports(report.epoch);
                let is_now = |sent: &crate::plan::Planned| {
                    sent.validator == report.validator && sent.at == self.now && sent.finalised == report.finalised
                };
                Verdict::taken_if(planned.iter().any(is_now))
            }
            (RuntimeCall::Reputation(_), _) => Verdict::Refused,
            (RuntimeCall::Balances(_), _) => Verdict::Open,
            (RuntimeCall::System(_), _) => Verdict::Refused,
        }
    }

    /// What a call does that was taken.
    pub fn apply(&mut self, caller: Caller, call: &RuntimeCall) {
        match call {
            RuntimeCall::Providers(call) => self.apply_providers(caller, call),
            RuntimeCall::Escrow(call) => self.apply_escrow(caller, call),
            RuntimeCall::Marketplace(call) => self.apply_market(caller, call),
            _ => {}
        }
    }

    /// Bills every lease up to the judged blocks.
    pub fn advance_all(&mut self) {
        let ids: Vec<_> = self.leases.keys().copied().collect();
        ids.into_iter().for_each(|id| self.advance(id));
    }

    /// Bills a lease up to the judged blocks.
    fn advance(&mut self, id: LeaseId) {
        let Some(lease) = self.leases.get_mut(&id) else { return };
        let Some(provider) = self.providers.get_mut(&lease.provider) else {
            return;
        };
        let before = lease.life().map_or(0, |life| life.credited);
        let moves = lease.advance(self.judged, provider.stash);
        provider.pool -= lease.life().map_or(0, |life| life.credited) - before;
        moves.into_iter().for_each(|step| self.shift(step));
    }

    /// The lease as it is when it is billed up to the judged blocks.
    fn advanced(&self, id: LeaseId) -> Option<Lease> {
        let mut lease = self.leases.get(&id)?.clone();
        let stash = self.providers.get(&lease.provider).map_or(0, |provider| provider.stash);
        lease.advance(self.judged, stash);
        Some(lease)
    }

    /// Moves money.
    pub fn shift(&mut self, Move { from, to, amount }: Move) {
        *self.worth.entry(from).or_default() -= amount as i128;
        *self.worth.entry(to).or_default() += amount as i128;
    }

    /// Accounts paid each other, which is none of the market's business.
    pub fn transferred(&mut self, before: &BTreeMap<Who, Balance>, after: &BTreeMap<Who, Balance>) {
        for (who, owned) in after {
            *self.worth.entry(*who).or_default() += *owned as i128 - before[who] as i128;
        }
    }

    /// The provider that an operator acts for.
    pub fn of_operator(&self, who: Who) -> Option<ProviderId> {
        self.providers
            .iter()
            .find(|(_, provider)| provider.operator == who)
            .map(|(id, _)| *id)
    }

    /// The provider that a stash owns.
    pub fn of_stash(&self, who: Who) -> Option<ProviderId> {
        self.providers
            .iter()
            .find(|(_, provider)| provider.stash == who)
            .map(|(id, _)| *id)
    }

    /// The ask, if it stands.
    pub fn standing_ask(&self, ask: AskId) -> Option<&Ask> {
        let ask = self.asks.get(&ask)?;
        let stands = ask.terms.valid_until.is_none_or(|block| self.now < block);
        (stands && self.providers.contains_key(&ask.provider)).then_some(ask)
    }
}

/// What the rich can pay.
pub fn is_affordable(amount: Balance) -> bool {
    amount < RICH / 2
}

/// A whole, in parts of a million.
pub const WHOLE: Balance = 1_000_000;
