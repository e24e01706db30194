//! Which asks fit an order, and if none does, why. Pure.

use crate::money::Amount;
use perigee_chain::{AccountId, Ask, Requirements};
use perigee_primitives::{
    AskId, Balance, Offer as ChainOffer, PerModel, ProviderId, Resources, Standings, Tier, Unmet, MILLION,
};
use perigee_sdl::Need;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Most asks that an order may name.
pub const MAX_ASKS: usize = 4;

/// What a tenant wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is leased.
    pub resources: Resources,
    /// The most per block.
    pub max_rate: Balance,
    /// What is asked of the provider.
    pub requirements: Requirements,
    /// What the provider must have beside amounts.
    pub needs: BTreeSet<Need>,
}

/// A standing ask and what its provider has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Number of the ask.
    pub id: AskId,
    /// The ask.
    pub ask: Ask,
    /// What its provider has left.
    pub free: Resources,
}

/// An ask that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose.
    pub provider: ProviderId,
    /// Which ask.
    pub ask: AskId,
    /// Rate per block.
    pub rate: Balance,
}

/// What keeps an ask from fitting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Too little of a resource is free.
    Capacity,
    /// An attribute is missing or has another value.
    Attribute(String, String),
    /// It is not where the order wants it.
    Place,
    /// It keeps tenants apart less than the order wants.
    Isolation,
    /// The provider does not have it.
    Need(Need),
    /// It asks for more than the highest rate.
    Price,
}

/// Why no ask fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFit {
    /// How many providers have asks.
    pub providers: usize,
    /// At how many of them each condition failed.
    pub failed: BTreeMap<Condition, usize>,
    /// Lowest rate of an ask whose only failure is its price.
    pub cheapest: Option<Balance>,
    /// What was wanted.
    pub wanted: Wanted,
    /// The most of each resource that a single provider has free.
    pub largest: Resources,
}

/// The cheapest fitting ask of each provider, cheapest first, at most [`MAX_ASKS`].
pub fn choose(wanted: &Wanted, candidates: &[Candidate]) -> Result<Vec<Offer>, Box<NoFit>> {
    let mut best: BTreeMap<ProviderId, Offer> = BTreeMap::new();
    for candidate in candidates.iter().filter(|c| failures(wanted, c).is_empty()) {
        let Some(rate) = candidate.ask.terms.prices.rate(&wanted.resources) else {
            continue;
        };
        let provider = candidate.ask.provider;
        let offer = Offer {
            provider,
            ask: candidate.id,
            rate,
        };
        let known = best.entry(provider).or_insert(offer);
        if (offer.rate, offer.ask) < (known.rate, known.ask) {
            *known = offer;
        }
    }
    if best.is_empty() {
        return Err(Box::new(explain(wanted, candidates)));
    }
    let mut offers: Vec<_> = best.into_values().collect();
    offers.sort_by_key(|o| (o.rate, o.provider, o.ask));
    offers.truncate(MAX_ASKS);
    Ok(offers)
}

fn failures(wanted: &Wanted, candidate: &Candidate) -> BTreeSet<Condition> {
    let mut failed = BTreeSet::new();
    if !wanted.resources.fits(&candidate.free) {
        failed.insert(Condition::Capacity);
    }
    failed.extend(unmet(wanted, candidate));
    failed.extend(
        wanted
            .needs
            .iter()
            .filter(|need| !has(candidate, need))
            .cloned()
            .map(Condition::Need),
    );
    match candidate.ask.terms.prices.rate(&wanted.resources) {
        Some(rate) if rate <= wanted.max_rate => {}
        _ => {
            failed.insert(Condition::Price);
        }
    }
    failed
}

/// The requirement that the ask itself does not meet. What attestation and auditors say is the chain's to check.
fn unmet(wanted: &Wanted, candidate: &Candidate) -> Option<Condition> {
    let best = Standings {
        availability: MILLION,
        service: MILLION,
    };
    let offer = ChainOffer {
        provider: candidate.ask.provider,
        operator: AccountId([0; 32]),
        terms: candidate.ask.terms.clone(),
        free: candidate.free,
        backed_rate: Balance::MAX,
        tier: Tier::Premium,
    };
    match wanted.requirements.unmet(&offer, &best, |_, _, _| true)? {
        Unmet::Attribute(index) => {
            let (key, value) = wanted.requirements.attributes.get(index as usize)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Some(Condition::Attribute(text(key), text(value)))
        }
        Unmet::Isolation => Some(Condition::Isolation),
        _ => Some(Condition::Place),
    }
}

fn has(candidate: &Candidate, need: &Need) -> bool {
    let (key, value) = need.attribute();
    let attributes = &candidate.ask.terms.attributes;
    attributes
        .iter()
        .any(|(k, v)| k.as_slice() == key.as_bytes() && v.as_slice() == value.as_bytes())
}

/// For each provider, the ask that comes closest counts.
fn explain(wanted: &Wanted, candidates: &[Candidate]) -> NoFit {
    let mut closest: BTreeMap<ProviderId, BTreeSet<Condition>> = BTreeMap::new();
    let mut cheapest = None;
    let mut largest = Resources::default();
    for candidate in candidates {
        let failed = failures(wanted, candidate);
        largest = largest_of(&largest, &candidate.free);
        if failed.iter().eq([&Condition::Price]) {
            let rate = candidate.ask.terms.prices.rate(&wanted.resources);
            cheapest = [cheapest, rate].into_iter().flatten().min();
        }
        let known = closest.entry(candidate.ask.provider).or_insert_with(|| failed.clone());
        if failed.len() < known.len() {
            *known = failed;
        }
    }
    let mut failed = BTreeMap::new();
    for condition in closest.values().flatten() {
        *failed.entry(condition.clone()).or_default() += 1;
    }
    NoFit {
        providers: closest.len(),
        failed,
        cheapest,
        wanted: wanted.clone(),
        largest,
    }
}

fn largest_of(a: &Resources, b: &Resources) -> Resources {
    Resources {
        cpu_milli: a.cpu_milli.max(b.cpu_milli),
        memory_mib: a.memory_mib.max(b.memory_mib),
        storage_mib: a.storage_mib.max(b.storage_mib),
        persistent_mib: std::array::from_fn(|i| a.persistent_mib[i].max(b.persistent_mib[i])),
        gpus: most_of_each(a, b),
        ips: a.ips.max(b.ips),
        endpoints: a.endpoints.max(b.endpoints),
    }
}

/// The larger count of each model; models beyond what a list holds are left out.
fn most_of_each(a: &Resources, b: &Resources) -> PerModel<u32> {
    let mut most = a.gpus;
    for (model, count) in b.gpus.iter() {
        let _ = most.set(*model, most.get(model).max(*count));
    }
    most
}

fn devices(r: &Resources) -> u64 {
    r.gpus.iter().map(|(_, count)| u64::from(*count)).sum()
}

impl fmt::Display for NoFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.providers == 0 {
            return write!(f, "no provider has a standing ask");
        }
        write!(f, "no ask fits")?;
        self.reasons().iter().try_for_each(|reason| write!(f, "\n  {reason}"))
    }
}

impl NoFit {
    /// Each reason, with the number of providers.
    pub fn reasons(&self) -> Vec<String> {
        let line = |(condition, count): (&Condition, &usize)| {
            format!("{count} of {} providers: {}", self.providers, self.reason(condition))
        };
        self.failed.iter().map(line).collect()
    }

    fn reason(&self, condition: &Condition) -> String {
        match condition {
            Condition::Capacity => format!("capacity: {}", self.shortages()),
            Condition::Attribute(key, value) => format!("attribute {key}={value} is not offered"),
            Condition::Place => "place: not in a country or region that you allow".into(),
            Condition::Isolation => "isolation: tenants are kept apart less than you ask for".into(),
            Condition::Need(need) => format!("{need}: not offered"),
            Condition::Price => {
                let limit = Amount(self.wanted.max_rate);
                let cheapest = self.cheapest.map(|c| format!(", the cheapest asks {}", Amount(c)));
                format!(
                    "price: above your maximum of {limit} per block{}",
                    cheapest.unwrap_or_default()
                )
            }
        }
    }

    /// What no single provider has enough of; if each has enough of something else, all of it.
    fn shortages(&self) -> String {
        let (w, l) = (&self.wanted.resources, &self.largest);
        let cpu = |milli: u64| format!("{}", milli as f64 / 1_000.0);
        let all = [
            (w.cpu_milli > l.cpu_milli, cpu(w.cpu_milli), "CPUs", cpu(l.cpu_milli)),
            short(w.memory_mib, "MiB of memory", l.memory_mib),
            short(w.storage_mib, "MiB of storage", l.storage_mib),
            short(
                w.persistent_mib.iter().sum(),
                "MiB of persistent storage",
                l.persistent_mib.iter().sum(),
            ),
            short(devices(w), "GPUs", devices(l)),
            short(w.endpoints.into(), "endpoints", l.endpoints.into()),
        ];
        let missing = all.iter().filter(|(missing, ..)| *missing);
        let shown: Vec<_> = missing
            .map(|(_, w, what, l)| format!("wants {w} {what}, at most {l} are free"))
            .collect();
        if shown.is_empty() {
            "no single provider has enough of everything free".into()
        } else {
            shown.join("; ")
        }
    }
}

fn short(wanted: u64, what: &'static str, largest: u64) -> (bool, String, &'static str, String) {
    (wanted > largest, wanted.to_string(), what, largest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_chain::AskTerms;
    use perigee_primitives::{Isolation, PriceSchedule};

    fn small() -> Resources {
        Resources {
            cpu_milli: 100,
            memory_mib: 64,
            storage_mib: 64,
            endpoints: 1,
            ..Default::default()
        }
    }

    fn wanted(max_rate: Balance) -> Wanted {
        Wanted {
            resources: small(),
            max_rate,
            requirements: Requirements::default(),
            needs: BTreeSet::new(),
        }
    }

    /// An ask whose rate for `small` is `rate`.
    fn candidate(id: AskId, provider: ProviderId, rate: u64) -> Candidate {
        let prices = PriceSchedule {
            endpoint: rate * 1_000_000,
            ..Default::default()
        };
        let terms = AskTerms {
            prices,
            attributes: Default::default(),
            place: Default::default(),
            isolation: Isolation::SharedKernel,
            terms: Default::default(),
            valid_until: None,
            tenants: Default::default(),
            notice: 30,
            sla: MILLION,
        };
        let ask = Ask { provider, terms };
        Candidate { id, ask, free: small() }
    }

    fn with_attribute(mut candidate: Candidate, key: &str, value: &str) -> Candidate {
        let text = |s: &str| s.as_bytes().to_vec().try_into().unwrap();
        candidate.ask.terms.attributes = vec![(text(key), text(value))].try_into().unwrap();
        candidate
    }

    fn asking(max_rate: Balance, key: &str, value: &str) -> Wanted {
        let mut wanted = wanted(max_rate);
        let text = |s: &str| s.as_bytes().to_vec().try_into().unwrap();
        wanted.requirements.attributes = vec![(text(key), text(value))].try_into().unwrap();
        wanted
    }

    #[test]
    fn the_cheapest_comes_first() {
        let offers = choose(
            &wanted(100),
            &[candidate(1, 0, 30), candidate(2, 1, 10), candidate(3, 2, 20)],
        )
        .unwrap();
        assert_eq!(offers.iter().map(|o| o.ask).collect::<Vec<_>>(), [2, 3, 1]);
    }

    #[test]
    fn a_provider_is_named_once_with_its_cheapest_ask() {
        let offers = choose(
            &wanted(100),
            &[candidate(1, 0, 30), candidate(2, 0, 10), candidate(3, 0, 20)],
        )
        .unwrap();
        assert_eq!(
            offers,
            [Offer {
                provider: 0,
                ask: 2,
                rate: 10
            }]
        );
    }

    #[test]
    fn at_most_four_are_named() {
        let all: Vec<_> = (0..9).map(|i| candidate(i, i as u32, 10 + i)).collect();
        assert_eq!(choose(&wanted(100), &all).unwrap().len(), MAX_ASKS);
    }

    #[test]
    fn a_rate_at_the_maximum_fits_and_one_above_does_not() {
        assert!(choose(&wanted(10), &[candidate(1, 0, 10)]).is_ok());
        let why = choose(&wanted(9), &[candidate(1, 0, 10)]).unwrap_err();
        assert_eq!(why.failed, [(Condition::Price, 1)].into());
        assert_eq!(why.cheapest, Some(10));
        assert!(why.to_string().contains("1 of 1 providers: price"));
    }

    #[test]
    fn a_price_beyond_all_numbers_does_not_fit() {
        let mut dear = candidate(1, 0, 1);
        dear.ask.terms.prices = PriceSchedule {
            cpu_milli: u64::MAX,
            ..Default::default()
        };
        let mut much = wanted(Balance::MAX);
        much.resources.cpu_milli = u64::MAX;
        dear.free = much.resources;
        dear.ask.terms.prices.memory_mib = u64::MAX;
        much.resources.memory_mib = u64::MAX;
        dear.free = much.resources;
        assert!(choose(&much, &[dear]).is_err());
    }

    #[test]
    fn missing_capacity_is_named_with_figures() {
        let mut full = candidate(1, 0, 10);
        full.free.memory_mib = 32;
        let why = choose(&wanted(100), &[full]).unwrap_err().to_string();
        assert!(why.contains("wants 64 MiB of memory, at most 32 are free"), "{why}");
    }

    #[test]
    fn capacity_scattered_over_providers_is_explained() {
        let (mut a, mut b) = (candidate(1, 0, 10), candidate(2, 1, 10));
        a.free.memory_mib = 0;
        b.free.cpu_milli = 0;
        let why = choose(&wanted(100), &[a, b]).unwrap_err().to_string();
        assert!(why.contains("2 of 2 providers: capacity: no single provider"), "{why}");
    }

    #[test]
    fn attributes_select() {
        let eu = asking(100, "region", "eu");
        let asks = [candidate(1, 0, 10), with_attribute(candidate(2, 1, 20), "region", "eu")];
        assert_eq!(choose(&eu, &asks).unwrap()[0].ask, 2);
        let why = choose(
            &eu,
            &[candidate(1, 0, 10), with_attribute(candidate(2, 1, 20), "region", "us")],
        )
        .unwrap_err();
        assert!(
            why.to_string().contains("2 of 2 providers: attribute region=eu"),
            "{why}"
        );
    }

    #[test]
    fn what_a_provider_does_not_have_is_said_before_anybody_pays() {
        let mut lasting = wanted(100);
        lasting.needs = [Need::NodePorts, Need::Volumes("beta2".into())].into();
        let (key, value) = Need::NodePorts.attribute();
        let why = choose(&lasting, &[with_attribute(candidate(1, 0, 10), &key, &value)]).unwrap_err();
        assert_eq!(why.failed, [(Condition::Need(Need::Volumes("beta2".into())), 1)].into());
        let why = why.to_string();
        assert!(
            why.contains("1 of 1 providers: persistent volumes of class `beta2`: not offered"),
            "{why}"
        );
        lasting.needs = [Need::NodePorts].into();
        assert!(choose(&lasting, &[with_attribute(candidate(1, 0, 10), &key, &value)]).is_ok());
    }

    #[test]
    fn the_ask_that_comes_closest_explains_its_provider() {
        let eu = asking(5, "region", "eu");
        let asks = [candidate(1, 0, 10), with_attribute(candidate(2, 0, 20), "region", "eu")];
        let why = choose(&eu, &asks).unwrap_err();
        assert_eq!(why.failed, [(Condition::Price, 1)].into());
        assert_eq!(why.cheapest, Some(20));
    }

    #[test]
    fn nobody_at_all_is_said_plainly() {
        assert_eq!(
            choose(&wanted(1), &[]).unwrap_err().to_string(),
            "no provider has a standing ask"
        );
    }
}
