//! How a world ends.

use super::*;
use std::iter;

impl Steps {
    /// Steps by which everybody goes. To be drawn when they are taken: they follow from what there is.
    pub fn closing(&mut self, model: &Model) -> Vec<Step> {
        let owned = model.deployments.iter();
        let close = |(id, deployment): (&DeploymentId, &crate::model::Deployment)| {
            call(
                deployment.owner,
                Market::close {
                    deployment: *id,
                    claim: None,
                },
            )
        };
        let mut steps: Vec<_> = owned.map(close).collect();
        let wait = |count| Step::Blocks {
            count,
            agenda: Agenda::Full,
        };
        steps.push(wait(RETENTION + RESERVE));
        let released = || (0..model.next_provider).map(|provider| call(SINK, Provide::withdraw_unbonded { provider }));
        steps.extend(released());
        for provider in model.providers.values() {
            steps.push(call(provider.stash, Provide::retire {}));
        }
        steps.push(wait(UNBONDING + 1));
        steps.extend(released());
        for (provider, auditor) in model.audits.keys() {
            let (provider, auditor) = (*provider, *auditor);
            steps.push(call(SINK, Provide::remove_expired_audit { provider, auditor }));
        }
        steps
    }

    /// Steps by which everybody takes what is still owed, however poor it is.
    pub fn claims(&mut self) -> Vec<Step> {
        let accounts = pallet_escrow::Accounts::<Test>::iter();
        let owed =
            accounts.flat_map(|(id, account)| account.credits.0.into_iter().map(move |credit| (id, credit.payee)));
        let mut owed: Vec<_> = owed.collect();
        owed.sort_unstable();
        owed.dedup();
        let gift = |(_, payee): &(LeaseId, Who)| {
            let dest = *payee;
            call(
                FRIENDS[0],
                pallet_balances::Call::transfer_allow_death { dest, value: ED },
            )
        };
        let gifts: Vec<_> = owed.iter().map(gift).collect();
        let claims = owed
            .into_iter()
            .map(|(id, payee)| call(payee, Pay::claim { id, payee }));
        let thaw = Step::Freeze {
            who: FRIENDS[0],
            amount: 0,
        };
        iter::once(thaw).chain(gifts).chain(claims).collect()
    }
}
