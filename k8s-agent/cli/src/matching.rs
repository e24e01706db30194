//! Which asks fit an order, and if none does, why. Pure.

use crate::money::Amount;
use perigee_chain::{AccountId, Ask, Requirements};
use perigee_primitives::{
    AskId, Balance, Filter, Isolation, Offer as ChainOffer, PerModel, ProviderId, Region, Resources, Standings, Tier,
    Unmet, MILLION,
};
use perigee_sdl::Need;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Most asks that an order may name.
pub const MAX_ASKS: usize = 4;

/// What a tenant wants for one placement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Name of the placement.
    pub name: String,
    /// What is leased.
    pub resources: Resources,
    /// The most per block.
    pub max_rate: Balance,
    /// What is asked of the provider.
    pub requirements: Requirements,
    /// What the provider must have beside amounts.
    pub needs: BTreeSet<Need>,
    /// Where the deployment's other placements go, for one that is spread.
    pub apart_from: Vec<(ProviderId, Region)>,
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
    /// What backs further leases of its provider.
    pub backed: Backed,
}

/// The rates per block of further leases that a provider has the money to answer for. A lease takes its rate out of
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backed {
    /// By its stake.
    pub by_stake: Balance,
    /// By the bond pool, as far as it is free.
    pub by_bonds: Balance,
}

impl Candidate {
    /// Takes a lease out of what its provider has left.
    pub fn take(&mut self, resources: &Resources, rate: Balance) {
        self.free = self.free.saturating_sub(resources);
        self.backed.by_stake = self.backed.by_stake.saturating_sub(rate);
        self.backed.by_bonds = self.backed.by_bonds.saturating_sub(rate);
    }
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
    /// Its country is not one that the order allows.
    Country,
    /// Its region is not one that the order allows.
    Region,
    /// Another placement that it must be apart from goes there, or nobody knows where it is.
    Apart,
    /// It keeps tenants apart less than the order wants.
    Isolation,
    /// The provider does not have it.
    Need(Need),
    /// It asks for more than the highest rate.
    Price,
    /// The stake does not back its rate.
    Stake(Shortage),
    /// The bond pool does not hold the bond of its rate.
    Bonds(Shortage),
}

/// A rate per block that is not backed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shortage {
    rate: Balance,
    backed: Balance,
}

impl Shortage {
    fn of(rate: Balance, backed: Balance) -> Option<Self> {
        (rate > backed).then_some(Self { rate, backed })
    }
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
    if !is_apart(wanted, candidate) {
        failed.insert(Condition::Apart);
    }
    failed.extend(
        wanted
            .needs
            .iter()
            .filter(|need| !has(candidate, need))
            .cloned()
            .map(Condition::Need),
    );
    match candidate.ask.terms.prices.rate(&wanted.resources) {
        Some(rate) if rate <= wanted.max_rate => {
            failed.extend(Shortage::of(rate, candidate.backed.by_stake).map(Condition::Stake));
            failed.extend(Shortage::of(rate, candidate.backed.by_bonds).map(Condition::Bonds));
        }
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
    };
    match wanted
        .requirements
        .unmet(&offer, &best, Tier::Premium, |_, _, _| true)?
    {
        Unmet::Attribute(index) => {
            let (key, value) = wanted.requirements.attributes.get(index as usize)?;
            Some(Condition::Attribute(text(key), text(value)))
        }
        Unmet::Isolation => Some(Condition::Isolation),
        Unmet::Country => Some(Condition::Country),
        Unmet::Region => Some(Condition::Region),
        // Not of such an offer.
        Unmet::Audit | Unmet::Availability | Unmet::Service | Unmet::Tier => None,
    }
}

/// As the chain decides it: at another operator and in another region than the others. A region that is not stated may
/// be any.
fn is_apart(wanted: &Wanted, candidate: &Candidate) -> bool {
    if wanted.requirements.spread.is_none() {
        return true;
    }
    let (provider, region) = (candidate.ask.provider, &candidate.ask.terms.place.region);
    let clashes = |(other, there): &(ProviderId, Region)| *other == provider || there == region;
    !region.is_empty() && !wanted.apart_from.iter().any(clashes)
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
            Condition::Country => format!(
                "country: {}",
                of_filter(&self.wanted.requirements.countries, |c| text(c))
            ),
            Condition::Region => format!("region: {}", of_filter(&self.wanted.requirements.regions, |r| text(r))),
            Condition::Apart => self.apart(),
            Condition::Isolation => {
                let asked = isolation_in_a_word(self.wanted.requirements.isolation);
                format!("isolation: tenants are kept apart less than by {asked}")
            }
            Condition::Need(need) => format!("{need}: not offered"),
            Condition::Stake(short) => format!("stake: {}", rates(short)),
            Condition::Bonds(short) => format!("bond pool: {}", rates(short)),
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

    fn apart(&self) -> String {
        let others = self.wanted.apart_from.iter();
        let others: Vec<_> = others
            .map(|(provider, region)| format!("provider {provider} in {}", text(region)))
            .collect();
        match others.is_empty() {
            true => "spread: states no region".into(),
            false => format!(
                "spread: not apart from the other placements, at {}",
                others.join(" and ")
            ),
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rates(short: &Shortage) -> String {
    let (rate, backed) = (Amount(short.rate), Amount(short.backed));
    format!("the lease costs {rate} per block, what is left answers for {backed}")
}

/// `not DE or FR`, `one of US`: what an offer is that a filter does not let pass.
fn of_filter<V>(filter: &Filter<V>, name: impl Fn(&V) -> String) -> String {
    let names = |list: &[V]| list.iter().map(&name).collect::<Vec<_>>().join(" or ");
    match (filter.allow.is_empty(), filter.deny.is_empty()) {
        (false, true) => format!("not {}", names(&filter.allow)),
        (true, _) => format!("{}, or not stated", names(&filter.deny)),
        (false, false) => format!("not {}, or {}", names(&filter.allow), names(&filter.deny)),
    }
}

/// An isolation in a word.
pub fn isolation_in_a_word(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::SharedKernel => "shared-kernel",
        Isolation::Gvisor => "gvisor",
        Isolation::Kata => "kata",
    }
}

fn short(wanted: u64, what: &'static str, largest: u64) -> (bool, String, &'static str, String) {
    (wanted > largest, wanted.to_string(), what, largest.to_string())
}

#[cfg(test)]
pub mod tests;
