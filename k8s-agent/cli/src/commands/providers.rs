//! `perigee providers`

use crate::{
    context::Context,
    error::CliError,
    matching::isolation_in_a_word,
    money::{per_cent, Amount},
    printer::table,
    quote::{resources, ResourcesJson},
};
use futures::future::try_join_all;
use perigee_chain::{Ask, Provider, View};
use perigee_primitives::{AskId, Balance, Ppm, Resources, StorageClass, Tier};
use serde::Serialize;
use std::collections::BTreeMap;

/// What prices are shown for: a small application.
fn sample() -> Resources {
    Resources {
        cpu_milli: 1_000,
        memory_mib: 1_024,
        storage_mib: 1_024,
        endpoints: 1,
        ..Default::default()
    }
}

#[derive(Serialize)]
struct Listing {
    providers: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    provider: u32,
    stash: String,
    operator: String,
    gateway: String,
    /// Where abuse is reported.
    abuse_contact: Option<String>,
    tier: &'static str,
    /// Part of the judged time of the last 30 days in which it was present; unknown while less than a day is judged.
    availability_ppm: Option<Ppm>,
    /// Lower bound of the service score.
    service_ppm: Ppm,
    stake: Balance,
    /// The sum of the rates of its leases, per block.
    leased_rate: Balance,
    bond_pool: Balance,
    /// Of the bond pool: what answers for no lease.
    bond_free: Balance,
    registered_at: u32,
    capacity: ResourcesJson,
    free: ResourcesJson,
    asks: Vec<AskRow>,
    #[serde(skip)]
    free_text: String,
}

/// A standing ask.
#[derive(Serialize)]
pub struct AskRow {
    ask: AskId,
    /// Micro base units per block and unit.
    prices: Prices,
    attributes: BTreeMap<String, String>,
    isolation: &'static str,
    country: Option<String>,
    region: Option<String>,
    /// Shortest and longest term in blocks.
    shortest_term: u32,
    longest_term: Option<u32>,
    valid_until: Option<u32>,
    /// Blocks of presence between notice and end.
    notice: u32,
    /// Promised presence in each day, in parts of a million.
    sla_ppm: u32,
    /// Base units per hour for 1 CPU, 1 GiB of memory, 1 GiB of storage and an endpoint.
    sample_per_hour: Balance,
}

#[derive(Serialize)]
struct Prices {
    cpu_milli: u64,
    memory_mib: u64,
    storage_mib: u64,
    persistent_mib: BTreeMap<&'static str, u64>,
    gpus: BTreeMap<String, u64>,
    ip: u64,
    endpoint: u64,
}

pub async fn run(context: &Context) -> Result<(), CliError> {
    let chain = context.connect().await?;
    let view = chain.best().await?;
    let blocks_per_hour = 3_600_000 / chain.block_time().await?.as_millis().max(1);
    let listing = Listing {
        providers: rows(&view, blocks_per_hour).await?,
    };
    context.printer.data(&listing, || text(&listing))
}

async fn rows(view: &View, blocks_per_hour: u128) -> Result<Vec<Row>, CliError> {
    let mut asks: BTreeMap<u32, Vec<AskRow>> = BTreeMap::new();
    for (id, ask) in view.asks().await? {
        asks.entry(ask.provider)
            .or_default()
            .push(AskRow::new(id, &ask, blocks_per_hour));
    }
    let mut rows = try_join_all(view.providers().await?.into_iter().map(|p| row(view, p))).await?;
    for row in &mut rows {
        row.asks = asks.remove(&row.provider).unwrap_or_default();
    }
    Ok(rows)
}

async fn row(view: &View, p: Provider) -> Result<Row, CliError> {
    let (standings, pool) = (view.standings(p.id).await?, view.bond_pool(p.id).await?);
    Ok(Row {
        asks: Vec::new(),
        free: ResourcesJson::from(&p.free()),
        free_text: resources(&p.free()),
        capacity: ResourcesJson::from(&p.capacity),
        provider: p.id,
        stash: p.stash.to_string(),
        operator: p.operator.to_string(),
        tier: tier_in_a_word(view.tier(p.id).await?),
        availability_ppm: view.availability(p.id, &standings).await?,
        service_ppm: standings.service,
        leased_rate: p.leased_rate,
        bond_pool: pool.total,
        bond_free: pool.free(),
        abuse_contact: Some(p.abuse_contact).filter(|contact| !contact.is_empty()),
        gateway: p.gateway,
        stake: p.stake,
        registered_at: p.registered_at,
    })
}

/// A tier in a word.
pub fn tier_in_a_word(tier: Tier) -> &'static str {
    match tier {
        Tier::Basic => "basic",
        Tier::Standard => "standard",
        Tier::Premium => "premium",
    }
}

impl AskRow {
    /// Columns of [`AskRow::cells`].
    pub const HEADS: [&'static str; 3] = ["ASK", "1 CPU + 1 GiB", "ATTRIBUTES"];

    /// What is shown of `terms`.
    pub fn new(ask: AskId, terms: &Ask, blocks_per_hour: u128) -> Self {
        let terms = &terms.terms;
        let prices = &terms.prices;
        let word = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            ask,
            prices: Prices {
                cpu_milli: prices.cpu_milli,
                memory_mib: prices.memory_mib,
                storage_mib: prices.storage_mib,
                persistent_mib: StorageClass::ALL
                    .iter()
                    .map(|c| c.name())
                    .zip(prices.persistent_mib)
                    .collect(),
                gpus: prices
                    .gpus
                    .iter()
                    .map(|(m, price)| (m.name().to_owned(), *price))
                    .collect(),
                ip: prices.ip,
                endpoint: prices.endpoint,
            },
            attributes: terms.attributes.iter().map(|(k, v)| (word(k), word(v))).collect(),
            isolation: isolation_in_a_word(terms.isolation),
            country: terms.place.country.as_ref().map(|code| word(code)),
            region: Some(word(&terms.place.region)).filter(|region| !region.is_empty()),
            shortest_term: terms.terms.shortest,
            longest_term: terms.terms.longest,
            valid_until: terms.valid_until,
            notice: terms.notice,
            sla_ppm: terms.sla,
            sample_per_hour: prices
                .rate(&sample())
                .unwrap_or(Balance::MAX)
                .saturating_mul(blocks_per_hour),
        }
    }

    /// For a table.
    pub fn cells(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|(k, v)| format!("{k}={v}"));
        let place = [self.country.clone(), self.region.clone()].into_iter().flatten();
        let about: Vec<_> = [self.isolation.to_owned()]
            .into_iter()
            .chain(place)
            .chain(attributes)
            .collect();
        vec![
            self.ask.to_string(),
            format!("{}/h", Amount(self.sample_per_hour)),
            about.join(" "),
        ]
    }
}

fn text(listing: &Listing) -> String {
    if listing.providers.is_empty() {
        return "no provider is registered".into();
    }
    let mut rows = Vec::new();
    for provider in &listing.providers {
        let start = || {
            vec![
                provider.provider.to_string(),
                provider.gateway.clone(),
                provider.tier.to_owned(),
                provider.availability_ppm.map_or_else(|| "-".into(), per_cent),
                per_cent(provider.service_ppm),
                provider.free_text.clone(),
            ]
        };
        let abuse = || vec![provider.abuse_contact.clone().unwrap_or_default()];
        if provider.asks.is_empty() {
            rows.push([start(), vec!["".into(), "no ask".into(), String::new()], abuse()].concat());
        }
        for ask in &provider.asks {
            rows.push([start(), ask.cells(), abuse()].concat());
        }
    }
    let heads = ["PROVIDER", "GATEWAY", "TIER", "PRESENT", "SERVICE", "FREE"];
    table(&[&heads[..], &AskRow::HEADS, &["ABUSE TO"]].concat(), rows)
}
