//! A plain model of the pallet: integers and lists, everything summed up anew at each look. It knows no holds, no
//! indices and no queue.

use super::*;
use codec::Encode;
use std::collections::BTreeMap;

/// What happens to the pallet and to its model.
#[derive(Clone, Debug)]
pub enum Step {
    Register {
        stash: u64,
        operator: u64,
        key: u8,
        stake: Balance,
    },
    SetOperator {
        stash: u64,
        operator: u64,
    },
    SetKey {
        operator: u64,
        key: u8,
    },
    SetCapacity {
        operator: u64,
        cpu: u64,
    },
    SetGateway {
        operator: u64,
    },
    SetContact {
        operator: u64,
    },
    Retire {
        stash: u64,
    },
    Publish {
        operator: u64,
        lasts: Option<u32>,
        attributes: u8,
    },
    Replace {
        operator: u64,
        ask: AskId,
        lasts: Option<u32>,
        attributes: u8,
    },
    Withdraw {
        operator: u64,
        ask: AskId,
    },
    BondStake {
        stash: u64,
        amount: Balance,
    },
    Unbond {
        stash: u64,
        amount: Balance,
    },
    WithdrawUnbonded {
        provider: ProviderId,
    },
    FundBonds {
        stash: u64,
        amount: Balance,
    },
    WithdrawBonds {
        stash: u64,
        amount: Balance,
    },
    Sign {
        auditor: u64,
        provider: ProviderId,
        lasts: u32,
        attributes: u8,
    },
    Revoke {
        auditor: u64,
        provider: ProviderId,
    },
    RemoveAudit {
        auditor: u64,
        provider: ProviderId,
    },
    Slash {
        provider: ProviderId,
        amount: Balance,
    },
    Lease {
        provider: ProviderId,
        cpu: u64,
        rate: Balance,
    },
    /// Of the leases that are open, the one of this number.
    Free {
        provider: ProviderId,
        lease: usize,
    },
    SetBond {
        provider: ProviderId,
        lease: LeaseId,
        amount: Balance,
    },
    Pay {
        provider: ProviderId,
        lease: LeaseId,
        tenant: u64,
        amount: Balance,
    },
    Release {
        provider: ProviderId,
        lease: LeaseId,
    },
    /// An account gives all it has to `SINK`.
    Drain {
        who: u64,
    },
    Jump {
        blocks: u32,
    },
    /// The queue of expiries is worked off.
    Idle,
}

/// Takes what others give away.
pub const SINK: u64 = 11;

pub fn pairs(count: u8) -> Attributes {
    let text = |n: u8| vec![b'a' + n].try_into().expect("short");
    let pairs: Vec<_> = (0..count).map(|n| (text(n), text(n))).collect();
    pairs.try_into().expect("few")
}

pub fn terms_of(attributes: u8, valid_until: Option<BlockNumber>) -> AskTerms<u64> {
    AskTerms {
        attributes: pairs(attributes),
        valid_until,
        ..terms()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Modelled {
    pub stash: u64,
    pub operator: u64,
    pub key: u8,
    pub changed_key_at: Option<BlockNumber>,
    pub stake: Balance,
    pub cpu: u64,
    pub leases: Vec<(u64, Balance)>,
    pub pool: Balance,
    pub bonds: BTreeMap<LeaseId, Balance>,
}

impl Modelled {
    pub fn leased_cpu(&self) -> u64 {
        self.leases.iter().map(|(cpu, _)| cpu).sum()
    }

    pub fn leased_rate(&self) -> Balance {
        self.leases.iter().map(|(_, rate)| rate).sum()
    }

    pub fn bonded(&self) -> Balance {
        self.bonds.values().sum()
    }

    /// Would the stake do, with `more` rate leased?
    pub fn backs(&self, stake: Balance, more: Balance) -> bool {
        let rate = self.leased_rate().saturating_add(more);
        stake >= STAKE && rate.saturating_mul(STAKE_BLOCKS.into()) <= stake
    }
}

#[derive(Clone, Debug)]
pub struct Chunk {
    pub provider: ProviderId,
    pub stash: u64,
    pub amount: Balance,
    pub release_at: BlockNumber,
}

#[derive(Clone, Debug)]
pub struct ModelledAsk {
    pub provider: ProviderId,
    pub terms: AskTerms<u64>,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub now: BlockNumber,
    pub providers: BTreeMap<ProviderId, Modelled>,
    pub next_provider: ProviderId,
    pub chunks: Vec<Chunk>,
    pub asks: BTreeMap<AskId, ModelledAsk>,
    pub next_ask: AskId,
    /// Attributes and expiry, by provider and auditor.
    pub audits: BTreeMap<(ProviderId, u64), (u8, BlockNumber)>,
    /// What each account has in all.
    pub owned: BTreeMap<u64, Balance>,
}

impl Model {
    pub fn new(owned: BTreeMap<u64, Balance>) -> Self {
        Self {
            now: 7,
            providers: BTreeMap::new(),
            next_provider: 0,
            chunks: Vec::new(),
            asks: BTreeMap::new(),
            next_ask: 0,
            audits: BTreeMap::new(),
            owned,
        }
    }

    fn of_stash(&mut self, stash: u64) -> Option<(ProviderId, &mut Modelled)> {
        let found = self.providers.iter_mut().find(|(_, p)| p.stash == stash);
        found.map(|(id, p)| (*id, p))
    }

    fn of_operator(&mut self, operator: u64) -> Option<(ProviderId, &mut Modelled)> {
        let found = self.providers.iter_mut().find(|(_, p)| p.operator == operator);
        found.map(|(id, p)| (*id, p))
    }

    pub fn is_expired(&self, ask: &ModelledAsk) -> bool {
        ask.terms.valid_until.is_some_and(|block| block <= self.now)
    }

    fn asks_of(&self, provider: ProviderId) -> Vec<AskId> {
        let own = self.asks.iter().filter(|(_, ask)| ask.provider == provider);
        own.map(|(id, _)| *id).collect()
    }

    /// Moves what is not on hold any more; accounts below the existential deposit take nothing.
    fn give(&mut self, from: u64, to: u64, amount: Balance) -> bool {
        let there = self.owned.get(&to).copied().unwrap_or_default();
        if from != to && there + amount < ED {
            return false;
        }
        *self.owned.entry(from).or_default() -= amount;
        *self.owned.entry(to).or_default() += amount;
        true
    }

    /// No account of the model is ever short of money for an amount that is not absurd.
    fn affords(amount: Balance) -> bool {
        amount <= ENDOWMENT
    }

    fn unbond(&mut self, provider: ProviderId, stash: u64, amount: Balance) -> bool {
        let release_at = self.now + UNBONDING_DELAY;
        let mut own: Vec<_> = self.chunks.iter_mut().filter(|c| c.provider == provider).collect();
        if let Some(last) = own.last_mut().filter(|last| last.release_at == release_at) {
            last.amount += amount;
            return true;
        }
        if own.len() == 8 {
            return false;
        }
        self.chunks.push(Chunk {
            provider,
            stash,
            amount,
            release_at,
        });
        true
    }

    /// Does what `step` says; tells whether it was allowed, and leaves everything as it was if not.
    pub fn apply(&mut self, step: &Step) -> bool {
        let before = self.clone();
        let allowed = self.try_apply(step).is_some();
        if !allowed {
            *self = before;
        }
        allowed
    }

    fn try_apply(&mut self, step: &Step) -> Option<()> {
        let now = self.now;
        let is = |condition: bool| condition.then_some(());
        match *step {
            Step::Register {
                stash,
                operator,
                key,
                stake,
            } => {
                let taken = |p: &Modelled| p.stash == stash || p.operator == operator || p.key == key;
                is(!self.providers.values().any(taken) && stake >= STAKE && Self::affords(stake))?;
                let provider = Modelled {
                    stash,
                    operator,
                    key,
                    stake,
                    ..Default::default()
                };
                self.providers.insert(self.next_provider, provider);
                self.next_provider += 1;
            }
            Step::SetOperator { stash, operator } => {
                is(!self.providers.values().any(|p| p.operator == operator))?;
                self.of_stash(stash)?.1.operator = operator;
            }
            Step::SetKey { operator, key } => {
                is(!self.providers.values().any(|p| p.key == key))?;
                let (_, p) = self.of_operator(operator)?;
                is(p.changed_key_at.is_none_or(|at| at + KEY_OVERLAP <= now))?;
                (p.key, p.changed_key_at) = (key, Some(now));
            }
            Step::SetCapacity { operator, cpu } => self.of_operator(operator)?.1.cpu = cpu,
            Step::SetGateway { operator } | Step::SetContact { operator } => {
                self.of_operator(operator)?;
            }
            Step::Retire { stash } => {
                let (id, p) = self.of_stash(stash)?;
                is(p.leases.is_empty() && p.bonds.is_empty())?;
                let stake = p.stake;
                is(stake == 0 || self.unbond(id, stash, stake))?;
                self.asks.retain(|_, ask| ask.provider != id);
                self.providers.remove(&id);
            }
            Step::Publish {
                operator,
                lasts,
                attributes,
            } => {
                let provider = self.of_operator(operator)?.0;
                let valid_until = lasts.map(|blocks| now + blocks);
                is(lasts != Some(0))?;
                let own = self.asks_of(provider);
                if own.len() == 8 {
                    let expired = own.into_iter().find(|ask| self.is_expired(&self.asks[ask]))?;
                    self.asks.remove(&expired);
                }
                let terms = terms_of(attributes, valid_until);
                self.asks.insert(self.next_ask, ModelledAsk { provider, terms });
                self.next_ask += 1;
            }
            Step::Replace {
                operator,
                ask,
                lasts,
                attributes,
            } => {
                let provider = self.of_operator(operator)?.0;
                let old = self.asks.get(&ask)?;
                is(old.provider == provider && !self.is_expired(old) && lasts != Some(0))?;
                let terms = terms_of(attributes, lasts.map(|blocks| now + blocks));
                self.asks.insert(ask, ModelledAsk { provider, terms });
            }
            Step::Withdraw { operator, ask } => {
                let provider = self.of_operator(operator)?.0;
                is(self.asks.get(&ask)?.provider == provider)?;
                self.asks.remove(&ask);
            }
            Step::BondStake { stash, amount } => {
                is(amount > 0 && Self::affords(amount))?;
                self.of_stash(stash)?.1.stake += amount;
            }
            Step::Unbond { stash, amount } => {
                let (id, p) = self.of_stash(stash)?;
                let rest = p.stake.checked_sub(amount)?;
                is(amount > 0 && p.backs(rest, 0))?;
                p.stake = rest;
                is(self.unbond(id, stash, amount))?;
            }
            Step::WithdrawUnbonded { provider } => {
                let due = |c: &Chunk| c.provider == provider && c.release_at <= now;
                is(self.chunks.iter().any(due))?;
                self.chunks.retain(|c| !due(c));
            }
            Step::FundBonds { stash, amount } => {
                is(amount > 0 && Self::affords(amount))?;
                self.of_stash(stash)?.1.pool += amount;
            }
            Step::WithdrawBonds { stash, amount } => {
                let p = self.of_stash(stash)?.1;
                is(amount > 0 && amount <= p.pool - p.bonded())?;
                p.pool -= amount;
            }
            Step::Sign {
                auditor,
                provider,
                lasts,
                attributes,
            } => {
                is(self.providers.contains_key(&provider) && lasts > 0)?;
                self.audits.insert((provider, auditor), (attributes, now + lasts));
            }
            Step::Revoke { auditor, provider } => {
                self.audits.remove(&(provider, auditor))?;
            }
            Step::RemoveAudit { auditor, provider } => {
                let (_, expires_at) = self.audits.remove(&(provider, auditor))?;
                is(expires_at <= now || !self.providers.contains_key(&provider))?;
            }
            Step::Slash { provider, amount } => self.slash(provider, amount)?,
            Step::Lease { provider, cpu, rate } => {
                let p = self.providers.get_mut(&provider)?;
                is(p.leased_cpu() + cpu <= p.cpu && p.backs(p.stake, rate))?;
                p.leases.push((cpu, rate));
            }
            Step::Free { provider, lease } => {
                let p = self.providers.get_mut(&provider)?;
                is(lease < p.leases.len())?;
                p.leases.remove(lease);
            }
            Step::SetBond {
                provider,
                lease,
                amount,
            } => {
                let p = self.providers.get_mut(&provider)?;
                p.bonds.remove(&lease);
                is(amount <= p.pool - p.bonded())?;
                p.bonds.insert(lease, amount);
            }
            Step::Pay {
                provider,
                lease,
                tenant,
                amount,
            } => self.pay(provider, lease, tenant, amount),
            Step::Release { provider, lease } => {
                self.providers.get_mut(&provider).map(|p| p.bonds.remove(&lease));
            }
            Step::Drain { who } => {
                let all = self.owned.get(&who).copied().unwrap_or_default();
                is(all > 0 && self.give(who, SINK, all))?;
            }
            Step::Jump { blocks } => self.now += blocks,
            Step::Idle => {
                let expired = |ask: &ModelledAsk| ask.terms.valid_until.is_some_and(|block| block <= now);
                self.asks.retain(|_, ask| !expired(ask));
            }
        }
        Some(())
    }

    fn slash(&mut self, provider: ProviderId, amount: Balance) -> Option<()> {
        let stash = self.providers.get(&provider).map(|p| p.stash);
        let chunks = self.chunks.iter().filter(|c| c.provider == provider);
        let stash = stash.or(chunks.clone().next().map(|c| c.stash))?;
        let staked = self.providers.get(&provider).map(|p| p.stake).unwrap_or_default();
        let taken = amount.min(staked + chunks.map(|c| c.amount).sum::<Balance>());
        if taken == 0 || !self.give(stash, INCOME, taken) {
            return None;
        }
        let mut rest = taken.saturating_sub(staked);
        if let Some(p) = self.providers.get_mut(&provider) {
            p.stake -= taken - rest;
        }
        for chunk in self.chunks.iter_mut().filter(|c| c.provider == provider) {
            let part = rest.min(chunk.amount);
            chunk.amount -= part;
            rest -= part;
        }
        self.chunks.retain(|c| c.amount > 0);
        Some(())
    }

    fn pay(&mut self, provider: ProviderId, lease: LeaseId, tenant: u64, amount: Balance) {
        let Some(p) = self.providers.get(&provider) else { return };
        let (stash, bond) = (p.stash, p.bonds.get(&lease).copied().unwrap_or_default());
        let paid = amount.min(bond);
        if paid == 0 || !(self.give(stash, tenant, paid) || self.give(stash, INCOME, paid)) {
            return;
        }
        if let Some(p) = self.providers.get_mut(&provider) {
            p.pool -= paid;
            p.bonds.insert(lease, bond - paid);
        }
    }

    /// What must be held for records of `who`: ten for each and one for each byte.
    pub fn record_deposits(&self, who: u64) -> Balance {
        let price = |bytes: usize| 10 + bytes as Balance;
        let own = self.providers.iter().filter(|(_, p)| p.stash == who);
        let provider = price(<crate::Provider<u64> as codec::MaxEncodedLen>::max_encoded_len());
        let of_providers = own.map(|(id, _)| {
            let asks = self.asks.values().filter(|ask| ask.provider == *id);
            let of_asks = asks.map(|ask| price((ask.provider, &ask.terms).encoded_size()));
            provider + of_asks.sum::<Balance>()
        });
        let signed = self.audits.iter().filter(|((_, auditor), _)| *auditor == who);
        let of_audits = signed.map(|(_, (attributes, _))| price(pairs(*attributes).encoded_size()));
        of_providers.sum::<Balance>() + of_audits.sum::<Balance>()
    }
}
