//! A file against the market: price, deposit, offers. Reads the chain, signs nothing.

use crate::{
    context::Context,
    error::CliError,
    matching::{choose, Candidate, NoFit, Offer},
    money::Amount,
    refusals::{self, Refused},
    terms::{self, Funding, Terms},
    time,
};
use perigee_chain::{AccountId, Chain, GroupOrder, Provider, Requirements, View};
use perigee_primitives::{Balance, Commitment, Resources, StorageClass};
use perigee_sdl::Sdl;
use serde::Serialize;
use std::{collections::BTreeMap, path::Path, time::Duration};

const HOUR: Duration = Duration::from_secs(3_600);
/// A month is 730 hours: 8,760 hours a year by twelve.
const MONTH: Duration = Duration::from_secs(730 * 3_600);
/// How long the deposit lasts when nobody says otherwise.
const DEFAULT_TIME: Duration = Duration::from_secs(24 * 3_600);

/// Who asks when no key is named: on no list of tenants.
const NOBODY: AccountId = AccountId([0; 32]);

/// What a file costs where.
pub struct Quote {
    /// What is leased.
    pub resources: Resources,
    /// What is asked of the provider.
    pub requirements: Requirements,
    /// Cheapest first.
    pub offers: Vec<Quoted>,
    /// Money and time of the order.
    pub terms: Terms,
    /// How long a block takes.
    pub block_time: Duration,
    /// Held from opening to activation.
    pub reservation: Balance,
}

/// An offer and who makes it.
pub struct Quoted {
    /// The offer.
    pub offer: Offer,
    /// Who.
    pub provider: Provider,
}

/// How long or how much is paid.
#[derive(Clone, Copy, Debug)]
pub enum Pay {
    /// For this time, then end.
    For(Duration),
    /// With this deposit.
    Deposit(Balance),
    /// For a day at first.
    Default,
}

/// Reads and checks a file. What there is to say about it goes to stderr.
pub fn load(context: &Context, path: &Path) -> Result<(String, Sdl), CliError> {
    let (name, text) = crate::context::read_bytes(path)?;
    match Sdl::parse_bytes(&name, &text) {
        Ok(sdl) => {
            context.printer.findings(sdl.warnings());
            Ok((name, sdl))
        }
        Err(findings) => {
            context.printer.findings(&findings);
            Err(CliError::usage(format!("{name} is not valid")))
        }
    }
}

/// What cannot be run as written must not be paid for.
fn check_blockers(sdl: &Sdl) -> Result<(), CliError> {
    match sdl.warnings().blockers().next() {
        Some(first) => Err(
            CliError::usage(format!("{}:{}: {}", first.file, first.line, first.message))
                .hint(first.hint.clone().unwrap_or_else(|| "Take it out of the file.".into())),
        ),
        None => Ok(()),
    }
}

/// Finds out what `sdl` costs now.
pub async fn quote(context: &Context, chain: &Chain, sdl: &Sdl, pay: Pay) -> Result<Quote, CliError> {
    check_blockers(sdl)?;
    let wanted = terms::wanted(sdl, &context.settings.denominations)?;
    let view = chain.best().await?;
    let owner = context
        .settings
        .account_if_any()?
        .map_or(NOBODY, |account| account.id());
    let (mut candidates, providers) = market(&view).await?;
    let block_time = chain.block_time().await?;
    let times = view.attestation_times().await?;
    let mut refused: Vec<Refused> = Vec::new();
    // What the chain refuses makes room for the next best: each turn takes an ask away, or is the last.
    loop {
        let offers = choose(&wanted, &candidates).map_err(|why| no_fit(*why, &refused, providers.len()))?;
        let dearest = offers.iter().map(|o| o.rate).max().unwrap_or_default();
        let quoted = |offer: Offer| {
            let provider = providers.get(&offer.provider)?.clone();
            Some(Quoted { provider, offer })
        };
        let quote = Quote {
            resources: wanted.resources,
            requirements: wanted.requirements.clone(),
            offers: offers.into_iter().filter_map(quoted).collect(),
            terms: funding(pay, block_time)?.terms(dearest, &times)?,
            block_time,
            reservation: view.reservation_fee()?,
        };
        let order = quote.order(Commitment::default())?;
        let refusals = view.explain_order(&owner, order.clone()).await?;
        if refusals.is_empty() {
            return Ok(quote);
        }
        candidates.retain(|c| refusals.iter().all(|(ask, _)| *ask != c.id));
        for (ask, why) in refusals {
            let Some(quoted) = quote.offers.iter().find(|quoted| quoted.offer.ask == ask) else {
                continue;
            };
            refused.push(refusals::with_figures(&view, quoted, why, &order).await?);
        }
    }
}

fn no_fit(mut why: NoFit, refused: &[Refused], providers: usize) -> CliError {
    let text = if refused.is_empty() {
        why.to_string()
    } else {
        why.providers = providers;
        let reasons = [refusals::reasons(refused, providers), why.reasons()].concat();
        format!("no ask takes the order\n  {}", reasons.join("\n  "))
    };
    CliError::refused(text).hint("`perigee providers` shows who asks how much for what.")
}

fn funding(pay: Pay, block_time: Duration) -> Result<Funding, CliError> {
    Ok(match pay {
        Pay::For(span) => Funding::Term(time::blocks(span, block_time)?),
        Pay::Deposit(amount) => Funding::Deposit(amount),
        Pay::Default => Funding::Open(time::blocks(DEFAULT_TIME, block_time)?),
    })
}

/// All asks with what their providers have left.
pub async fn market(view: &View) -> Result<(Vec<Candidate>, BTreeMap<u32, Provider>), CliError> {
    let providers: BTreeMap<_, _> = view.providers().await?.into_iter().map(|p| (p.id, p)).collect();
    let candidate = |(id, ask): (u64, perigee_chain::Ask)| {
        let free = providers.get(&ask.provider)?.free();
        Some(Candidate { id, ask, free })
    };
    let candidates = view.asks().await?.into_iter().filter_map(candidate).collect();
    Ok((candidates, providers))
}

impl Quote {
    /// The order that takes these offers.
    pub fn order(&self, commitment: Commitment) -> Result<GroupOrder, CliError> {
        let asks: Vec<_> = self.offers.iter().map(|q| q.offer.ask).collect();
        Ok(GroupOrder {
            resources: self.resources,
            commitment,
            asks: asks
                .try_into()
                .map_err(|_| CliError::usage("an order names four asks at most".into()))?,
            max_rate: self.max_rate(),
            deposit: self.terms.deposit,
            term: self.terms.term,
            requirements: self.requirements.clone(),
        })
    }

    /// The most that can be paid per block: the dearest of the offers shown.
    pub fn max_rate(&self) -> Balance {
        self.offers.iter().map(|q| q.offer.rate).max().unwrap_or_default()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("resources  {}", resources(&self.resources))];
        for (i, quoted) in self.offers.iter().enumerate() {
            let label = if i == 0 { "offers" } else { "" };
            let rate = quoted.offer.rate;
            lines.push(format!(
                "{label:<9}  {} per hour, {} per month: provider {} at {}",
                Amount(self.cost(rate, HOUR)),
                Amount(self.cost(rate, MONTH)),
                quoted.provider.id,
                quoted.provider.gateway,
            ));
        }
        lines.push(format!("deposit    {}, {}", Amount(self.terms.deposit), self.lasts()));
        lines.join("\n")
    }

    fn lasts(&self) -> String {
        if let Some(term) = self.terms.term {
            let span = time::in_words(time::time_of(term, self.block_time));
            return format!("ends {span} after activation; what is left comes back");
        }
        let blocks = self.terms.deposit / self.max_rate().max(1);
        let span = time::time_of(blocks.try_into().unwrap_or(u32::MAX), self.block_time);
        format!("lasts about {}; what is left comes back", time::in_words(span))
    }

    fn cost(&self, rate: Balance, span: Duration) -> Balance {
        cost(rate, span, self.block_time)
    }

    /// For programs.
    pub fn json(&self) -> QuoteJson {
        let offer = |q: &Quoted| OfferJson {
            provider: q.provider.id,
            gateway: q.provider.gateway.clone(),
            ask: q.offer.ask,
            rate: q.offer.rate,
            per_hour: self.cost(q.offer.rate, HOUR),
            per_month: self.cost(q.offer.rate, MONTH),
        };
        QuoteJson {
            resources: ResourcesJson::from(&self.resources),
            offers: self.offers.iter().map(offer).collect(),
            deposit: self.terms.deposit,
            term_blocks: self.terms.term,
            reservation_fee: self.reservation,
            block_time_ms: self.block_time.as_millis() as u64,
        }
    }
}

/// What a rate per block comes to in `span`.
pub fn cost(rate: Balance, span: Duration, block_time: Duration) -> Balance {
    let millis = block_time.as_millis().max(1);
    rate.saturating_mul(span.as_millis()).div_ceil(millis)
}

/// A quote, for programs.
#[derive(Debug, Serialize)]
pub struct QuoteJson {
    resources: ResourcesJson,
    offers: Vec<OfferJson>,
    deposit: Balance,
    term_blocks: Option<u32>,
    reservation_fee: Balance,
    block_time_ms: u64,
}

#[derive(Debug, Serialize)]
struct OfferJson {
    provider: u32,
    gateway: String,
    ask: u64,
    rate: Balance,
    per_hour: Balance,
    per_month: Balance,
}

/// An amount of compute, for programs.
#[derive(Debug, Serialize)]
pub struct ResourcesJson {
    cpu_milli: u64,
    memory_mib: u64,
    storage_mib: u64,
    /// By class: beta1, beta2, beta3.
    persistent_mib: BTreeMap<&'static str, u64>,
    gpus: BTreeMap<String, u32>,
    ips: u32,
    endpoints: u32,
}

impl From<&Resources> for ResourcesJson {
    fn from(r: &Resources) -> Self {
        let classes = StorageClass::ALL.iter().zip(r.persistent_mib);
        Self {
            cpu_milli: r.cpu_milli,
            memory_mib: r.memory_mib,
            storage_mib: r.storage_mib,
            persistent_mib: classes
                .filter(|(_, mib)| *mib > 0)
                .map(|(c, mib)| (c.name(), mib))
                .collect(),
            gpus: r
                .gpus
                .iter()
                .map(|(model, count)| (model.name().to_owned(), *count))
                .collect(),
            ips: r.ips,
            endpoints: r.endpoints,
        }
    }
}

/// An amount of compute, for people.
pub fn resources(r: &Resources) -> String {
    let cpu = match r.cpu_milli % 1_000 {
        0 => format!("{} CPU", r.cpu_milli / 1_000),
        _ => format!("{}m CPU", r.cpu_milli),
    };
    let mut parts = vec![
        cpu,
        format!("{} memory", size(r.memory_mib)),
        format!("{} storage", size(r.storage_mib)),
    ];
    for (class, mib) in StorageClass::ALL
        .iter()
        .zip(r.persistent_mib)
        .filter(|(_, mib)| *mib > 0)
    {
        parts.push(format!("{} {}", size(mib), class.name()));
    }
    for (model, count) in r.gpus.iter() {
        parts.push(format!("{count} {}", model.name()));
    }
    if r.ips > 0 {
        parts.push(format!("{} IP{}", r.ips, if r.ips == 1 { "" } else { "s" }));
    }
    if r.endpoints > 0 {
        parts.push(format!(
            "{} endpoint{}",
            r.endpoints,
            if r.endpoints == 1 { "" } else { "s" }
        ));
    }
    parts.join(", ")
}

fn size(mib: u64) -> String {
    match mib {
        m if m >= 1 << 20 && m % (1 << 20) == 0 => format!("{} TiB", m >> 20),
        m if m >= 1 << 10 => format!("{:.1} GiB", m as f64 / 1024.0).replace(".0 ", " "),
        m => format!("{m} MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::{GpuModel, PerModel};

    #[test]
    fn resources_read_well() {
        let r = Resources {
            cpu_milli: 200,
            memory_mib: 128,
            storage_mib: 1_536,
            endpoints: 1,
            ..Default::default()
        };
        assert_eq!(resources(&r), "200m CPU, 128 MiB memory, 1.5 GiB storage, 1 endpoint");
        let r = Resources {
            cpu_milli: 2_000,
            memory_mib: 2_048,
            storage_mib: 1 << 20,
            persistent_mib: [0, 2_048, 0],
            gpus: PerModel::one(GpuModel::new(b"nvidia/a100").unwrap(), 1),
            ips: 1,
            endpoints: 2,
        };
        let expected = "2 CPU, 2 GiB memory, 1 TiB storage, 2 GiB beta2, 1 nvidia/a100, 1 IP, 2 endpoints";
        assert_eq!(resources(&r), expected);
    }
}
