//! What a run reached.

use crate::chain::*;
use frame_support::{dispatch::DispatchResultWithPostInfo, traits::GetCallMetadata};
use pallet_escrow::{Error, Event as Escrow};
use pallet_marketplace::Event as Market;
use pallet_providers::Event as Provide;
use pallet_reputation::Event as Attest;
use perigee_primitives::{CloseReason, Refusal, Unmet, Verdict};
use sp_runtime::DispatchError;
use std::{collections::BTreeMap, fmt};

/// Pallets whose calls are all to be reached.
const PALLETS: [&str; 4] = ["Providers", "Escrow", "Reputation", "Marketplace"];

/// What is to be reached beside calls.
const OUTCOMES: [&str; 39] = [
    "end: abandoned",
    "end: activation missed",
    "end: declined",
    "end: funds",
    "end: no-show",
    "end: notice",
    "end: stopped for abuse",
    "end: taken down",
    "end: tenant",
    "end: term",
    "epoch decided",
    "epoch void",
    "provider absent",
    "lease taken over",
    "lease final",
    "record of a lease removed",
    "SLA credited",
    "bond forfeited",
    "notice paid",
    "funds low",
    "ask expired",
    "payout failed",
    "account frozen",
    "account reaped",
    "eight depositors",
    "full queue of deposits",
    "deposits joined in a full queue",
    "refused: a ninth depositor's approval",
    "refused: a ninth depositor",
    "leases apart",
    "unmet: attribute",
    "unmet: audit",
    "unmet: availability",
    "unmet: country",
    "unmet: isolation",
    "unmet: region",
    "unmet: service",
    "unmet: spread",
    "unmet: tier",
];

/// How often each call was taken and refused, and what came of it.
#[derive(Default)]
pub struct Tally {
    calls: BTreeMap<(&'static str, &'static str), (u64, u64)>,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub fn called(&mut self, pallet: &'static str, call: &'static str, done: DispatchResultWithPostInfo) {
        let (taken, refused) = self.calls.entry((pallet, call)).or_default();
        match done.map_err(|refused| refused.error) {
            Ok(_) => *taken += 1,
            Err(error) => {
                *refused += 1;
                self.refused(error);
            }
        }
    }

    fn refused(&mut self, error: DispatchError) {
        if error == Error::<Test>::TooManyApprovals.into() {
            self.reached("refused: a ninth depositor's approval");
        } else if error == Error::<Test>::TooManyDepositors.into() {
            self.reached("refused: a ninth depositor");
        }
    }

    pub fn reached(&mut self, outcome: &'static str) {
        *self.outcomes.entry(outcome).or_default() += 1;
    }

    pub fn heard(&mut self, event: &RuntimeEvent) {
        outcome(event).into_iter().for_each(|outcome| self.reached(outcome));
    }

    /// Calls of the four pallets that were never taken, and outcomes that never came.
    pub fn missing(&self) -> Vec<String> {
        let taken = |pallet, call| self.calls.get(&(pallet, call)).is_some_and(|(yes, _)| *yes > 0);
        let calls = PALLETS.iter().flat_map(|pallet| {
            let names = RuntimeCall::get_call_names(pallet).iter();
            names
                .filter(move |call| !taken(*pallet, **call))
                .map(move |call| format!("{pallet}::{call}"))
        });
        let outcomes = OUTCOMES.iter().filter(|outcome| !self.outcomes.contains_key(*outcome));
        calls.chain(outcomes.map(|outcome| outcome.to_string())).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<40}{:>12}{:>12}", "call", "taken", "refused")?;
        for ((pallet, call), (taken, refused)) in &self.calls {
            writeln!(f, "{:<40}{taken:>12}{refused:>12}", format!("{pallet}::{call}"))?;
        }
        writeln!(f, "{:<40}{:>12}", "outcome", "times")?;
        for (outcome, times) in &self.outcomes {
            writeln!(f, "{outcome:<40}{times:>12}")?;
        }
        Ok(())
    }
}

fn outcome(event: &RuntimeEvent) -> Option<&'static str> {
    Some(match event {
        RuntimeEvent::Marketplace(event) => match event {
            Market::LeaseEnded { reason, .. } => end(reason),
            Market::LeaseTakenOver { .. } => "lease taken over",
            Market::LeaseFinal { .. } => "lease final",
            Market::LeasePruned { .. } => "record of a lease removed",
            Market::SlaCredited { .. } => "SLA credited",
            Market::BondForfeited { .. } => "bond forfeited",
            Market::NoticePaid { .. } => "notice paid",
            Market::FundsLow { .. } => "funds low",
            _ => return None,
        },
        RuntimeEvent::Escrow(Escrow::PayoutFailed { .. }) => "payout failed",
        RuntimeEvent::Providers(Provide::AskExpired { .. }) => "ask expired",
        RuntimeEvent::Reputation(Attest::EpochJudged { verdict, .. }) => match verdict {
            Verdict::Void => "epoch void",
            Verdict::Decided { .. } => "epoch decided",
        },
        RuntimeEvent::System(frame_system::Event::KilledAccount { .. }) => "account reaped",
        RuntimeEvent::Reputation(Attest::ProviderAbsent { .. }) => "provider absent",
        _ => return None,
    })
}

/// Why an ask was passed over that its price, its term and its tenants would have let take an order.
pub fn unmet(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::Spread => "unmet: spread",
        Refusal::Requirement(unmet) => match unmet {
            Unmet::Attribute(_) => "unmet: attribute",
            Unmet::Audit => "unmet: audit",
            Unmet::Country => "unmet: country",
            Unmet::Region => "unmet: region",
            Unmet::Availability => "unmet: availability",
            Unmet::Service => "unmet: service",
            Unmet::Tier => "unmet: tier",
            Unmet::Isolation => "unmet: isolation",
        },
        _ => return None,
    })
}

fn end(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::ClosedByTenant => "end: tenant",
        CloseReason::ClosedByProvider => "end: notice",
        CloseReason::Declined(_) => "end: declined",
        CloseReason::ActivationMissed => "end: activation missed",
        CloseReason::FundsEnded => "end: funds",
        CloseReason::TermEnded => "end: term",
        CloseReason::NoShow => "end: no-show",
        CloseReason::Abandoned => "end: abandoned",
        CloseReason::TakenDown(_) => "end: taken down",
        CloseReason::StoppedForAbuse(_) => "end: stopped for abuse",
    }
}
