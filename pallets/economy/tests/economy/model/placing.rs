//! At which ask an order becomes a lease.

use super::{
    lease::Reservation,
    market::{rate_of, units_of},
    *,
};
use pallet_marketplace::{Leases, LeasesByProvider};
use perigee_primitives::{CloseReason, DeclineReason, GroupOrder, Refusal, Region};
use std::rc::Rc;

/// Does an ask take an order?
enum Fit {
    Fits,
    Refused,
    /// But for want of capacity, stake or bonds.
    Short,
}

/// What is there of a deployment already, when one of its orders is placed.
#[derive(Default)]
struct Beside {
    /// What its orders took of each provider in the same call: units and rate.
    taken: BTreeMap<ProviderId, (u32, Balance)>,
    /// Where leases lie from which others are to be apart.
    apart: Vec<Apart>,
    /// What goes back from the bond of the lease before into the pool of its provider.
    freed: Option<(ProviderId, Balance)>,
}

/// What comes of going through the asks of an order.
struct Search {
    found: Option<AskId>,
    /// It depends on what the agenda has come to.
    open: bool,
}

struct Apart {
    number: u8,
    provider: ProviderId,
    payee: Who,
    region: Region,
}

impl Model {
    pub(super) fn judge_deploy(&self, owner: Who, groups: &[GroupOrder<Who>]) -> Verdict {
        let (mut beside, mut asks, mut open) = (Beside::default(), vec![], false);
        for order in groups {
            let terms = order.term != Some(0) && order.term.is_none_or(|term| term < u32::MAX / 2);
            if order.asks.is_empty() || units_of(&order.resources) == 0 || !terms || !is_affordable(order.deposit) {
                return Verdict::Refused;
            }
            let search = self.search(owner, order, &beside);
            open |= search.open;
            match search.found {
                Some(id) => {
                    self.put_beside(&mut beside, &self.asks[&id], order);
                    asks.push(id);
                }
                None if !open => return Verdict::Refused,
                None => {}
            }
        }
        match open {
            _ if groups.is_empty() => Verdict::Refused,
            true => Verdict::Open,
            false => Verdict::Placed(asks),
        }
    }

    /// The first of the named asks that takes an order.
    fn search(&self, owner: Who, order: &GroupOrder<Who>, beside: &Beside) -> Search {
        let mut open = false;
        let found = order.asks.iter().find(|id| match self.fit(owner, **id, order, beside) {
            Fit::Fits => true,
            Fit::Refused => false,
            // Its due ends are processed, and then there may be room.
            Fit::Short => {
                open |= self.has_due_ends(self.asks[*id].provider);
                false
            }
        });
        Search {
            found: found.copied(),
            open,
        }
    }

    /// Where the order of a lease goes that was declined.
    pub(super) fn judge_decline(&self, id: LeaseId, reason: DeclineReason) -> Verdict {
        if reason == DeclineReason::TenantWorkload {
            return Verdict::Placed(vec![]);
        }
        let search = self.search_again(id, self.leases[&id].bond);
        match search.open {
            true => Verdict::Open,
            false => Verdict::Placed(search.found.into_iter().collect()),
        }
    }

    /// Where the order of a lease goes whose provider did not show up, if that is known with the receipt.
    pub(super) fn judge_receipt(&self, id: LeaseId) -> Verdict {
        let lease = &self.leases[&id];
        if lease.runs(self.now) {
            return Verdict::Placed(vec![]);
        }
        let kept = lease.bond - lease.forfeit(NO_SHOW_FORFEIT);
        // Its score falls before the order is placed anew. No due ends are processed.
        match &lease.rest {
            Some(rest) if rest.requirements.service > 0 => Verdict::Open,
            _ => Verdict::Placed(self.search_again(id, kept).found.into_iter().collect()),
        }
    }

    /// Searches behind the ask of a lease that was not activated, with so much of its bond back in the pool.
    fn search_again(&self, id: LeaseId, freed: Balance) -> Search {
        let lease = &self.leases[&id];
        let mut siblings = self.deployments[&lease.deployment].leases.clone();
        siblings.retain(|sibling| *sibling != id);
        let beside = Beside {
            freed: Some((lease.provider, freed)),
            ..self.beside(&siblings)
        };
        self.search(lease.owner, &lease.order_again(), &beside)
    }

    /// Are there entries on the agenda of a provider that the agenda has not come to?
    fn has_due_ends(&self, provider: ProviderId) -> bool {
        let first = LeasesByProvider::<Test>::iter_key_prefix((provider,)).next();
        first.is_some_and(|(block, _)| BlockNumber::from_be_bytes(block) <= self.now)
    }

    fn fit(&self, owner: Who, id: AskId, order: &GroupOrder<Who>, beside: &Beside) -> Fit {
        if self.refusal_beside(owner, id, order, beside).is_some() {
            return Fit::Refused;
        }
        let ask = &self.asks[&id];
        let units = units_of(&order.resources);
        let rate = rate_of(ask, units);
        let (units_taken, rate_taken) = beside.taken.get(&ask.provider).copied().unwrap_or_default();
        let bonds = (rate + rate_taken) * Balance::from(BOND_BLOCKS);
        let freed = beside.freed.filter(|(provider, _)| *provider == ask.provider);
        let pool = self.pool_left(ask.provider) + freed.map_or(0, |(_, amount)| amount);
        let room = self
            .leasable(ask.provider)
            .is_some_and(|(free, backed)| units + units_taken <= free && rate + rate_taken <= backed && bonds <= pool);
        if room {
            Fit::Fits
        } else {
            Fit::Short
        }
    }

    /// Why an ask does not take a single order, but for want of capacity, stake or bonds.
    pub fn refusal(&self, owner: Who, id: AskId, order: &GroupOrder<Who>) -> Option<Refusal> {
        self.refusal_beside(owner, id, order, &Beside::default())
    }

    fn refusal_beside(&self, owner: Who, id: AskId, order: &GroupOrder<Who>, beside: &Beside) -> Option<Refusal> {
        let Some(ask) = self.standing_ask(id) else {
            return Some(Refusal::Gone);
        };
        let rate = rate_of(ask, units_of(&order.resources));
        let least = rate * (Balance::from(RESERVE) + Balance::from(order.term.unwrap_or(0)));
        let asked = &order.requirements;
        if !ask.terms.tenants.admit(&owner) {
            Some(Refusal::Tenant)
        } else if !ask.terms.terms.admit(order.term) {
            Some(Refusal::Term)
        } else if rate == 0 || rate > order.max_rate {
            Some(Refusal::Price { rate: Some(rate) })
        } else if let Some(unmet) = self.unmet(ask, asked) {
            Some(Refusal::Requirement(unmet))
        } else if !self.is_apart(ask, asked.spread, &beside.apart) {
            Some(Refusal::Spread)
        } else {
            (order.deposit < least).then_some(Refusal::Deposit { least: Some(least) })
        }
    }

    /// Does an ask lie at another operator and in another region than those of the same number?
    fn is_apart(&self, ask: &Ask, spread: Option<u8>, others: &[Apart]) -> bool {
        let (region, operator) = (&ask.terms.place.region, self.providers[&ask.provider].operator);
        let near = |other: &Apart| other.provider == ask.provider || other.payee == operator || other.region == *region;
        spread.is_none_or(|number| {
            let mut same = others.iter().filter(|other| other.number == number);
            !region.is_empty() && !same.any(near)
        })
    }

    /// An order was placed at an ask, in the same call.
    fn put_beside(&self, beside: &mut Beside, ask: &Ask, order: &GroupOrder<Who>) {
        let units = units_of(&order.resources);
        let (units_taken, rate_taken) = beside.taken.entry(ask.provider).or_default();
        (*units_taken, *rate_taken) = (*units_taken + units, *rate_taken + rate_of(ask, units));
        beside.apart.extend(order.requirements.spread.map(|number| Apart {
            number,
            provider: ask.provider,
            payee: self.providers[&ask.provider].operator,
            region: ask.terms.place.region.clone(),
        }));
    }

    /// The leases that run among `siblings`, where each lies.
    fn beside(&self, siblings: &[LeaseId]) -> Beside {
        let apart = |lease: &Lease| {
            lease.spread.clone().map(|(number, region)| Apart {
                number,
                provider: lease.provider,
                payee: lease.payee,
                region,
            })
        };
        let known = siblings.iter().filter_map(|id| self.leases.get(id));
        Beside {
            apart: known.filter(|lease| lease.runs(self.now)).filter_map(apart).collect(),
            ..Default::default()
        }
    }

    pub(super) fn deploy(&mut self, owner: Who, groups: &[GroupOrder<Who>]) {
        let deployment = self.next_deployment;
        self.next_deployment += 1;
        let mut leases = vec![];
        for order in groups {
            let id = self.next_lease;
            self.open(id, deployment, owner, order, &leases);
            leases.push(id);
        }
        self.deployments.insert(
            deployment,
            Deployment {
                owner,
                leases,
                offered_to: None,
            },
        );
    }

    /// A lease was opened beside its siblings.
    fn open(
        &mut self,
        id: LeaseId,
        deployment: DeploymentId,
        owner: Who,
        order: &GroupOrder<Who>,
        siblings: &[LeaseId],
    ) {
        assert_eq!(id, self.next_lease, "a lease out of order");
        self.next_lease += 1;
        let recorded = Leases::<Test>::get(id).expect("it was opened").ask;
        let position = order
            .asks
            .iter()
            .position(|ask| *ask == recorded)
            .expect("the order names it");
        // The score may be another one by now: the same call or agenda may have settled leases.
        let mut unscored = order.clone();
        unscored.requirements.service = 0;
        let fit = self.fit(owner, recorded, &unscored, &self.beside(siblings));
        assert!(!matches!(fit, Fit::Refused), "ask {recorded} does not take lease {id}");
        let lease = self.lease_at(recorded, deployment, owner, order.clone(), position);
        self.leases.insert(id, lease);
    }

    /// What an order becomes at an ask.
    fn lease_at(
        &self,
        id: AskId,
        deployment: DeploymentId,
        owner: Who,
        order: GroupOrder<Who>,
        position: usize,
    ) -> Lease {
        let ask = &self.asks[&id];
        let units = units_of(&order.resources);
        let rate = rate_of(ask, units);
        let region = || ask.terms.place.region.clone();
        let mut lease = Lease {
            deployment,
            owner,
            provider: ask.provider,
            ask: id,
            rest: None,
            spread: order.requirements.spread.map(|number| (number, region())),
            units,
            commitment: order.commitment,
            rate,
            payee: self.providers[&ask.provider].operator,
            ppm: self.fee,
            term: order.term,
            notice: ask.terms.notice,
            sla: ask.terms.sla,
            stage: Stage::Pending {
                activate_by: self.now + ACTIVATION_DEADLINE,
                receipt: false,
            },
            reservation: Reservation::Held,
            deposits: Default::default(),
            deposited: order.deposit,
            approved: BTreeMap::new(),
            bond: rate * Balance::from(BOND_BLOCKS),
        };
        lease.deposits.push(owner, order.deposit);
        let behind = order.asks[position + 1..].to_vec();
        lease.rest = Some(Rc::new(GroupOrder {
            asks: behind.try_into().expect("no more than were named"),
            ..order
        }));
        lease
    }

    /// The lease `by` took over from `lease`, which was not activated.
    pub fn take_over(&mut self, lease: LeaseId, by: LeaseId) {
        let before = self.leases[&lease].clone();
        let Stage::Missed { reason, .. } = before.stage else {
            panic!("lease {lease} was active")
        };
        let faultless = reason != CloseReason::Declined(DeclineReason::TenantWorkload);
        assert!(matches!(reason, CloseReason::Declined(_) | CloseReason::NoShow) && faultless);
        let order = before.order_again();
        let siblings = self.deployments[&before.deployment].leases.clone();
        self.open(by, before.deployment, before.owner, &order, &siblings);
        self.deployment(before.deployment).leases.push(by);
    }
}
