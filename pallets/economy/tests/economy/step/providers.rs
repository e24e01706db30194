//! What stashes, operators and auditors do.

use super::*;

impl Steps {
    pub(super) fn terms(&mut self, now: u32) -> AskTerms<Who> {
        let lasts = self.0.gen_range(0..120);
        AskTerms {
            prices: prices(self.0.gen_range(1..25)),
            attributes: self.attributes(),
            place: self.place(),
            isolation: self.isolation(),
            terms: TermLimits {
                shortest: if self.often() { 0 } else { 30 },
                longest: if self.often() {
                    None
                } else {
                    Some(self.0.gen_range(0..80))
                },
            },
            valid_until: self.0.gen_ratio(1, 5).then_some(now + lasts),
            tenants: if self.often() {
                Tenants::All
            } else {
                Tenants::Except(vec![self.one_of(&TENANTS)].try_into().expect("one"))
            },
            notice: if self.often() {
                self.0.gen_range(5..60)
            } else {
                self.0.gen_range(0..600)
            },
            sla: if self.often() {
                self.one_of(&[0, 500_000, 900_000, 1_000_000, 777_777])
            } else {
                1_000_001
            },
        }
    }

    pub(super) fn register(&mut self, stash: Who, operator: Who, key: u8, stake: Balance) -> Step {
        let proof = sign(key, &registration_message(&System::block_hash(0).0, &stash));
        let register = Provide::register {
            operator,
            heartbeat_key: public(key),
            proof,
            pins: vec![[7; 32]].try_into().expect("one pin"),
            gateway: b"gateway.example:8443".to_vec().try_into().expect("short"),
            stake,
        };
        call(stash, register)
    }

    pub(super) fn provider_step(&mut self, model: &Model) -> Step {
        let stash = self.one_of(&STASHES);
        let provider = model.of_stash(stash);
        let operator = provider.map_or(self.one_of(&OPERATORS), |id| model.providers[&id].operator);
        let operator = self.caller(operator);
        let id = provider.unwrap_or(self.0.gen_range(0..model.next_provider + 1));
        let asks: Vec<_> = model
            .asks
            .iter()
            .filter(|(_, ask)| ask.provider == id)
            .map(|(id, _)| *id)
            .collect();
        match self.0.gen_range(0..100) {
            _ if provider.is_none() && self.0.gen_ratio(2, 3) => {
                let (operator, key) = (self.one_of(&OPERATORS), self.0.gen_range(0..KEYS));
                let stake = self.0.gen_range(MIN_STAKE - 50..8_000);
                self.register(stash, operator, key, stake)
            }
            0..=9 => call(
                operator,
                Provide::publish_ask {
                    terms: self.terms(model.now),
                },
            ),
            10..=21 => {
                let ask = self.ask(&asks);
                call(
                    operator,
                    Provide::replace_ask {
                        ask,
                        terms: self.terms(model.now),
                    },
                )
            }
            22..=26 => call(operator, Provide::withdraw_ask { ask: self.ask(&asks) }),
            27..=36 => {
                let units = if self.often() {
                    self.0.gen_range(6..14)
                } else {
                    self.0.gen_range(0..4)
                };
                call(
                    operator,
                    Provide::set_capacity {
                        resources: resources(units),
                    },
                )
            }
            37..=43 => call(
                stash,
                Provide::bond_stake {
                    amount: self.amount(1_500),
                },
            ),
            44..=49 => call(
                stash,
                Provide::unbond {
                    amount: self.amount(1_200),
                },
            ),
            50..=54 => call(
                self.caller(6),
                Provide::withdraw_unbonded {
                    provider: self.0.gen_range(0..model.next_provider + 1),
                },
            ),
            55..=62 => call(
                stash,
                Provide::fund_bonds {
                    amount: self.amount(6_000),
                },
            ),
            63..=67 => call(
                stash,
                Provide::withdraw_bonds {
                    amount: self.amount(6_000),
                },
            ),
            68..=73 => {
                let amount = self.amount(900);
                self.root(
                    Provide::slash {
                        provider: id,
                        evidence: [3; 32],
                        amount,
                    },
                    stash,
                )
            }
            74 => call(stash, Provide::retire {}),
            75..=77 => call(
                stash,
                Provide::set_operator {
                    operator: self.one_of(&OPERATORS),
                },
            ),
            78..=80 => {
                let key = self.0.gen_range(0..KEYS);
                let proof = sign(key, &registration_message(&System::block_hash(0).0, &stash));
                call(
                    operator,
                    Provide::set_heartbeat_key {
                        key: public(key),
                        proof,
                    },
                )
            }
            81..=83 => {
                let pins = if self.often() { vec![[8; 32]] } else { vec![] };
                let (pins, gateway) = (
                    pins.try_into().expect("one"),
                    b"gw:1".to_vec().try_into().expect("short"),
                );
                call(operator, Provide::set_gateway { pins, gateway })
            }
            84..=86 => call(
                operator,
                Provide::set_abuse_contact {
                    contact: Default::default(),
                },
            ),
            87..=92 => {
                let expires_at = model.now + self.0.gen_range(0..120);
                let auditor = self.one_of(&AUDITORS);
                call(
                    auditor,
                    Provide::sign_attributes {
                        provider: id,
                        attributes: self.attributes(),
                        expires_at,
                    },
                )
            }
            93..=95 => call(self.one_of(&AUDITORS), Provide::revoke { provider: id }),
            _ => {
                let auditor = self.one_of(&AUDITORS);
                call(stash, Provide::remove_expired_audit { provider: id, auditor })
            }
        }
    }
}
