//! `perigee deploy FILE`

use crate::{
    args::Deploy,
    context::{vault, Context},
    delivery::{Delivery, Running},
    error::{CliError, ExitCode},
    money::Amount,
    printer::Progress,
    quote::{load, quote, Pay, Quote},
    vault::Saved,
};
use perigee_chain::{calls, Account, Call, Chain, ChainError, Event, GroupOrder, Progress as Step};
use perigee_gateway::commitment;
use perigee_primitives::{AskId, Balance, DeploymentId, LeaseId, ProviderId};
use perigee_sdl::Sdl;
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
    let account = context.settings.account()?;
    let (name, sdl) = load(context, &args.file)?;
    crate::terms::wanted(&sdl, &context.settings.denominations)?;
    let chain = context.connect().await?;
    let pay = match (args.duration, args.deposit) {
        (Some(span), _) => Pay::For(span.0),
        (None, Some(amount)) => Pay::Deposit(amount.0),
        (None, None) => Pay::Default,
    };
    let quote = quote(context, &chain, &sdl, pay).await?;
    let (call, commitment, saved) = order(&name, &sdl, &quote);
    announce(context, &chain, &quote, &call, &account).await?;
    context.printer.confirm("Sign and deploy?", context.settings.yes)?;
    vault(&chain).save(&commitment, &saved)?;

    let opened = AtomicU64::new(UNKNOWN);
    let deadline = Instant::now() + args.timeout.0;
    let work = open_and_start(context, &chain, &call, &account, &quote, deadline, &opened);
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(interrupted(opened.load(Ordering::SeqCst))),
    }
}

/// The one call, and what must be on disk before it is signed.
fn order(name: &str, sdl: &Sdl, quote: &Quote) -> (Call, [u8; 32], Saved) {
    let nonce: [u8; 32] = rand::random();
    let commitment = commitment(&nonce, &sdl.hash());
    let call = calls::deploy(vec![GroupOrder {
        resources: quote.resources,
        commitment,
        asks: quote.offers.iter().map(|q| q.offer.ask).collect(),
        max_rate: quote.max_rate(),
        deposit: quote.terms.deposit,
        term: quote.terms.term,
    }]);
    let manifest = String::from_utf8_lossy(&sdl.manifest_json()).into_owned();
    let saved = Saved {
        source: name.into(),
        nonce,
        manifest,
        receipt: None,
        urls: Vec::new(),
    };
    (call, commitment, saved)
}

/// Shows what will be signed, and refuses what the account cannot pay.
async fn announce(
    context: &Context,
    chain: &Chain,
    quote: &Quote,
    call: &Call,
    account: &Account,
) -> Result<(), CliError> {
    let fee = chain.fee(call, account).await?;
    let view = chain.best().await?;
    let needs = [quote.terms.deposit, quote.reservation, fee, view.existential_deposit()?];
    let needs = needs.into_iter().fold(0, Balance::saturating_add);
    let holds = view.balances(&account.id()).await?.free;
    let printer = &context.printer;
    printer.message(quote.text());
    printer.message(format!(
        "signs      one {} as {}: deposit {}, reservation {} (comes back at the start), fee {}",
        call.name(),
        account.id(),
        Amount(quote.terms.deposit),
        Amount(quote.reservation),
        Amount(fee),
    ));
    if needs > holds {
        return Err(CliError::refused(format!("this needs {}, the account holds {}", Amount(needs), Amount(holds))).hint(
            "Deposit less with --deposit or --for, or send money to the account; development chains have `perigee faucet`.",
        ));
    }
    Ok(())
}

async fn open_and_start(
    context: &Context,
    chain: &Chain,
    call: &Call,
    account: &Account,
    quote: &Quote,
    deadline: Instant,
    opened: &AtomicU64,
) -> Result<(), CliError> {
    let progress = context.printer.progress();
    let mut deployed = open(chain, call, account, quote, &progress, opened).await?;
    let delivery = Delivery {
        chain,
        account,
        lease: deployed.lease,
        deadline,
    };
    let started = start(&delivery, &progress).await;
    drop(progress);
    if let Ok(running) = &started {
        deployed.ready = true;
        deployed.urls = running.urls.clone();
    }
    let id = deployed.deployment;
    context.printer.data(&deployed, || text(&deployed))?;
    started.map(|_| ()).map_err(|error| hint_to_send(error, id))
}

async fn start(delivery: &Delivery<'_>, progress: &Progress) -> Result<Running, CliError> {
    delivery.deliver(progress).await?;
    delivery.wait(progress).await
}

async fn open(
    chain: &Chain,
    call: &Call,
    account: &Account,
    quote: &Quote,
    progress: &Progress,
    opened: &AtomicU64,
) -> Result<Deployed, CliError> {
    progress.waiting_for("signing");
    let steps = |step: Step| {
        if matches!(step, Step::Signed { .. }) {
            progress.waiting_for("the deployment to be included in a block");
        }
    };
    let included = chain.submit_with(call, account, steps).await.map_err(refused)?;
    let lease = included.events.iter().find_map(|event| match event {
        Event::LeaseOpened {
            lease,
            deployment,
            provider,
            ask,
            rate,
            ..
        } => Some((*lease, *deployment, *provider, *ask, *rate)),
        _ => None,
    });
    let Some((lease, deployment, provider, ask, rate)) = lease else {
        return Err(CliError::new(
            ExitCode::Other,
            "the chain opened no lease and did not say why",
        ));
    };
    opened.store(deployment, Ordering::SeqCst);
    progress.done(format!(
        "deployment {deployment} opened in block {} with provider {provider}",
        included.block.number
    ));
    Ok(Deployed {
        deployment,
        lease,
        provider,
        ask,
        rate,
        deposit: quote.terms.deposit,
        block: included.block.number,
        ready: false,
        urls: Vec::new(),
    })
}

/// What changed between the quote and the block.
fn refused(error: ChainError) -> CliError {
    if error.is_refusal("Marketplace", "NoAskFits") {
        return CliError::refused("none of the offers was still there when the block was made".into())
            .hint("Nothing was paid but the transaction fee. Deploy again.");
    }
    error.into()
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
