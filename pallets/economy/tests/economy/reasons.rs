//! Why asks do not take an order, and what else a run is to have come to.

use crate::{
    chain::*,
    model::{depositors, Caller, LONGEST_QUEUE, MOST_DEPOSITORS},
    tally::unmet,
    world::World,
};
use pallet_marketplace::Call;
use perigee_primitives::Refusal;
use std::collections::BTreeMap;

impl World<'_> {
    /// Chain and model name the same reason why an ask does not take an order.
    pub fn compare_reasons(&mut self, caller: Caller, call: &RuntimeCall) {
        let (Caller::Account(owner), RuntimeCall::Marketplace(Call::deploy { groups })) = (caller, call) else {
            return;
        };
        for order in groups {
            let found: BTreeMap<_, _> = Marketplace::explain_order(owner, order.clone()).into_iter().collect();
            for id in &order.asks {
                let refusal = found.get(id);
                refusal
                    .and_then(unmet)
                    .into_iter()
                    .for_each(|what| self.tally.reached(what));
                // What is still free is told.
                let short =
                    |refusal: &&Refusal| matches!(refusal, Refusal::Capacity | Refusal::Stake | Refusal::Bond { .. });
                let found = refusal.filter(|refusal| !short(refusal)).copied();
                let expected = self.model.refusal(owner, *id, order);
                assert_eq!(found, expected, "why ask {id} does not take {order:?}");
            }
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
