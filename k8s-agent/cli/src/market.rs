//! Asks, and which of them would take an order. Reads the chain, signs nothing.

use crate::{
    error::CliError,
    matching::{choose, Backed, Candidate, NoFit, Offer, Wanted},
    quote::{GroupQuote, Quoted},
    refusals::{self, Refused},
    terms::Funding,
};
use perigee_chain::{AccountId, Provider, View};
use perigee_primitives::{AttestationTimes, Commitment, Region};
use std::collections::BTreeMap;

/// The market at a block, as one tenant sees it and as far as the placements before left it.
pub struct Market {
    view: View,
    owner: AccountId,
    times: AttestationTimes,
    /// All standing asks.
    pub candidates: Vec<Candidate>,
    providers: BTreeMap<u32, Provider>,
}

impl Market {
    /// As `owner` sees it at this block.
    pub async fn open(view: View, owner: AccountId) -> Result<Self, CliError> {
        let providers: BTreeMap<_, _> = view.providers().await?.into_iter().map(|p| (p.id, p)).collect();
        let pools = view.bond_pools().await?;
        let mut candidates = Vec::new();
        for (id, ask) in view.asks().await? {
            let Some(provider) = providers.get(&ask.provider) else {
                continue;
            };
            let pool = pools.get(&ask.provider).copied().unwrap_or_default();
            candidates.push(Candidate {
                id,
                ask,
                free: provider.free(),
                backed: Backed {
                    by_stake: view.rate_left(provider)?,
                    by_bonds: view.rate_bonded(&pool)?,
                },
            });
        }
        Ok(Self {
            candidates,
            times: view.attestation_times().await?,
            providers,
            owner,
            view,
        })
    }

    /// What `wanted` costs. What the chain refuses makes room for the next best: each turn takes an ask away, or is the
    /// last.
    pub async fn quote(&self, wanted: &Wanted, funding: Funding) -> Result<GroupQuote, CliError> {
        let (mut candidates, providers) = (self.candidates.clone(), &self.providers);
        let mut refused: Vec<Refused> = Vec::new();
        loop {
            let offers = choose(wanted, &candidates).map_err(|why| no_fit(*why, &refused, providers.len()))?;
            let dearest = offers.iter().map(|o| o.rate).max().unwrap_or_default();
            let quoted = |offer: Offer| {
                let provider = providers.get(&offer.provider)?.clone();
                Some(Quoted { provider, offer })
            };
            let quote = GroupQuote {
                name: wanted.name.clone(),
                resources: wanted.resources,
                requirements: wanted.requirements.clone(),
                offers: offers.into_iter().filter_map(quoted).collect(),
                terms: funding.terms(dearest, &self.times)?,
            };
            let order = quote.order(Commitment::default())?;
            let refusals = self.view.explain_order(&self.owner, order.clone()).await?;
            if refusals.is_empty() {
                return Ok(quote);
            }
            candidates.retain(|c| refusals.iter().all(|(ask, _)| *ask != c.id));
            for (ask, why) in refusals {
                let Some(quoted) = quote.offers.iter().find(|quoted| quoted.offer.ask == ask) else {
                    continue;
                };
                refused.push(refusals::with_figures(&self.view, quoted, why, &order).await?);
            }
        }
    }

    /// Takes what a placement is going to lease out of what is left for the others: room, stake and bond pool.
    pub fn take(&mut self, group: &GroupQuote) {
        let Some(first) = group.offers.first() else {
            return;
        };
        let at_it = |candidate: &&mut Candidate| candidate.ask.provider == first.provider.id;
        for candidate in self.candidates.iter_mut().filter(at_it) {
            candidate.take(&group.resources, first.offer.rate);
        }
    }

    /// Provider and region where a placement is going to be.
    pub fn place_of(&self, group: &GroupQuote) -> Option<(u32, Region)> {
        let offer = group.offers.first()?.offer;
        let candidate = self.candidates.iter().find(|candidate| candidate.id == offer.ask)?;
        Some((offer.provider, candidate.ask.terms.place.region.clone()))
    }
}

fn no_fit(mut why: NoFit, refused: &[Refused], providers: usize) -> CliError {
    let text = if refused.is_empty() {
        why.to_string()
    } else {
        why.providers = providers;
        let reasons = [refusals::reasons(refused, providers), why.reasons()].concat();
        format!("no ask takes the order\n  {}", reasons.join("\n  "))
    };
    CliError::refused(text).hint("`perigee providers` shows who asks how much for what.")
}
