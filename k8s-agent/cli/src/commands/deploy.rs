//! `perigee deploy FILE`

use crate::{
    args::Deploy,
    context::{vault, Context},
    delivery::Delivery,
    error::{CliError, ExitCode},
    money::Amount,
    quote::{load, quote, Pay, Quote},
    vault::Saved,
    write::Writer,
};
use perigee_chain::{calls, Call, Chain};
use perigee_gateway::commitment;
use perigee_primitives::{AskId, Balance, DeploymentId, LeaseId, ProviderId};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// No deployment has this number yet: the chain counts from zero and gets nowhere near.
const UNKNOWN: u64 = u64::MAX;

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
}

pub async fn run(context: &Context, args: Deploy) -> Result<(), CliError> {
    let (name, sdl) = load(context, &args.file)?;
    crate::terms::wanted(&sdl, &context.settings.denominations)?;
    let writer = Writer::connect(context).await?;
    let pay = match (args.duration, args.deposit) {
        (Some(span), _) => Pay::For(span.0),
        (None, Some(amount)) => Pay::Deposit(amount.0),
        (None, None) => Pay::Default,
    };
    let quote = quote(context, &writer.chain, &sdl, pay).await?;
    context.printer.message(quote.text());
    let nonce: [u8; 32] = rand::random();
    let commitment = commitment(&nonce, &sdl.hash());
    let call = calls::deploy(vec![quote.order(commitment)?]);
    let (deposit, reservation) = (quote.terms.deposit, quote.reservation);
    let what = format!(
        "Deploy {name}, deposit {}, reservation {} (comes back at the start)",
        Amount(deposit),
        Amount(reservation)
    );
    if !writer.agree(&call, &what, deposit.saturating_add(reservation)).await? {
        return Ok(());
    }
    vault(&writer.chain).save(&commitment, &Saved::new(&name, nonce, &sdl))?;

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
    let mut deployed = open(writer, call, quote).await?;
    let id = deployed.deployment;
    opened.store(id, Ordering::SeqCst);
    let progress = context.printer.progress();
    progress.done(format!("deployment {id} opened with provider {}", deployed.provider));
    let mut delivery = Delivery {
        chain: &writer.chain,
        account: &writer.account,
        lease: deployed.lease,
        deadline,
    };
    let started = delivery.start(&progress).await;
    drop(progress);
    if let Ok(running) = &started {
        deployed.ready = true;
        deployed.urls = running.urls.clone();
    }
    deployed.is_served_by(delivery.lease, &writer.chain).await?;
    context.printer.data(&deployed, || text(&deployed))?;
    started.map(|_| ()).map_err(|error| hint_to_send(error, id))
}

async fn open(writer: &Writer<'_>, call: &Call, quote: &Quote) -> Result<Deployed, CliError> {
    let included = writer.submit(call).await?;
    let Some(opened) = included.opened.first() else {
        return Err(CliError::new(
            ExitCode::Other,
            "the chain opened no lease and did not say why",
        ));
    };
    Ok(Deployed {
        deployment: opened.deployment,
        lease: opened.lease,
        provider: opened.provider,
        ask: opened.ask,
        rate: opened.rate,
        deposit: quote.terms.deposit,
        block: included.block.number,
        ready: false,
        urls: Vec::new(),
    })
}

impl Deployed {
    /// Another lease may have taken over.
    async fn is_served_by(&mut self, lease: LeaseId, chain: &Chain) -> Result<(), CliError> {
        if lease == self.lease {
            return Ok(());
        }
        self.lease = lease;
        if let Some(state) = chain.best().await?.lease(lease).await? {
            (self.provider, self.ask, self.rate) = (state.provider, state.ask, state.rate);
        }
        Ok(())
    }
}

fn text(deployed: &Deployed) -> String {
    match deployed.ready {
        true if deployed.urls.is_empty() => format!("deployment {} is running", deployed.deployment),
        true => deployed.urls.join("\n"),
        false => String::new(),
    }
}

fn hint_to_send(error: CliError, id: DeploymentId) -> CliError {
    match error.code() {
        ExitCode::Refused | ExitCode::Usage => error,
        _ => error.hint(format!(
            "Deployment {id} is open. `perigee send {id}` finishes it, `perigee close {id}` gives it up."
        )),
    }
}

fn interrupted(deployment: u64) -> CliError {
    let error = CliError::new(ExitCode::Other, "interrupted");
    match deployment {
        UNKNOWN => error
            .hint("If it was signed, it may still be opened: `perigee list` shows it, `perigee send ID` finishes it."),
        id => hint_to_send(error, id),
    }
}
