//! What calls do to deployments and leases.

use super::{
    lease::{missed, Reservation},
    market::{is_open, rate_of, units_of},
    *,
};
use pallet_marketplace::{Call, Claim, Leases, Stage as Recorded};
use perigee_primitives::{CloseReason, DeclineReason};

impl Model {
    pub(super) fn apply_market(&mut self, caller: Caller, call: &Call<Test>) {
        let who = match caller {
            Caller::Account(who) => who,
            _ => 0,
        };
        match call {
            Call::deploy { groups } => self.deploy(who, groups),
            Call::activate { lease } => {
                self.settle_reservation(*lease, false);
                let now = self.now;
                self.lease(*lease).activate(now);
            }
            Call::decline { lease, reason } => self.miss(*lease, self.now, CloseReason::Declined(*reason)),
            Call::close { deployment, claim } => self.close(*deployment, *claim),
            Call::take_down { lease, evidence } => self.end(*lease, CloseReason::TakenDown(*evidence)),
            Call::stop_for_abuse { lease, evidence } => {
                self.advance(*lease);
                let known = &self.leases[lease];
                let blocks = known.life().expect("it was judged").bill.notice_left(self.judged);
                self.pay_bond(*lease, known.rate * Balance::from(blocks));
                self.end(*lease, CloseReason::StoppedForAbuse(*evidence));
            }
            Call::offer_transfer { deployment, to } => self.deployment(*deployment).offered_to = Some(*to),
            Call::cancel_transfer { deployment } => self.deployment(*deployment).offered_to = None,
            Call::accept_transfer { deployment } => self.transfer(*deployment, who),
            Call::file_receipt { lease, .. } => self.file_receipt(*lease),
            Call::deposit { lease, amount } => {
                self.advance(*lease);
                let known = self.lease(*lease);
                known.deposits.push(who, *amount);
                known.deposited += amount;
                self.change_known(*lease, call);
            }
            Call::withdraw { lease, amount } => {
                self.advance(*lease);
                self.lease(*lease).deposits.withdraw(who, *amount);
                self.change_known(*lease, call);
            }
            Call::resize {
                lease,
                resources,
                commitment,
                ..
            } => {
                self.advance(*lease);
                self.change_known(*lease, call);
                let units = units_of(resources);
                let rate = rate_of(&self.asks[&self.leases[lease].ask], units);
                let known = self.lease(*lease);
                known.bond = known.bond_at(rate);
                (known.units, known.rate, known.commitment) = (units, rate, *commitment);
            }
            Call::update { lease, commitment } => self.lease(*lease).commitment = *commitment,
            Call::extend { lease, blocks } => {
                self.change_known(*lease, call);
                let known = self.lease(*lease);
                known.term = known.term.map(|term| term + blocks);
            }
            Call::pause { lease, .. }
            | Call::resume { lease }
            | Call::set_ready { lease, .. }
            | Call::give_notice { lease } => self.change_known(*lease, call),
            _ => {}
        }
    }

    fn lease(&mut self, id: LeaseId) -> &mut Lease {
        self.leases.get_mut(&id).expect("it was judged")
    }

    pub(super) fn deployment(&mut self, id: DeploymentId) -> &mut Deployment {
        self.deployments.get_mut(&id).expect("it was judged")
    }

    /// Lets the billing model do what it takes; a lease that waits for activation has none.
    fn change_known(&mut self, id: LeaseId, call: &Call<Test>) {
        let mut lease = self.leases.remove(&id).expect("it was judged");
        assert!(
            lease.life().is_none() || self.change(&mut lease, call),
            "{call:?} was judged to be taken"
        );
        self.leases.insert(id, lease);
    }

    /// What the agenda did to a lease that nobody activated.
    pub fn look_at_pending(&mut self, id: LeaseId) {
        let Stage::Pending { activate_by, receipt } = self.leases[&id].stage else {
            return;
        };
        // An agenda that comes very late removes a record with its end; whether that was too early is looked at later.
        let due = Some((activate_by, missed(receipt)));
        let ended = Leases::<Test>::get(id).map_or(due, |recorded| match recorded.stage {
            Recorded::Ended { at, reason, .. } => Some((at, reason)),
            _ => None,
        });
        if let Some((at, reason)) = ended {
            assert_eq!((at, reason), (activate_by, missed(receipt)), "lease {id}");
            assert!(
                receipt || self.now >= activate_by + RECEIPT_WINDOW,
                "lease {id} ended too early"
            );
            self.miss(id, at, reason);
        }
    }

    /// A lease ends that was never active.
    fn miss(&mut self, id: LeaseId, at: BlockNumber, reason: CloseReason) {
        let burns = match reason {
            CloseReason::Declined(reason) => reason == DeclineReason::TenantWorkload,
            CloseReason::NoShow => false,
            _ => true,
        };
        self.settle_reservation(id, burns);
        if reason == CloseReason::NoShow {
            self.forfeit(id, NO_SHOW_FORFEIT);
        }
        let lease = self.lease(id);
        lease.bond = 0;
        lease.stage = Stage::Missed { at, reason };
    }

    fn settle_reservation(&mut self, id: LeaseId, burns: bool) {
        let lease = self.lease(id);
        let owner = lease.owner;
        lease.reservation = if burns {
            Reservation::Burned
        } else {
            Reservation::Returned
        };
        if burns {
            self.burned += RESERVATION;
            *self.worth.entry(owner).or_default() -= RESERVATION as i128;
        }
    }

    /// A part of what is left of a bond pays the owner.
    fn forfeit(&mut self, id: LeaseId, ppm: u32) {
        self.pay_bond(id, self.leases[&id].forfeit(ppm));
    }

    fn pay_bond(&mut self, id: LeaseId, amount: Balance) {
        let lease = self.leases.get_mut(&id).expect("it was judged");
        let provider = self.providers.get_mut(&lease.provider).expect("it has a lease");
        let paid = lease.pay(amount, provider.stash);
        provider.pool -= paid.amount;
        self.shift(paid);
    }

    /// Somebody ends a lease with this block.
    fn end(&mut self, id: LeaseId, reason: CloseReason) {
        self.advance(id);
        let (now, lease) = (self.now, self.lease(id));
        let Some(life) = lease.life_mut() else {
            return self.miss(id, now, reason);
        };
        life.called = Some(reason);
        assert!(life.bill.close().is_ok(), "lease {id} was judged to run");
        if reason == CloseReason::Abandoned {
            self.forfeit(id, ABANDON_FORFEIT);
        }
        self.advance(id);
    }

    fn close(&mut self, id: DeploymentId, claim: Option<Claim>) {
        for id in self.deployments[&id].leases.clone() {
            let lease = &self.leases[&id];
            match lease.stage {
                Stage::Pending { activate_by, receipt } if activate_by <= self.now => {
                    self.miss(id, activate_by, missed(receipt));
                }
                Stage::Active(_) if lease.is_active() && claim.is_some() && self.is_abandoned(lease) => {
                    self.end(id, CloseReason::Abandoned);
                }
                _ if lease.runs(self.now) => self.end(id, CloseReason::ClosedByTenant),
                _ => {}
            }
        }
    }

    fn file_receipt(&mut self, id: LeaseId) {
        let now = self.now;
        let Stage::Pending { activate_by, receipt } = &mut self.lease(id).stage else {
            unreachable!("it was judged")
        };
        *receipt = true;
        let at = *activate_by;
        if now >= at {
            self.miss(id, at, CloseReason::NoShow);
        }
    }

    fn transfer(&mut self, id: DeploymentId, to: Who) {
        for lease in self.deployments[&id].leases.clone() {
            self.advance(lease);
            let known = self.lease(lease);
            known.owner = to;
            if is_open(lease) {
                known.approved.clear();
            }
        }
        let deployment = self.deployment(id);
        (deployment.owner, deployment.offered_to) = (to, None);
    }
}
