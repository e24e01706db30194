//! What happens next in a world: mostly what may succeed, now and then what may not.

use crate::{
    chain::*,
    model::{lease::Stage, Caller, Model},
    world::{Agenda, Step},
};
use pallet_escrow::Share;
use pallet_marketplace::Claim;
use perigee_heartbeat::{Gaps, Report};
use perigee_primitives::{
    receipt_message, registration_message, AskId, AskTerms, Balance, DeclineReason, DeploymentId, FeeRate, GroupOrder,
    LeaseId, ProviderId, Tenants, TermLimits,
};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};

/// Who rents. The last one is also a stash, and may come to rent from itself.
const TENANTS: [Who; 4] = [1, 2, 3, 10];
/// Who pays for others, and audits.
const FRIENDS: [Who; 3] = [4, 5, 6];
const STASHES: [Who; 4] = [10, 20, 30, 40];
/// They own nothing at first: small payouts to them fail.
pub const OPERATORS: [Who; 8] = [11, 21, 31, 41, 51, 61, 71, 81];
/// Who gets shares of the income beside the treasury.
const RECIPIENTS: [Who; 3] = [7, 8, TREASURY];
/// Where operators send what they earned.
pub const SINK: Who = 99;

/// Everybody who owns something from the start.
pub fn rich() -> Vec<Who> {
    let mut rich = [TENANTS.as_slice(), &FRIENDS, &STASHES].concat();
    rich.sort_unstable();
    rich.dedup();
    rich
}

/// Everybody.
pub fn everybody() -> Vec<Who> {
    [rich().as_slice(), &OPERATORS, &RECIPIENTS, &[SINK, POT]].concat()
}

/// Draws steps.
pub struct Steps(StdRng);

type Market = pallet_marketplace::Call<Test>;
type Provide = pallet_providers::Call<Test>;
type Pay = pallet_escrow::Call<Test>;

impl Steps {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// The first steps of each world: three providers with stake, bonds, capacity and asks.
    pub fn opening(&mut self) -> Vec<Step> {
        let mut steps = vec![];
        for number in 0..3 {
            let (stash, operator) = (STASHES[number], OPERATORS[number]);
            steps.push(self.register(stash, operator, number as u8, 6_000));
            steps.push(call(stash, Provide::fund_bonds { amount: 30_000 }));
            steps.push(call(
                operator,
                Provide::set_capacity {
                    resources: resources(10),
                },
            ));
            for _ in 0..2 {
                let terms = AskTerms {
                    valid_until: None,
                    ..self.terms(0)
                };
                steps.push(call(operator, Provide::publish_ask { terms }));
            }
        }
        steps
    }

    /// What happens next.
    pub fn next(&mut self, model: &Model) -> Step {
        match self.0.gen_range(0..100) {
            0..=17 => self.blocks(),
            18..=29 => self.deploy(model),
            30..=79 => self.lease_step(model),
            80..=93 => self.provider_step(model),
            94..=98 => self.money_step(model),
            _ => self.odd_step(model),
        }
    }

    fn blocks(&mut self) -> Step {
        let count = match self.0.gen_range(0..100) {
            0..=59 => self.0.gen_range(1..5),
            60..=92 => self.0.gen_range(5..16),
            93..=98 => self.0.gen_range(16..60),
            _ => self.0.gen_range(60..250),
        };
        let agenda = match self.0.gen_range(0..6) {
            0 => Agenda::Idle,
            1 => Agenda::Short(self.0.gen_range(1..4)),
            _ => Agenda::Full,
        };
        Step::Blocks { count, agenda }
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        *all.choose(&mut self.0).expect("there are some")
    }

    fn often(&mut self) -> bool {
        self.0.gen_ratio(15, 16)
    }

    /// `who`, or now and then anybody.
    fn caller(&mut self, who: Who) -> Who {
        if self.often() {
            who
        } else {
            self.one_of(&everybody())
        }
    }

    /// Mostly within `ordinary`, sometimes nothing or absurdly much.
    fn amount(&mut self, ordinary: Balance) -> Balance {
        match self.0.gen_range(0..40) {
            0 => 0,
            1 => Balance::MAX,
            2 => RICH,
            3..=6 => self.0.gen_range(1..40),
            _ => self.0.gen_range(1..=ordinary.max(1)),
        }
    }

    fn deploy(&mut self, model: &Model) -> Step {
        let owner = self.one_of(&TENANTS);
        let groups = if self.0.gen_ratio(1, 5) { 2 } else { 1 };
        let groups: Vec<_> = (0..groups).map(|_| self.order(model)).collect();
        call(
            self.caller(owner),
            Market::deploy {
                groups: groups.try_into().expect("few groups"),
            },
        )
    }

    fn order(&mut self, model: &Model) -> GroupOrder<Who> {
        let standing: Vec<_> = model.asks.keys().copied().collect();
        let asks: Vec<_> = (0..self.0.gen_range(1..4)).map(|_| self.ask(&standing)).collect();
        let asks = if self.often() { asks } else { vec![] };
        let units = if self.often() { self.0.gen_range(1..4) } else { 0 };
        let term = match self.0.gen_range(0..6) {
            0 | 1 => Some(self.0.gen_range(0..90)),
            _ => None,
        };
        let dearest = asks.iter().filter_map(|ask| model.asks.get(ask));
        let dearest = dearest
            .map(|ask| ask.terms.prices.cpu_milli / 10_000)
            .max()
            .unwrap_or(1);
        let rate = Balance::from(dearest) * Balance::from(units);
        let least = rate * Balance::from(RESERVE + term.unwrap_or(0));
        let deposit = match self.0.gen_range(0..20) {
            0 => self.amount(500),
            1..=6 => least,
            _ => least + self.0.gen_range(0..=rate * 120),
        };
        GroupOrder {
            resources: resources(units),
            commitment: [self.0.gen(); 32],
            asks: asks.try_into().expect("few asks"),
            max_rate: if self.often() { 200 } else { self.0.gen_range(0..30) },
            deposit,
            term,
            requirements: Default::default(),
        }
    }

    fn ask(&mut self, standing: &[AskId]) -> AskId {
        if standing.is_empty() || !self.often() {
            return self.0.gen_range(0..30);
        }
        self.one_of(standing)
    }

    /// A lease that somebody may do something with.
    fn lease(&mut self, model: &Model) -> LeaseId {
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

    fn lease_step(&mut self, model: &Model) -> Step {
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
                0..=7 => call(operator, Market::activate { lease }),
                8 => self.decline(operator, lease),
                _ => self.receipt(model, lease),
            };
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
            59..=60 => call(
                operator,
                Market::stop_for_abuse {
                    lease,
                    evidence: [1; 32],
                },
            ),
            61 => self.root(
                Market::take_down {
                    lease,
                    evidence: [2; 32],
                },
                operator,
            ),
            61..=65 => {
                let claim = if self.0.gen_ratio(4, 5) {
                    Some(Claim::Abandoned)
                } else {
                    None
                };
                call(
                    owner,
                    Market::close {
                        deployment: known.deployment,
                        claim,
                    },
                )
            }
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
            87..=92 => {
                let who = self.one_of(&FRIENDS);
                call(
                    owner,
                    Pay::approve {
                        id: lease,
                        who,
                        minimum: self.0.gen_range(0..200),
                    },
                )
            }
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

    fn decline(&mut self, operator: Who, lease: LeaseId) -> Step {
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

    /// By root, or now and then by somebody else.
    fn root(&mut self, runtime_call: impl Into<RuntimeCall>, stranger: Who) -> Step {
        let caller = if self.often() {
            Caller::Root
        } else {
            Caller::Account(stranger)
        };
        Step::Call {
            caller,
            call: runtime_call.into(),
        }
    }

    fn terms(&mut self, now: u32) -> AskTerms<Who> {
        let lasts = self.0.gen_range(0..120);
        AskTerms {
            prices: prices(self.0.gen_range(1..25)),
            attributes: Default::default(),
            place: Default::default(),
            isolation: Default::default(),
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

    fn register(&mut self, stash: Who, operator: Who, key: u8, stake: Balance) -> Step {
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

    fn provider_step(&mut self, model: &Model) -> Step {
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
                let expires_at = model.now + self.0.gen_range(0..30);
                let auditor = self.one_of(&FRIENDS);
                call(
                    auditor,
                    Provide::sign_attributes {
                        provider: id,
                        attributes: Default::default(),
                        expires_at,
                    },
                )
            }
            93..=95 => call(self.one_of(&FRIENDS), Provide::revoke { provider: id }),
            _ => {
                let auditor = self.one_of(&FRIENDS);
                call(stash, Provide::remove_expired_audit { provider: id, auditor })
            }
        }
    }

    fn money_step(&mut self, model: &Model) -> Step {
        let stranger = self.one_of(&everybody());
        match self.0.gen_range(0..10) {
            0..=1 => {
                let rate = FeeRate::new(self.0.gen_range(30_000..=50_000)).expect("within the bounds");
                self.root(Pay::set_fee_rate { rate }, stranger)
            }
            2..=3 => self.shares(stranger),
            4..=6 => call(stranger, Pay::distribute {}),
            7 => {
                let lease = self.lease(model);
                call(stranger, Pay::claim { id: lease, payee: POT })
            }
            _ => {
                let operator = self.one_of(&OPERATORS);
                call(
                    operator,
                    pallet_balances::Call::transfer_all {
                        dest: SINK,
                        keep_alive: false,
                    },
                )
            }
        }
    }

    fn shares(&mut self, stranger: Who) -> Step {
        let first = self.0.gen_range(1..999_999);
        let second = if self.often() {
            1_000_000 - first
        } else {
            self.0.gen_range(0..1_000_000)
        };
        let mut who = [RECIPIENTS.as_slice(), &[11, 2]].concat();
        who.shuffle(&mut self.0);
        if !self.often() {
            who[1] = self.one_of(&[who[0], POT]);
        }
        let shares = [(who[0], first), (who[1], second)].map(|(recipient, ppm)| Share { recipient, ppm });
        self.root(
            Pay::set_income_shares {
                shares: shares.to_vec().try_into().expect("two"),
            },
            stranger,
        )
    }

    /// Reports that nobody planned: of an epoch that is not over or judged long ago, and of a validator that is none.
    fn odd_step(&mut self, model: &Model) -> Step {
        let epoch = TIMES.epoch_of(model.now);
        let validator = self.0.gen_range(0..VALIDATORS);
        let (epoch, validator) = match self.0.gen_range(0..3) {
            0 => (epoch, validator),
            1 => (epoch.saturating_sub(1), VALIDATORS + validator),
            2 if epoch > 1 => (epoch - 2, validator),
            _ => (epoch + 1, validator),
        };
        let report = Report {
            epoch,
            validator,
            finalised: 0,
            absent: Gaps::from_ids([]).expect("empty"),
        };
        let call = pallet_reputation::Call::report {
            report,
            signature: signature(),
        }
        .into();
        let caller = self.one_of(&[Caller::Report, Caller::Report, Caller::Root, Caller::Account(1)]);
        Step::Call { caller, call }
    }
}

fn call(who: Who, call: impl Into<RuntimeCall>) -> Step {
    Step::Call {
        caller: Caller::Account(who),
        call: call.into(),
    }
}

/// Signatures are checked before a report is dispatched; that is tested where it is done.
pub fn signature() -> pallet_reputation::AuthoritySignature {
    sp_core::sr25519::Signature::from_raw([0; 64]).into()
}

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
        gifts.into_iter().chain(claims).collect()
    }
}
