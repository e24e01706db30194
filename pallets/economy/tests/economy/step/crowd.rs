//! Many who pay for one lease, until there is no more room.

use super::*;
use crate::model::{lease::Lease, MOST_APPROVED};

impl Steps {
    /// A step about the lease for which most have paid.
    pub(super) fn crowd_step(&mut self, model: &Model) -> Step {
        let active = model.leases.iter().filter(|(_, lease)| lease.is_active());
        let Some((id, lease)) = active.max_by_key(|(_, lease)| lease.deposits.left().len()) else {
            return self.lease_step(model);
        };
        let (id, owner) = (*id, lease.owner);
        let approved: Vec<_> = lease.approved.keys().copied().collect();
        let payers = [approved.as_slice(), &[owner]].concat();
        match self.0.gen_range(0..40) {
            0..=1 => self.approve(id, lease),
            2..=14 if approved.len() < MOST_APPROVED => self.approve(id, lease),
            2..=4 => call(
                owner,
                Pay::revoke_approval {
                    id,
                    who: self.one_of(&payers),
                },
            ),
            5..=7 => self.withdrawal(id, lease, &payers),
            8 => {
                let payee = self.one_of(&[lease.payee, POT]);
                call(SINK, Pay::claim { id, payee })
            }
            _ => self.contribution(id, lease, &payers),
        }
    }

    /// Mostly of somebody who is not approved yet.
    pub(super) fn approve(&mut self, id: LeaseId, known: &Lease) -> Step {
        let mut others = FRIENDS.to_vec();
        if self.often() {
            others.retain(|who| !known.approved.contains_key(who));
        }
        let (who, minimum) = (self.one_of(&others), self.0.gen_range(0..200));
        call(self.caller(known.owner), Pay::approve { id, who, minimum })
    }

    /// Enough for some time, so that many deposits come to wait for their use.
    fn contribution(&mut self, lease: LeaseId, known: &Lease, payers: &[Who]) -> Step {
        let has_none = |who: &Who| known.deposits.left_of(*who) == 0;
        let newcomers: Vec<_> = payers.iter().copied().filter(has_none).collect();
        let who = match newcomers.is_empty() || self.0.gen_ratio(2, 3) {
            true => self.one_of(payers),
            false => self.one_of(&newcomers),
        };
        let amount = known.rate * self.0.gen_range(10..120);
        call(who, Market::deposit { lease, amount })
    }

    fn withdrawal(&mut self, lease: LeaseId, known: &Lease, payers: &[Who]) -> Step {
        let who = self.one_of(payers);
        let left = known.deposits.left_of(who);
        let amount = if self.0.gen_ratio(1, 2) {
            left
        } else {
            self.amount(left)
        };
        call(who, Market::withdraw { lease, amount })
    }
}
