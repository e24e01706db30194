//! What becomes of calls on deployments and leases.

use super::{escrow::takes_depositor, providers::genesis_hash, *};
use pallet_marketplace::{Call, Claim, Leases, Stage as Recorded};
use pallet_providers::Providers as Records;
use perigee_primitives::{receipt_message, Resources};

/// How many units these are.
pub(super) fn units_of(resources: &Resources) -> u32 {
    (resources.cpu_milli / 100) as u32
}

/// What so many units cost at an ask.
pub(super) fn rate_of(ask: &Ask, units: u32) -> Balance {
    Balance::from(ask.terms.prices.cpu_milli / 10_000) * Balance::from(units)
}

/// Is there still a record, and is it not final?
pub(super) fn is_open(id: LeaseId) -> bool {
    let recorded = Leases::<Test>::get(id).map(|lease| lease.stage);
    recorded.is_some_and(|stage| !matches!(stage, Recorded::Ended { totals: Some(_), .. }))
}

pub(super) fn is_recorded(id: LeaseId) -> bool {
    Leases::<Test>::contains_key(id)
}

impl Model {
    pub(super) fn judge_market(&self, caller: Caller, call: &Call<Test>) -> Verdict {
        if let (Call::take_down { lease, .. }, Caller::Root) = (call, caller) {
            let runs = self.leases.get(lease).is_some_and(|known| known.runs(self.now));
            return Verdict::taken_if(runs && is_recorded(*lease));
        }
        let Caller::Account(who) = caller else {
            return Verdict::Refused;
        };
        match call {
            Call::deploy { groups } => self.judge_deploy(who, groups),
            Call::accept_transfer { deployment } => self.judge_transfer(who, *deployment),
            Call::activate { lease } => Verdict::taken_if(self.awaits(who, *lease)),
            Call::decline { lease, reason } if self.awaits(who, *lease) => self.judge_decline(*lease, *reason),
            Call::close { deployment, claim } => self.judge_close(who, *deployment, *claim),
            Call::offer_transfer { deployment, to } => {
                Verdict::taken_if(self.owned_deployment(who, *deployment).is_some() && *to != who)
            }
            Call::cancel_transfer { deployment } => {
                let owned = self.owned_deployment(who, *deployment);
                Verdict::taken_if(owned.is_some_and(|deployment| deployment.offered_to.is_some()))
            }
            Call::settle { lease } => Verdict::taken_if(is_recorded(*lease)),
            Call::settle_many { leases } => Verdict::taken_if(leases.iter().all(|id| *id < self.next_lease)),
            Call::torn_down { leases } => Verdict::taken_if(leases.iter().all(|id| self.may_be_torn_down(who, *id))),
            Call::file_receipt {
                lease,
                received_at,
                signature,
            } if self.takes_receipt(*lease, *received_at, signature) => self.judge_receipt(*lease),
            Call::deposit { lease, amount } => Verdict::taken_if(self.takes_deposit(who, *lease, *amount)),
            Call::give_notice { lease } | Call::stop_for_abuse { lease, .. } | Call::set_ready { lease, .. } => {
                let operated = self
                    .leases
                    .get(lease)
                    .filter(|known| self.operates(who, known.provider));
                Verdict::taken_if(operated.is_some_and(|known| self.changes(known, call)))
            }
            Call::withdraw { lease, amount } => {
                let left = self
                    .advanced(*lease)
                    .filter(|lease| lease.deposits.left_of(who) >= *amount);
                Verdict::taken_if(*amount > 0 && left.is_some_and(|lease| self.changes(&lease, call)))
            }
            Call::resize {
                lease,
                resources,
                max_rate,
                ..
            } => {
                let owned = self.advanced(*lease).filter(|lease| lease.owner == who);
                let fits = |known: &Lease| self.takes_resize(*lease, known, units_of(resources), *max_rate);
                Verdict::taken_if(owned.is_some_and(|known| fits(&known) && self.changes(&known, call)))
            }
            Call::update { lease, .. } => {
                Verdict::taken_if(self.owned(who, *lease).is_some_and(|lease| lease.is_active()))
            }
            Call::extend { lease, blocks } => Verdict::taken_if(self.owned(who, *lease).is_some_and(|lease| {
                let ask = self.standing_ask(lease.ask).filter(|ask| ask.terms.tenants.admit(&who));
                let term = lease.term.and_then(|term| term.checked_add(*blocks));
                let admits = |ask: &Ask| ask.terms.terms.longest.is_none_or(|longest| term <= Some(longest));
                *blocks > 0 && term.is_some() && ask.is_some_and(admits) && self.changes(lease, call)
            })),
            Call::pause { lease, blocks } => {
                let changes = self.owned(who, *lease).is_some_and(|lease| self.changes(lease, call));
                Verdict::taken_if((1..=MAX_PAUSE).contains(blocks) && changes)
            }
            Call::resume { lease } => {
                Verdict::taken_if(self.owned(who, *lease).is_some_and(|lease| self.changes(lease, call)))
            }
            _ => Verdict::Refused,
        }
    }

    /// Does the billing model take it?
    fn changes(&self, lease: &Lease, call: &Call<Test>) -> bool {
        let mut lease = lease.clone();
        lease.is_active() && self.change(&mut lease, call)
    }

    /// Lets the billing model do it; false if that refuses.
    pub(super) fn change(&self, lease: &mut Lease, call: &Call<Test>) -> bool {
        let (judged, ask) = (self.judged, lease.ask);
        let Some(life) = lease.life_mut() else { return false };
        let bill = &mut life.bill;
        let done = match call {
            Call::deposit { amount, .. } => bill.deposit(*amount),
            Call::withdraw { amount, .. } => bill.withdraw(judged, *amount),
            Call::resize { resources, .. } => bill.resize(judged, rate_of(&self.asks[&ask], units_of(resources))),
            Call::extend { blocks, .. } => bill.extend(judged, *blocks),
            Call::pause { blocks, .. } => bill.pause(judged, *blocks),
            Call::resume { .. } => bill.resume(judged),
            Call::set_ready { ready, .. } => bill.set_ready(judged, *ready),
            Call::give_notice { .. } => bill.give_notice(),
            _ => bill.close(),
        };
        done.is_ok()
    }

    /// The lease, if it is recorded and belongs to `who`.
    fn owned(&self, who: Who, id: LeaseId) -> Option<&Lease> {
        self.leases
            .get(&id)
            .filter(|lease| lease.owner == who && is_recorded(id))
    }

    fn owned_deployment(&self, who: Who, id: DeploymentId) -> Option<&Deployment> {
        let deployment = self.deployments.get(&id).filter(|deployment| deployment.owner == who);
        deployment.filter(|deployment| deployment.leases.iter().any(|id| is_recorded(*id)))
    }

    fn operates(&self, who: Who, provider: ProviderId) -> bool {
        self.of_operator(who) == Some(provider)
    }

    /// May the operator `who` still activate or decline it?
    fn awaits(&self, who: Who, id: LeaseId) -> bool {
        self.leases.get(&id).is_some_and(|lease| {
            let waits = matches!(lease.stage, Stage::Pending { activate_by, .. } if self.now < activate_by);
            waits && self.operates(who, lease.provider)
        })
    }

    fn judge_close(&self, who: Who, id: DeploymentId, claim: Option<Claim>) -> Verdict {
        let Some(deployment) = self.owned_deployment(who, id) else {
            return Verdict::Refused;
        };
        let leases = || self.recorded_leases(deployment);
        let closes = |lease: &Lease| matches!(lease.stage, Stage::Pending { .. }) || lease.is_active();
        let confirmed = claim.is_none() || leases().any(|lease| self.is_abandoned(lease));
        Verdict::taken_if(leases().any(closes) && confirmed)
    }

    /// Was the provider absent in the last judged epochs, all of them within the lease?
    pub fn is_abandoned(&self, lease: &Lease) -> bool {
        let Some(life) = lease.life() else { return false };
        let start = self.judged.checked_sub(ABANDONED_EPOCHS * TIMES.epoch);
        let registered = self
            .providers
            .get(&lease.provider)
            .map(|provider| provider.registered_at);
        let absent = |epoch: AttestationEpoch| {
            let judged = registered.is_some_and(|block| TIMES.first_judged(block) <= epoch);
            judged && self.plan.is_absent(epoch, lease.provider)
        };
        start.is_some_and(|start| {
            let epochs = TIMES.epoch_of(start)..TIMES.epoch_of(self.judged);
            lease.is_active() && start >= life.bill.since() && epochs.into_iter().all(absent)
        })
    }

    fn may_be_torn_down(&self, who: Who, id: LeaseId) -> bool {
        let Some(lease) = self.leases.get(&id).filter(|_| is_recorded(id)) else {
            return id < self.next_lease;
        };
        self.operates(who, lease.provider) && !lease.runs(self.now)
    }

    fn takes_receipt(&self, id: LeaseId, received_at: BlockNumber, signature: &[u8; 64]) -> bool {
        let Some(lease) = self.leases.get(&id) else {
            return false;
        };
        let Stage::Pending {
            activate_by,
            receipt: false,
        } = lease.stage
        else {
            return false;
        };
        let in_time = received_at
            .checked_add(ACTIVATION_WINDOW)
            .is_some_and(|block| block <= activate_by);
        let provider = &self.providers[&lease.provider];
        let key = match provider.previous {
            Some((key, until)) if received_at < until => key,
            _ => provider.key,
        };
        let message = receipt_message(&genesis_hash(), id, &lease.commitment, received_at);
        self.now < activate_by + RECEIPT_WINDOW && in_time && sign(key, &message) == *signature
    }

    fn takes_deposit(&self, who: Who, id: LeaseId, amount: Balance) -> bool {
        let Some(lease) = self.leases.get(&id).filter(|_| is_recorded(id)) else {
            return false;
        };
        let approved = lease.is_active() && lease.approved.get(&who).is_some_and(|minimum| amount >= *minimum);
        let allowed = lease.runs(self.now) && (lease.owner == who || approved);
        amount > 0 && is_affordable(amount) && allowed && takes_depositor(id, who, lease.owner)
    }

    fn takes_resize(&self, id: LeaseId, lease: &Lease, units: u32, max_rate: Balance) -> bool {
        let ask = self
            .standing_ask(lease.ask)
            .filter(|ask| ask.terms.tenants.admit(&lease.owner));
        let Some(ask) = ask.filter(|_| units > 0 && is_recorded(id)) else {
            return false;
        };
        let rate = rate_of(ask, units);
        let bond = self.can_bond(id, lease, lease.bond_at(rate));
        let grows = units > lease.units || rate > lease.rate;
        rate > 0 && rate <= max_rate && bond && (!grows || self.has_room(lease, units, rate))
    }

    /// Is there room for what is more of it?
    fn has_room(&self, lease: &Lease, units: u32, rate: Balance) -> bool {
        let record = Records::<Test>::get(lease.provider).expect("the lease stands");
        let stake = self.providers[&lease.provider].stake;
        let more = resources(units.saturating_sub(lease.units));
        let leased = record.leased.checked_add(&more).expect("small");
        let leased_rate = record.leased_rate + rate.saturating_sub(lease.rate);
        let backed = leased_rate <= stake / Balance::from(STAKE_BLOCKS);
        stake >= MIN_STAKE && leased.fits(&record.capacity) && backed
    }

    /// The leases of a deployment of which the chain has a record.
    fn recorded_leases<'a>(&'a self, deployment: &'a Deployment) -> impl Iterator<Item = &'a Lease> {
        let recorded = deployment.leases.iter().filter(|id| is_recorded(**id));
        recorded.map(|id| &self.leases[id])
    }

    fn judge_transfer(&self, who: Who, id: DeploymentId) -> Verdict {
        let Some(deployment) = self.deployments.get(&id) else {
            return Verdict::Refused;
        };
        let leases = || self.recorded_leases(deployment);
        let admits = |lease: &Lease| match lease.stage {
            Stage::Pending { .. } => false,
            Stage::Missed { .. } => true,
            Stage::Active(_) if !lease.is_active() => true,
            Stage::Active(_) => self
                .standing_ask(lease.ask)
                .is_none_or(|ask| ask.terms.tenants.admit(&who)),
        };
        if deployment.offered_to != Some(who) || leases().next().is_none() || !leases().all(admits) {
            return Verdict::Refused;
        }
        // The last records may be removed on the way.
        if leases().any(|lease| lease.is_active()) {
            Verdict::Taken
        } else {
            Verdict::Open
        }
    }
}
