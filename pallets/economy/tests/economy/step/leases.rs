//! What tenants, depositors and operators do with leases.

use super::*;

impl Steps {
    /// A lease that somebody may do something with.
    pub(super) fn lease(&mut self, model: &Model) -> LeaseId {
        let known: Vec<_> = model.leases.keys().copied().collect();
        let living: Vec<_> = known
            .iter()
            .copied()
            .filter(|id| model.leases[id].runs(model.now))
            .collect();
        let waits = |id: &LeaseId| matches!(model.leases[id].stage, Stage::Pending { .. });
        let waiting: Vec<_> = living.iter().copied().filter(waits).collect();
        match self.0.gen_range(0..20) {
            0 => self.0.gen_range(0..model.next_lease + 2),
            4..=8 if !waiting.is_empty() => self.one_of(&waiting),
            1..=3 if !known.is_empty() => self.one_of(&known),
            _ if !living.is_empty() => self.one_of(&living),
            _ => known.last().copied().unwrap_or_default(),
        }
    }

    pub(super) fn lease_step(&mut self, model: &Model) -> Step {
        let lease = self.lease(model);
        let Some(known) = model.leases.get(&lease) else {
            let who = self.one_of(&TENANTS);
            return call(who, Market::settle { lease });
        };
        let owner = self.caller(known.owner);
        let operator = model
            .providers
            .get(&known.provider)
            .map_or(11, |provider| provider.operator);
        let operator = self.caller(operator);
        if matches!(known.stage, Stage::Pending { .. }) && self.0.gen_ratio(5, 6) {
            return match self.0.gen_range(0..10) {
                0..=6 => call(operator, Market::activate { lease }),
                7..=8 => self.decline(operator, lease),
                _ => self.receipt(model, lease),
            };
        }
        if self.0.gen_ratio(1, 20) && model.is_abandoned(known) {
            return self.close(owner, known.deployment);
        }
        match self.0.gen_range(0..100) {
            0..=12 => {
                let payers = [owner, owner, self.one_of(&FRIENDS)];
                let who = self.one_of(&payers);
                call(
                    who,
                    Market::deposit {
                        lease,
                        amount: self.amount(1_500),
                    },
                )
            }
            13..=19 => {
                let payers = [owner, owner, self.one_of(&FRIENDS)];
                let who = self.one_of(&payers);
                let left = known.deposits.left_of(who);
                call(
                    who,
                    Market::withdraw {
                        lease,
                        amount: self.amount(left),
                    },
                )
            }
            20..=31 => {
                let units = if self.often() { self.0.gen_range(1..5) } else { 0 };
                let max_rate = if self.often() { 200 } else { 3 };
                let commitment = [self.0.gen(); 32];
                call(
                    owner,
                    Market::resize {
                        lease,
                        resources: resources(units),
                        commitment,
                        max_rate,
                    },
                )
            }
            32..=35 => call(
                owner,
                Market::extend {
                    lease,
                    blocks: self.0.gen_range(0..60),
                },
            ),
            36..=41 => call(
                owner,
                Market::pause {
                    lease,
                    blocks: self.0.gen_range(0..MAX_PAUSE + 2),
                },
            ),
            42..=45 => call(owner, Market::resume { lease }),
            46..=54 => call(
                operator,
                Market::set_ready {
                    lease,
                    ready: self.0.gen(),
                },
            ),
            55..=58 => call(operator, Market::give_notice { lease }),
            59 => call(
                operator,
                Market::stop_for_abuse {
                    lease,
                    evidence: [1; 32],
                },
            ),
            60 => self.root(
                Market::take_down {
                    lease,
                    evidence: [2; 32],
                },
                operator,
            ),
            61..=65 => self.close(owner, known.deployment),
            66..=69 => {
                let to = self.one_of(&TENANTS);
                call(
                    owner,
                    Market::offer_transfer {
                        deployment: known.deployment,
                        to,
                    },
                )
            }
            70 => call(
                owner,
                Market::cancel_transfer {
                    deployment: known.deployment,
                },
            ),
            71..=75 => self.accept(model, known.deployment),
            76..=79 => call(self.caller(1), Market::settle { lease }),
            80..=81 => {
                let leases: Vec<_> = (0..self.0.gen_range(0..4)).map(|_| self.lease(model)).collect();
                call(
                    owner,
                    Market::settle_many {
                        leases: leases.try_into().expect("few leases"),
                    },
                )
            }
            82..=84 => self.tear_down(model, known.provider, operator),
            85..=86 => call(
                owner,
                Market::update {
                    lease,
                    commitment: [self.0.gen(); 32],
                },
            ),
            87..=92 => self.approve(lease, known),
            93..=94 => {
                let who = self.one_of(&FRIENDS);
                call(owner, Pay::revoke_approval { id: lease, who })
            }
            _ => {
                let payees = [known.payee, known.payee, POT, owner];
                let payee = self.one_of(&payees);
                call(self.caller(6), Pay::claim { id: lease, payee })
            }
        }
    }

    /// Mostly as abandoned, which attestation is to confirm.
    fn close(&mut self, owner: Who, deployment: DeploymentId) -> Step {
        let claim = self.0.gen_ratio(4, 5).then_some(Claim::Abandoned);
        call(owner, Market::close { deployment, claim })
    }

    pub(super) fn decline(&mut self, operator: Who, lease: LeaseId) -> Step {
        use DeclineReason::{ClusterError, NoCapacity, NoManifest, TenantWorkload};
        let reason = self.one_of(&[ClusterError, NoCapacity, NoManifest, TenantWorkload]);
        call(operator, Market::decline { lease, reason })
    }

    fn receipt(&mut self, model: &Model, lease: LeaseId) -> Step {
        let known = &model.leases[&lease];
        let provider = &model.providers[&known.provider];
        let received_at = model.now.saturating_sub(self.0.gen_range(0..12));
        let key = match provider.previous {
            Some((key, until)) if received_at < until => key,
            _ => provider.key,
        };
        let key = if self.often() { key } else { self.0.gen_range(0..KEYS) };
        let message = receipt_message(&System::block_hash(0).0, lease, &known.commitment, received_at);
        let signature = sign(key, &message);
        call(
            self.caller(known.owner),
            Market::file_receipt {
                lease,
                received_at,
                signature,
            },
        )
    }

    fn accept(&mut self, model: &Model, deployment: DeploymentId) -> Step {
        let to = model
            .deployments
            .get(&deployment)
            .and_then(|deployment| deployment.offered_to);
        let who = to.unwrap_or(self.one_of(&TENANTS));
        call(self.caller(who), Market::accept_transfer { deployment })
    }

    /// Reports ended leases of a provider torn down, mostly.
    fn tear_down(&mut self, model: &Model, provider: ProviderId, operator: Who) -> Step {
        let over = |id: &LeaseId| model.leases[id].provider == provider && !model.leases[id].runs(model.now);
        let mut leases: Vec<_> = model.leases.keys().copied().filter(over).collect();
        leases.truncate(3);
        if !self.often() {
            leases.push(self.lease(model));
        }
        call(
            operator,
            Market::torn_down {
                leases: leases.try_into().expect("few leases"),
            },
        )
    }
}
