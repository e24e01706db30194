//! Stakes, bond pools, asks and audits.

use super::{requirements::are_sound, *};
use pallet_providers::{AsksByProvider, BondPools, Bonds, Call, Providers as Records, MAX_UNBONDING};
use perigee_primitives::{registration_message, Place};

/// The hash that names this chain.
pub fn genesis_hash() -> [u8; 32] {
    System::block_hash(0).0
}

/// The number of a key, if `proof` is its word that `stash` may have it.
fn proven(stash: Who, key: &[u8; 32], proof: &[u8; 64]) -> Option<u8> {
    let number = (0..KEYS).find(|number| public(*number) == *key)?;
    let signed = sign(number, &registration_message(&genesis_hash(), &stash));
    (signed == *proof).then_some(number)
}

impl Model {
    pub(super) fn judge_providers(&self, caller: Caller, call: &Call<Test>) -> Verdict {
        if let (Call::slash { provider, amount, .. }, Caller::Root) = (call, caller) {
            let stake = self.providers.get(provider).map_or(0, |provider| provider.stake);
            let unbonds = self.chunks.iter().any(|chunk| chunk.provider == *provider);
            return Verdict::taken_if(*amount > 0 && (stake > 0 || unbonds));
        }
        let Caller::Account(who) = caller else {
            return Verdict::Refused;
        };
        let of_stash = self.of_stash(who).and_then(|id| Some((id, self.providers.get(&id)?)));
        let of_operator = self.of_operator(who);
        Verdict::taken_if(match call {
            Call::register {
                operator,
                heartbeat_key,
                proof,
                pins,
                stake,
                ..
            } => {
                let key = proven(who, heartbeat_key, proof);
                let free = of_stash.is_none() && self.of_operator(*operator).is_none();
                let money = *stake >= MIN_STAKE && is_affordable(*stake);
                free && money && !pins.is_empty() && key.is_some_and(|key| self.is_new(key))
            }
            Call::set_operator { operator } => of_stash.is_some() && self.of_operator(*operator).is_none(),
            Call::set_heartbeat_key { key, proof } => of_operator.is_some_and(|id| {
                let provider = &self.providers[&id];
                let waited = provider
                    .previous
                    .is_none_or(|(_, until)| until + KEY_OVERLAP <= self.now);
                let key = proven(provider.stash, key, proof);
                waited && key.is_some_and(|key| self.is_new(key))
            }),
            Call::set_capacity { .. } => of_operator.is_some(),
            Call::set_gateway { pins, .. } => of_operator.is_some() && !pins.is_empty(),
            Call::set_abuse_contact { .. } => of_operator.is_some(),
            Call::retire {} => of_stash.is_some_and(|(id, provider)| {
                let record = Records::<Test>::get(id).expect("the model has it");
                let idle = record.leased == Default::default() && record.leased_rate == 0;
                let room = provider.stake == 0 || self.has_room_to_unbond(id);
                idle && Bonds::<Test>::iter_key_prefix(id).next().is_none() && room
            }),
            Call::publish_ask { terms } => of_operator.is_some_and(|id| {
                let asks = AsksByProvider::<Test>::get(id);
                let room = asks.len() < MAX_ASKS as usize || asks.iter().any(|ask| self.standing_ask(*ask).is_none());
                room && self.is_sound(terms)
            }),
            Call::replace_ask { ask, terms } => {
                let own = self
                    .standing_ask(*ask)
                    .is_some_and(|ask| of_operator == Some(ask.provider));
                own && self.is_sound(terms)
            }
            Call::withdraw_ask { ask } => {
                // One that has expired may still be there.
                let own = self.asks.get(ask).is_some_and(|ask| of_operator == Some(ask.provider));
                own && pallet_providers::Asks::<Test>::contains_key(ask)
            }
            Call::bond_stake { amount } | Call::fund_bonds { amount } => {
                of_stash.is_some() && *amount > 0 && is_affordable(*amount)
            }
            Call::unbond { amount } => of_stash.is_some_and(|(id, provider)| {
                let rest = provider.stake.checked_sub(*amount);
                let leased = Records::<Test>::get(id).expect("the model has it").leased_rate;
                let enough = |rest| rest >= MIN_STAKE && leased <= rest / Balance::from(STAKE_BLOCKS);
                *amount > 0 && rest.is_some_and(enough) && self.has_room_to_unbond(id)
            }),
            Call::withdraw_unbonded { provider } => {
                let due = |chunk: &&Chunk| chunk.provider == *provider && chunk.release_at <= self.now;
                self.chunks.iter().any(|chunk| due(&chunk))
            }
            Call::withdraw_bonds { amount } => {
                of_stash.is_some_and(|(id, _)| *amount > 0 && *amount <= BondPools::<Test>::get(id).free())
            }
            Call::sign_attributes {
                provider,
                attributes,
                expires_at,
            } => self.providers.contains_key(provider) && are_sound(attributes) && *expires_at > self.now,
            Call::revoke { provider } => self.audits.contains_key(&(*provider, who)),
            Call::remove_expired_audit { provider, auditor } => {
                let audit = self.audits.get(&(*provider, *auditor));
                audit.is_some_and(|audit| audit.expires_at <= self.now || !self.providers.contains_key(provider))
            }
            _ => false,
        })
    }

    pub(super) fn apply_providers(&mut self, caller: Caller, call: &Call<Test>) {
        if let Call::slash { provider, amount, .. } = call {
            return self.slash(*provider, *amount);
        }
        let Caller::Account(who) = caller else {
            unreachable!("it was judged")
        };
        let now = self.now;
        match call {
            Call::register {
                operator,
                heartbeat_key,
                proof,
                stake,
                ..
            } => {
                let provider = Provider {
                    stash: who,
                    operator: *operator,
                    stake: *stake,
                    pool: 0,
                    registered_at: now,
                    key: proven(who, heartbeat_key, proof).expect("it was judged"),
                    previous: None,
                };
                self.providers.insert(self.next_provider, provider);
                self.next_provider += 1;
            }
            Call::set_operator { operator } => self.by_stash(who).operator = *operator,
            Call::set_heartbeat_key { key, proof } => {
                let id = self.of_operator(who).expect("it was judged");
                let provider = self.providers.get_mut(&id).expect("it was judged");
                let key = proven(provider.stash, key, proof).expect("it was judged");
                provider.previous = Some((provider.key, now));
                provider.key = key;
            }
            Call::retire {} => self.retire(who),
            Call::publish_ask { terms } => {
                let provider = self.of_operator(who).expect("it was judged");
                let terms = terms.clone();
                self.asks.insert(self.next_ask, Ask { provider, terms });
                self.next_ask += 1;
            }
            Call::replace_ask { ask, terms } => {
                self.asks.get_mut(ask).expect("it was judged").terms = terms.clone();
            }
            Call::withdraw_ask { ask } => {
                self.asks.remove(ask);
            }
            Call::bond_stake { amount } => self.by_stash(who).stake += amount,
            Call::unbond { amount } => {
                self.by_stash(who).stake -= amount;
                let provider = self.of_stash(who).expect("it was judged");
                self.let_go(provider, who, *amount);
            }
            Call::withdraw_unbonded { provider } => {
                self.chunks
                    .retain(|chunk| chunk.provider != *provider || chunk.release_at > now);
            }
            Call::fund_bonds { amount } => self.by_stash(who).pool += amount,
            Call::withdraw_bonds { amount } => self.by_stash(who).pool -= amount,
            Call::sign_attributes {
                provider,
                attributes,
                expires_at,
            } => {
                let audit = Audit {
                    attributes: attributes.clone(),
                    expires_at: *expires_at,
                };
                self.audits.insert((*provider, who), audit);
            }
            Call::revoke { provider } => {
                self.audits.remove(&(*provider, who));
            }
            Call::remove_expired_audit { provider, auditor } => {
                self.audits.remove(&(*provider, *auditor));
            }
            _ => {}
        }
    }

    /// Everything of it is settled: what is owed is counted before its stash is forgotten.
    fn retire(&mut self, stash: Who) {
        self.advance_all();
        let id = self.of_stash(stash).expect("it was judged");
        let provider = self.providers.remove(&id).expect("it was judged");
        self.asks.retain(|_, ask| ask.provider != id);
        let unsettled = |lease: &&Lease| lease.provider == id && !lease.is_settled();
        assert!(
            !self.leases.values().any(|lease| unsettled(&lease)),
            "provider {id} left a lease behind"
        );
        if provider.stake > 0 {
            self.let_go(id, stash, provider.stake);
        }
    }

    fn by_stash(&mut self, who: Who) -> &mut Provider {
        let id = self.of_stash(who).expect("it was judged");
        self.providers.get_mut(&id).expect("it was found")
    }

    /// Stake begins to leave.
    fn let_go(&mut self, provider: ProviderId, stash: Who, amount: Balance) {
        let release_at = self.now + UNBONDING;
        let same = |chunk: &&mut Chunk| chunk.provider == provider && chunk.release_at == release_at;
        match self.chunks.iter_mut().find(|chunk| same(chunk)) {
            Some(chunk) => chunk.amount += amount,
            None => self.chunks.push(Chunk {
                provider,
                stash,
                amount,
                release_at,
            }),
        }
    }

    fn has_room_to_unbond(&self, provider: ProviderId) -> bool {
        let own = || self.chunks.iter().filter(|chunk| chunk.provider == provider);
        own().count() < MAX_UNBONDING as usize || own().any(|chunk| chunk.release_at == self.now + UNBONDING)
    }

    /// Stake first, then what leaves, the earliest first.
    fn slash(&mut self, id: ProviderId, amount: Balance) {
        let mut wanted = amount;
        let mut take = |part: &mut Balance| {
            let taken = wanted.min(*part);
            (*part, wanted) = (*part - taken, wanted - taken);
        };
        let provider = self.providers.get_mut(&id);
        let mut stash = provider.as_ref().map(|provider| provider.stash);
        provider.into_iter().for_each(|provider| take(&mut provider.stake));
        for chunk in self.chunks.iter_mut().filter(|chunk| chunk.provider == id) {
            stash = Some(chunk.stash);
            take(&mut chunk.amount);
        }
        self.chunks.retain(|chunk| chunk.amount > 0);
        let from = stash.expect("it was judged");
        self.shift(Move {
            from,
            to: POT,
            amount: amount - wanted,
        });
    }

    fn is_new(&self, key: u8) -> bool {
        self.providers.values().all(|provider| provider.key != key)
    }

    fn is_sound(&self, terms: &AskTerms<Who>) -> bool {
        let limits = &terms.terms;
        let ordered = limits
            .longest
            .is_none_or(|longest| longest > 0 && limits.shortest <= longest);
        let notice = MIN_NOTICE <= terms.notice && terms.notice <= MAX_NOTICE;
        let Place { country, region } = &terms.place;
        let placed = country.is_none_or(|code| code.iter().all(u8::is_ascii_uppercase)) && !region.contains(&b' ');
        let described = placed && are_sound(&terms.attributes);
        ordered
            && notice
            && described
            && terms.sla <= 1_000_000
            && terms.valid_until.is_none_or(|block| block > self.now)
    }

    /// What a provider can still lease, for now: units and rate. None if it leases nothing.
    pub(super) fn leasable(&self, id: ProviderId) -> Option<(u32, Balance)> {
        let record = Records::<Test>::get(id)?;
        let stake = self.providers[&id].stake;
        let backed = stake / Balance::from(STAKE_BLOCKS);
        let sound = stake >= MIN_STAKE && record.leased_rate <= backed && record.leased.fits(&record.capacity);
        let free = record.capacity.cpu_milli.saturating_sub(record.leased.cpu_milli) / 100;
        sound.then(|| (free as u32, backed - record.leased_rate))
    }

    /// What is left in a bond pool for new bonds.
    pub(super) fn pool_left(&self, id: ProviderId) -> Balance {
        BondPools::<Test>::get(id).free()
    }

    /// Can the bond of an advanced lease come to be `amount`?
    pub(super) fn can_bond(&self, id: LeaseId, lease: &Lease, amount: Balance) -> bool {
        let pool = BondPools::<Test>::get(lease.provider);
        let recorded = Bonds::<Test>::get(lease.provider, id);
        pool.bonded - recorded + amount <= pool.total - (recorded - lease.bond)
    }
}
