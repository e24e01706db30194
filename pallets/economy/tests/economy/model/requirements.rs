//! What an order asks of an ask and its provider, told by counting and by trying.

use super::*;
use perigee_primitives::{
    traits::Scores, AttributePatterns, AttributeText, Attributes, Filter, Requirements, Tier, Unmet,
};

impl Model {
    /// The first condition that an ask does not meet.
    pub(super) fn unmet(&self, ask: &Ask, asked: &Requirements<Who>) -> Option<Unmet> {
        let (terms, id) = (&ask.terms, ask.provider);
        let place = &terms.place;
        let region = Some(&place.region).filter(|region| !region.is_empty());
        let missing = asked
            .attributes
            .iter()
            .position(|pattern| !is_met(pattern, &terms.attributes));
        if let Some(index) = missing {
            return Some(Unmet::Attribute(index as u32));
        }
        let signed = |auditor: &Who| self.is_signed(id, *auditor, &asked.attributes);
        let audited =
            || asked.all_of.iter().all(signed) && (asked.any_of.is_empty() || asked.any_of.iter().any(signed));
        let standing = asked.availability > 0 || asked.tier > Tier::Basic;
        let availability = if standing { self.availability(id) } else { 0 };
        let served = || asked.service == 0 || Reputation::standings(id).service >= asked.service;
        if !passes(&asked.countries, place.country.as_ref()) {
            Some(Unmet::Country)
        } else if !passes(&asked.regions, region) {
            Some(Unmet::Region)
        } else if availability < asked.availability {
            Some(Unmet::Availability)
        } else if !served() {
            Some(Unmet::Service)
        } else if self.tier(id, availability) < asked.tier {
            Some(Unmet::Tier)
        } else if terms.isolation < asked.isolation {
            Some(Unmet::Isolation)
        } else {
            (!audited()).then_some(Unmet::Audit)
        }
    }

    /// Do all attributes that are asked for stand in what the auditor signed, and is that still valid?
    fn is_signed(&self, id: ProviderId, auditor: Who, asked: &AttributePatterns) -> bool {
        self.audits.get(&(id, auditor)).is_some_and(|audit| {
            audit.expires_at > self.now && asked.iter().all(|pattern| is_met(pattern, &audit.attributes))
        })
    }

    /// The part of the decided epochs of the last thirty days in which it was present; nothing below a day's worth.
    fn availability(&self, id: ProviderId) -> u32 {
        let day = |epoch: AttestationEpoch| TIMES.start_of(epoch) / DAY;
        let judged = TIMES.epoch_of(self.judged);
        let today = day(judged.saturating_sub(1));
        let first = TIMES.first_judged(self.providers[&id].registered_at);
        let counts = (first..judged).filter(|epoch| day(*epoch) + 30 > today);
        let (mut decided, mut present) = (0, 0);
        for absent in counts.filter_map(|epoch| self.verdicts[epoch as usize].as_ref()) {
            decided += 1;
            present += u32::from(!absent.contains(&id));
        }
        if decided < DAY / TIMES.epoch {
            return 0;
        }
        (u64::from(present) * WHOLE as u64 / u64::from(decided)) as u32
    }

    fn tier(&self, id: ProviderId, availability: u32) -> Tier {
        let provider = &self.providers[&id];
        let keeps = |rule: &TierRule| {
            let old = provider.registered_at + rule.age <= self.now;
            provider.stake >= rule.stake && availability >= rule.availability && old
        };
        match TIERS.each_ref().map(keeps) {
            [_, true] => Tier::Premium,
            [true, false] => Tier::Standard,
            [false, false] => Tier::Basic,
        }
    }
}

/// What is not stated passes only where nothing is asked.
fn passes<V: PartialEq>(filter: &Filter<V>, value: Option<&V>) -> bool {
    let asks = !filter.allow.is_empty() || !filter.deny.is_empty();
    let allowed = |value: &V| filter.allow.is_empty() || filter.allow.iter().any(|one| one == value);
    let denied = |value: &V| filter.deny.iter().any(|one| one == value);
    value.map_or(!asks, |value| allowed(value) && !denied(value))
}

fn is_met((key, value): &(AttributeText, AttributeText), attributes: &Attributes) -> bool {
    attributes.iter().any(|(k, v)| v == value && matches(key, k))
}

/// A star stands for any run: each is tried.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|from| matches(rest, &text[from..])),
        Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..]),
    }
}

/// Are these attributes that may be published or signed?
pub(super) fn are_sound(attributes: &Attributes) -> bool {
    let printable = |byte: &u8| (b'!'..=b'~').contains(byte);
    let ordered = attributes.windows(2).all(|two| two[0].0 < two[1].0);
    let sound = |(key, value): &(AttributeText, AttributeText)| {
        !key.is_empty() && key.iter().all(printable) && value.iter().all(|byte| printable(byte) || *byte == b' ')
    };
    ordered && attributes.iter().all(sound)
}
