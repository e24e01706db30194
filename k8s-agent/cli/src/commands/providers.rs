//! `perigee providers`

use crate::{
    context::Context,
    error::CliError,
    money::Amount,
    printer::table,
    quote::{resources, ResourcesJson},
};
use perigee_chain::{Provider, View};
use perigee_primitives::{Ask, AskId, Balance, Isolation, PriceSchedule, Resources};
use serde::Serialize;
use std::collections::BTreeMap;

/// What prices are shown for: a small application.
const SAMPLE: Resources = Resources {
    cpu_milli: 1_000,
    memory_mib: 1_024,
    storage_mib: 1_024,
    gpus: 0,
    endpoints: 1,
};

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
    stake: Balance,
    registered_at: u32,
    capacity: ResourcesJson,
    free: ResourcesJson,
    asks: Vec<AskRow>,
    #[serde(skip)]
    free_text: String,
}

#[derive(Serialize)]
struct AskRow {
    ask: AskId,
    /// Micro base units per block and unit.
    prices: Prices,
    attributes: BTreeMap<String, String>,
    isolation: &'static str,
    /// Base units per hour for 1 CPU, 1 GiB of memory, 1 GiB of storage and an endpoint.
    sample_per_hour: Balance,
}

#[derive(Serialize)]
struct Prices {
    cpu_milli: u64,
    memory_mib: u64,
    storage_mib: u64,
    gpu: u64,
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
            .push(ask_row(id, &ask, blocks_per_hour));
    }
    let row = |p: Provider| Row {
        asks: asks.remove(&p.id).unwrap_or_default(),
        free: ResourcesJson::from(&p.free()),
        free_text: resources(&p.free()),
        capacity: ResourcesJson::from(&p.capacity),
        provider: p.id,
        stash: p.stash.to_string(),
        operator: p.operator.to_string(),
        gateway: p.gateway,
        stake: p.stake,
        registered_at: p.registered_at,
    };
    Ok(view.providers().await?.into_iter().map(row).collect())
}

fn ask_row(ask: AskId, terms: &Ask, blocks_per_hour: u128) -> AskRow {
    let PriceSchedule {
        cpu_milli,
        memory_mib,
        storage_mib,
        gpu,
        endpoint,
    } = terms.prices;
    let word = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    AskRow {
        ask,
        prices: Prices {
            cpu_milli,
            memory_mib,
            storage_mib,
            gpu,
            endpoint,
        },
        attributes: terms.attributes.iter().map(|(k, v)| (word(k), word(v))).collect(),
        isolation: match terms.isolation {
            Isolation::SharedKernel => "shared-kernel",
            Isolation::Gvisor => "gvisor",
            Isolation::Kata => "kata",
        },
        sample_per_hour: terms
            .prices
            .rate(&SAMPLE)
            .unwrap_or(Balance::MAX)
            .saturating_mul(blocks_per_hour),
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
                provider.free_text.clone(),
            ]
        };
        if provider.asks.is_empty() {
            rows.push([start(), vec!["".into(), "no ask".into(), String::new()]].concat());
        }
        for ask in &provider.asks {
            let attributes: Vec<_> = ask.attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let price = format!("{}/h", Amount(ask.sample_per_hour));
            let about = [vec![ask.isolation.to_string()], attributes].concat().join(" ");
            rows.push([start(), vec![ask.ask.to_string(), price, about]].concat());
        }
    }
    let heads = ["PROVIDER", "GATEWAY", "FREE", "ASK", "1 CPU + 1 GiB", "ATTRIBUTES"];
    table(&heads, rows)
}
