//! A file against the market: price, deposit, offers. Reads the chain, signs nothing.

use crate::{
    context::Context,
    demands::Demands,
    error::CliError,
    market::Market,
    matching::{choose, Candidate, Offer, Wanted},
    money::Amount,
    terms::{self, Funding, Terms},
    time,
};
use perigee_chain::{AccountId, Chain, GroupOrder, Provider, Requirements};
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
    /// One for each placement of the file.
    pub groups: Vec<GroupQuote>,
    /// How long a block takes.
    pub block_time: Duration,
    /// Held for each lease from opening to activation.
    pub reservation: Balance,
}

/// What a placement costs where.
pub struct GroupQuote {
    /// Its name.
    pub name: String,
    /// What is leased.
    pub resources: Resources,
    /// What is asked of the provider.
    pub requirements: Requirements,
    /// Cheapest first.
    pub offers: Vec<Quoted>,
    /// Money and time of the order.
    pub terms: Terms,
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

/// Finds out what `sdl` costs now, at providers that meet `demands`.
pub async fn quote(
    context: &Context,
    chain: &Chain,
    sdl: &Sdl,
    demands: &Demands,
    pay: Pay,
) -> Result<Quote, CliError> {
    check_blockers(sdl)?;
    let mut wanted = terms::wanted(sdl, &context.settings.denominations, demands)?;
    let view = chain.best().await?;
    let owner = context
        .settings
        .account_if_any()?
        .map_or(NOBODY, |account| account.id());
    let block_time = chain.block_time().await?;
    let reservation = view.reservation_fee()?;
    let mut market = Market::open(view, owner).await?;
    let pays = pays(pay, &wanted, &market.candidates);
    let several = wanted.len() > 1;
    let mut groups: Vec<GroupQuote> = Vec::new();
    for (wanted, pay) in wanted.iter_mut().zip(pays) {
        wanted.apart_from = groups.iter().filter_map(|group| market.place_of(group)).collect();
        let found = market.quote(wanted, funding(pay, block_time)?).await;
        let group = found.map_err(|why| match several {
            true => why.about(&wanted.name),
            false => why,
        })?;
        market.take(&group);
        groups.push(group);
    }
    Ok(Quote {
        groups,
        block_time,
        reservation,
    })
}

/// How each placement is paid: a deposit is divided by the rates at the cheapest offers.
fn pays(pay: Pay, wanted: &[Wanted], candidates: &[Candidate]) -> Vec<Pay> {
    let Pay::Deposit(deposit) = pay else {
        return vec![pay; wanted.len()];
    };
    let cheapest = |wanted: &Wanted| {
        let offers = choose(wanted, candidates).unwrap_or_default();
        offers.first().map_or(wanted.max_rate, |offer| offer.rate).max(1)
    };
    let rates: Vec<_> = wanted.iter().map(cheapest).collect();
    let shares = terms::shares(deposit, &rates).unwrap_or_else(|| vec![deposit; wanted.len()]);
    shares.into_iter().map(Pay::Deposit).collect()
}

fn funding(pay: Pay, block_time: Duration) -> Result<Funding, CliError> {
    Ok(match pay {
        Pay::For(span) => Funding::Term(time::blocks(span, block_time)?),
        Pay::Deposit(amount) => Funding::Deposit(amount),
        Pay::Default => Funding::Open(time::blocks(DEFAULT_TIME, block_time)?),
    })
}

impl GroupQuote {
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

    fn lines(&self, block_time: Duration) -> Vec<String> {
        let mut lines = vec![format!("resources  {}", resources(&self.resources))];
        for (i, quoted) in self.offers.iter().enumerate() {
            let label = if i == 0 { "offers" } else { "" };
            let rate = quoted.offer.rate;
            lines.push(format!(
                "{label:<9}  {} per hour, {} per month: provider {} at {}",
                Amount(cost(rate, HOUR, block_time)),
                Amount(cost(rate, MONTH, block_time)),
                quoted.provider.id,
                quoted.provider.gateway,
            ));
        }
        let (deposit, lasts) = (Amount(self.terms.deposit), self.lasts(block_time));
        lines.push(format!("deposit    {deposit}, {lasts}"));
        lines
    }

    fn lasts(&self, block_time: Duration) -> String {
        if let Some(term) = self.terms.term {
            let span = time::in_words(time::time_of(term, block_time));
            return format!("ends {span} after activation; what is left comes back");
        }
        let blocks = self.terms.deposit / self.max_rate().max(1);
        let span = time::time_of(blocks.try_into().unwrap_or(u32::MAX), block_time);
        format!("lasts about {}; what is left comes back", time::in_words(span))
    }

    fn json(&self, block_time: Duration) -> GroupJson {
        let offer = |q: &Quoted| OfferJson {
            provider: q.provider.id,
            gateway: q.provider.gateway.clone(),
            ask: q.offer.ask,
            rate: q.offer.rate,
            per_hour: cost(q.offer.rate, HOUR, block_time),
            per_month: cost(q.offer.rate, MONTH, block_time),
        };
        GroupJson {
            name: self.name.clone(),
            resources: ResourcesJson::from(&self.resources),
            offers: self.offers.iter().map(offer).collect(),
            deposit: self.terms.deposit,
            term_blocks: self.terms.term,
        }
    }
}

impl Quote {
    /// What goes into escrow in all.
    pub fn deposit(&self) -> Balance {
        let deposits = self.groups.iter().map(|group| group.terms.deposit);
        deposits.fold(0, Balance::saturating_add)
    }

    /// What is held in all until the leases are activated.
    pub fn reservations(&self) -> Balance {
        self.reservation.saturating_mul(self.groups.len() as Balance)
    }

    /// For people.
    pub fn text(&self) -> String {
        let lines = |group: &GroupQuote| group.lines(self.block_time).join("\n");
        if let [only] = self.groups.as_slice() {
            return lines(only);
        }
        let part = |group: &GroupQuote| format!("placement  {}\n{}", group.name, lines(group));
        let mut parts: Vec<_> = self.groups.iter().map(part).collect();
        parts.push(format!("in all     {}", Amount(self.deposit())));
        parts.join("\n\n")
    }

    /// For programs.
    pub fn json(&self) -> QuoteJson {
        let groups: Vec<_> = self.groups.iter().map(|group| group.json(self.block_time)).collect();
        let first = groups.first().cloned();
        QuoteJson {
            resources: first.as_ref().map(|group| group.resources.clone()),
            offers: first.as_ref().map(|group| group.offers.clone()).unwrap_or_default(),
            deposit: self.deposit(),
            term_blocks: first.and_then(|group| group.term_blocks),
            reservation_fee: self.reservations(),
            block_time_ms: self.block_time.as_millis() as u64,
            groups,
        }
    }
}

/// What a rate per block comes to in `span`.
pub fn cost(rate: Balance, span: Duration, block_time: Duration) -> Balance {
    let millis = block_time.as_millis().max(1);
    rate.saturating_mul(span.as_millis()).div_ceil(millis)
}

/// A quote, for programs: sums, and the first placement for those who have only one.
#[derive(Debug, Serialize)]
pub struct QuoteJson {
    resources: Option<ResourcesJson>,
    offers: Vec<OfferJson>,
    deposit: Balance,
    term_blocks: Option<u32>,
    reservation_fee: Balance,
    block_time_ms: u64,
    groups: Vec<GroupJson>,
}

#[derive(Clone, Debug, Serialize)]
struct GroupJson {
    name: String,
    resources: ResourcesJson,
    offers: Vec<OfferJson>,
    deposit: Balance,
    term_blocks: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
struct OfferJson {
    provider: u32,
    gateway: String,
    ask: u64,
    rate: Balance,
    per_hour: Balance,
    per_month: Balance,
}

/// An amount of compute, for programs.
#[derive(Clone, Debug, Serialize)]
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
