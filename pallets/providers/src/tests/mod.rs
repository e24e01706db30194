//! One file per topic. Every test ends with all invariants.

mod asks;
mod audits;
mod bonds;
mod capacity;
mod invariants;
mod model;
mod random;
mod registration;
mod retirement;
mod slashing;
mod stake;

use crate::{
    mock::*, AskDeposits, AskExpiries, Asks, AsksByProvider, Audits, BondPool, BondPools, Bonds, Error, Event,
    HoldReason, NextAskId, NextProviderId, Providers as Records, UnbondingChunk, UnbondingOf,
};
use frame_support::{
    assert_noop, assert_ok, hypothetically,
    traits::{
        fungible::{Inspect, InspectHold},
        Hooks,
    },
    weights::Weight,
};
use perigee_primitives::{
    traits::{LeaseBonds, ProviderCapacity, ProviderInspect, ProviderStake},
    AskId, AskTerms, AttributePatterns, Attributes, Balance, BlockNumber, LeaseId, Place, ProviderId, Resources,
    SlashProof, Tenants, TermLimits, Tier, MILLION,
};
use sp_core::Pair;
use sp_runtime::{DispatchError, DispatchResult, TokenError};

fn signed(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

fn stash() -> RuntimeOrigin {
    signed(STASH)
}

fn operator() -> RuntimeOrigin {
    signed(OPERATOR)
}

fn with_attributes(pairs: &[(&str, &str)]) -> AskTerms<u64> {
    AskTerms {
        attributes: attributes(pairs),
        ..terms()
    }
}

/// Terms that expire at `block`.
fn until(block: BlockNumber) -> AskTerms<u64> {
    AskTerms {
        valid_until: Some(block),
        ..terms()
    }
}

fn publish() -> DispatchResult {
    Providers::publish_ask(operator(), terms())
}

/// Provider 0 with capacity and one ask, number 0.
fn standing_provider() -> AskId {
    assert_ok!(register(STASH, OPERATOR));
    assert_ok!(Providers::set_capacity(operator(), some()));
    assert_ok!(publish());
    AsksByProvider::<Test>::get(0)[0]
}

/// Leases something small of provider 0 at `rate`.
fn lease_at(rate: Balance) -> DispatchResult {
    <Providers as ProviderCapacity>::lease(0, &small(), rate)
}

fn small() -> Resources {
    Resources {
        cpu_milli: 1,
        ..Default::default()
    }
}

fn held(who: u64, reason: HoldReason) -> Balance {
    Balances::balance_on_hold(&reason.into(), &who)
}

fn stake_of(provider: ProviderId) -> Balance {
    Records::<Test>::get(provider).expect("registered").stake
}

fn chunks_of(provider: ProviderId) -> Vec<(Balance, BlockNumber)> {
    let chunks = UnbondingOf::<Test>::get(provider).map(|u| u.chunks).unwrap_or_default();
    chunks.iter().map(|chunk| (chunk.amount, chunk.release_at)).collect()
}
