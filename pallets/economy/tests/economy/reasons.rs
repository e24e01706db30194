//! Why asks do not take an order, and what else a run is to have come to.

use crate::{
    chain::*,
    model::{depositors, Caller, LONGEST_QUEUE, MOST_DEPOSITORS},
    tally::unmet,
    world::World,
};
use pallet_marketplace::Call;
use perigee_primitives::{GroupOrder, Refusal};
use std::collections::BTreeMap;

impl World<'_> {
    /// Chain and model name the same condition that an ask does not meet.
    pub fn compare_reasons(&mut self, caller: Caller, call: &RuntimeCall) {
        let (Caller::Account(owner), RuntimeCall::Marketplace(Call::deploy { groups })) = (caller, call) else {
            return;
        };
        for order in groups.iter().filter(|order| order.requirements != Default::default()) {
            self.compare_reason(owner, order);
        }
    }

    fn compare_reason(&mut self, owner: Who, order: &GroupOrder<Who>) {
        let refusals: BTreeMap<_, _> = Marketplace::explain_order(owner, order.clone()).into_iter().collect();
        for id in &order.asks {
            let refusal = refusals.get(id);
            // These are looked at before.
            let before = |refusal: &Refusal| {
                matches!(
                    refusal,
                    Refusal::Gone | Refusal::Tenant | Refusal::Term | Refusal::Price { .. }
                )
            };
            if refusal.is_some_and(before) {
                continue;
            }
            let found = match refusal {
                Some(Refusal::Requirement(unmet)) => Some(*unmet),
                _ => None,
            };
            let expected = self.model.unmet(&self.model.asks[id], &order.requirements);
            assert_eq!(found, expected, "what ask {id} does not meet of {order:?}");
            refusal
                .and_then(unmet)
                .into_iter()
                .for_each(|what| self.tally.reached(what));
        }
    }

    /// Takes note of what few calls come to.
    pub fn notice(&mut self, call: &RuntimeCall) {
        let RuntimeCall::Marketplace(call) = call else { return };
        let reached: Vec<_> = match call {
            Call::deposit { lease: id, .. } => {
                let deposits = &self.model.leases[id].deposits;
                vec![
                    (depositors(*id).len() == MOST_DEPOSITORS, "eight depositors"),
                    (deposits.left().len() == LONGEST_QUEUE, "full queue of deposits"),
                    (deposits.joined > 0, "deposits joined in a full queue"),
                ]
            }
            Call::deploy { groups } => {
                let spread = groups.iter().map(|order| order.requirements.spread);
                let spread: Vec<_> = spread.flatten().collect();
                vec![(spread.windows(2).any(|two| two[0] == two[1]), "leases apart")]
            }
            _ => vec![],
        };
        let reached = reached.into_iter().filter(|(reached, _)| *reached);
        reached.for_each(|(_, outcome)| self.tally.reached(outcome));
    }
}
