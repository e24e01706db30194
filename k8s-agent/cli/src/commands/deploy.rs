//! `perigee deploy FILE`

use crate::{
    args::Deploy,
    context::{vault, Context},
    delivery::{Delivery, Served},
    error::{CliError, ExitCode},
    money::Amount,
    quote::{load, quote, GroupQuote, Pay, Quote},
    terms::manifests,
    vault::Saved,
    write::Writer,
};
use futures::future::join_all;
use perigee_chain::{calls, Call, Chain, LeaseOpened};
use perigee_gateway::commitment;
use perigee_primitives::{AskId, Balance, DeploymentId, LeaseId, ProviderId};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// No deployment has this number yet: the chain counts from zero and gets nowhere near.
const UNKNOWN: u64 = u64::MAX;

/// A deployment that was opened: sums, and the first placement for those who have only one.
#[derive(Serialize)]
struct Deployed {
    deployment: DeploymentId,
    lease: LeaseId,
    provider: ProviderId,
    ask: AskId,
    rate: Balance,
    deposit: Balance,
    block: u32,
    ready: bool,
    urls: Vec<String>,
    groups: Vec<Placed>,
}

#[derive(Clone, Serialize)]
struct Placed {
    name: String,
    lease: LeaseId,
    provider: ProviderId,
    ask: AskId,
    rate: Balance,
    deposit: Balance,
    ready: bool,
    urls: Vec<String>,
}

pub async fn run(context: &Context, args: Deploy) -> Result<(), CliError> {
    let (name, sdl) = load(context, &args.file)?;
    crate::terms::wanted(&sdl, &context.settings.denominations, &args.demands)?;
    let writer = Writer::connect(context).await?;
    let pay = match (args.duration, args.deposit) {
        (Some(span), _) => Pay::For(span.0),
        (None, Some(amount)) => Pay::Deposit(amount.0),
        (None, None) => Pay::Default,
    };
    let quote = quote(context, &writer.chain, &sdl, &args.demands, pay).await?;
    context.printer.message(quote.text());
    let mut orders = Vec::new();
    let mut saves = Vec::new();
    for (group, manifest) in quote.groups.iter().zip(manifests(&sdl)) {
        let nonce: [u8; 32] = rand::random();
        let commitment = commitment(&nonce, &manifest.hash());
        orders.push(group.order(commitment)?);
        saves.push((commitment, Saved::new(&name, nonce, &sdl, &manifest)));
    }
    let call = calls::deploy(orders);
    let (deposit, reservation) = (quote.deposit(), quote.reservations());
    let what = format!(
        "Deploy {name}, deposit {}, reservation {} (comes back at the start)",
        Amount(deposit),
        Amount(reservation)
    );
    if !writer.agree(&call, &what, deposit.saturating_add(reservation)).await? {
        return Ok(());
    }
    for (commitment, saved) in &saves {
        vault(&writer.chain).save(commitment, saved)?;
    }

    let opened = AtomicU64::new(UNKNOWN);
    let deadline = Instant::now() + args.timeout.0;
    let work = open_and_start(context, &writer, &call, &quote, deadline, &opened);
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(interrupted(opened.load(Ordering::SeqCst))),
    }
}

async fn open_and_start(
    context: &Context,
    writer: &Writer<'_>,
    call: &Call,
    quote: &Quote,
    deadline: Instant,
    opened: &AtomicU64,
) -> Result<(), CliError> {
    let included = writer.submit(call).await?;
    let Some(id) = included.opened.first().map(|lease| lease.deployment) else {
        return Err(CliError::new(
            ExitCode::Other,
            "the chain opened no lease and did not say why",
        ));
    };
    opened.store(id, Ordering::SeqCst);
    let mut placed: Vec<_> = quote.groups.iter().zip(&included.opened).map(Placed::new).collect();
    let progress = context.printer.progress();
    let providers: Vec<_> = placed.iter().map(|placed| placed.provider.to_string()).collect();
    progress.done(format!("deployment {id} opened with provider {}", providers.join(", ")));
    let several = placed.len() > 1;
    let starts = placed.iter().map(|placed| {
        let delivery = Delivery {
            writer,
            lease: placed.lease,
            deadline,
        };
        delivery.serve(&progress)
    });
    let served = join_all(starts).await;
    drop(progress);
    for (placed, served) in placed.iter_mut().zip(&served) {
        placed.is_served_by(served, &writer.chain).await?;
    }
    let failures = placed.iter().zip(served).filter_map(|(placed, served)| {
        let error = served.outcome.err()?;
        Some(if several { error.about(&placed.name) } else { error })
    });
    let failures: Vec<_> = failures.collect();
    let deployed = Deployed::new(id, included.block.number, placed);
    writer.report(&deployed, || text(&deployed))?;
    match CliError::first_of(failures, &context.printer) {
        Some(error) if several => Err(open_still(error, id)),
        Some(error) => Err(hint_to_send(error, id)),
        None => Ok(()),
    }
}

impl Placed {
    fn new((group, opened): (&GroupQuote, &LeaseOpened)) -> Self {
        Self {
            name: group.name.clone(),
            lease: opened.lease,
            provider: opened.provider,
            ask: opened.ask,
            rate: opened.rate,
            deposit: group.terms.deposit,
            ready: false,
            urls: Vec::new(),
        }
    }

    /// Another lease may have taken over.
    async fn is_served_by(&mut self, served: &Served, chain: &Chain) -> Result<(), CliError> {
        (self.ready, self.urls) = (served.outcome.is_ok(), served.urls());
        if served.lease == self.lease {
            return Ok(());
        }
        self.lease = served.lease;
        if let Some(state) = chain.best().await?.lease(self.lease).await? {
            (self.provider, self.ask, self.rate) = (state.provider, state.ask, state.rate);
        }
        Ok(())
    }
}

impl Deployed {
    /// Of at least one group.
    fn new(deployment: DeploymentId, block: u32, groups: Vec<Placed>) -> Self {
        let Placed {
            lease,
            provider,
            ask,
            rate,
            ..
        } = groups[0];
        let deposits = groups.iter().map(|group| group.deposit);
        Self {
            deployment,
            lease,
            provider,
            ask,
            rate,
            deposit: deposits.fold(0, Balance::saturating_add),
            block,
            ready: groups.iter().all(|group| group.ready),
            urls: groups.iter().flat_map(|group| group.urls.clone()).collect(),
            groups,
        }
    }
}

fn text(deployed: &Deployed) -> String {
    match deployed.ready && deployed.urls.is_empty() {
        true => format!("deployment {} is running", deployed.deployment),
        false => deployed.urls.join("\n"),
    }
}

fn hint_to_send(error: CliError, id: DeploymentId) -> CliError {
    match error.code() {
        ExitCode::Refused | ExitCode::Usage => error,
        _ => open_still(error, id),
    }
}

fn open_still(error: CliError, id: DeploymentId) -> CliError {
    error.hint(format!(
        "Deployment {id} is open. `perigee send {id}` finishes it, `perigee close {id}` gives it up."
    ))
}

fn interrupted(deployment: u64) -> CliError {
    let error = CliError::new(ExitCode::Other, "interrupted");
    match deployment {
        UNKNOWN => error
            .hint("If it was signed, it may still be opened: `perigee list` shows it, `perigee send ID` finishes it."),
        id => hint_to_send(error, id),
    }
}
