//! `perigee list`

use crate::{
    args::List,
    context::{when, Context},
    error::CliError,
    money::Amount,
    printer::table,
};
use perigee_chain::{AccountId, Chain, LeaseState, View};
use perigee_primitives::{Balance, LeasePhase};
use serde::Serialize;

#[derive(Serialize)]
struct Listing {
    owner: String,
    deployments: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    deployment: u64,
    lease: Option<u64>,
    phase: &'static str,
    paused: bool,
    unready: bool,
    provider: Option<u32>,
    rate: Option<Balance>,
    balance: Option<Balance>,
    bond: Option<Balance>,
    runs_until: Option<u32>,
    notice_end: Option<u32>,
    #[serde(skip)]
    word: &'static str,
    #[serde(skip)]
    ends: String,
}

pub async fn run(context: &Context, args: List) -> Result<(), CliError> {
    let owner = match args.owner {
        Some(owner) => owner,
        None => context.settings.account()?.id(),
    };
    let chain = context.connect().await?;
    let deployments = rows(&chain, &chain.best().await?, &owner).await?;
    let listing = Listing {
        owner: owner.to_string(),
        deployments,
    };
    context.printer.data(&listing, || text(&listing))
}

async fn rows(chain: &Chain, view: &View, owner: &AccountId) -> Result<Vec<Row>, CliError> {
    let block_time = chain.block_time().await?;
    let (now, now_ms) = (view.block().number, view.timestamp().await?);
    let mut rows = Vec::new();
    for deployment in view.deployments_of(owner).await? {
        let lease = deployment.leases.iter().max().copied();
        let state = match lease {
            Some(lease) => view.lease(lease).await?,
            None => None,
        };
        let runs_until = state.as_ref().and_then(|s| s.runs_until);
        rows.push(Row {
            deployment: deployment.id,
            lease,
            phase: state.as_ref().map_or("gone", |s| phase(&s.phase)),
            word: state.as_ref().map_or("gone", word),
            paused: state.as_ref().is_some_and(|s| s.paused),
            unready: state.as_ref().is_some_and(|s| s.unready),
            provider: state.as_ref().map(|s| s.provider),
            rate: state.as_ref().map(|s| s.rate),
            balance: state
                .as_ref()
                .map(|s| s.deposited.saturating_sub(s.billed).saturating_sub(s.refunded)),
            bond: state.as_ref().map(|s| s.bond),
            notice_end: state.as_ref().and_then(|s| s.notice_end),
            runs_until,
            ends: runs_until
                .map(|block| when(now, now_ms, block, block_time))
                .unwrap_or_default(),
        });
    }
    Ok(rows)
}

/// A phase in a word.
pub fn phase(phase: &LeasePhase) -> &'static str {
    match phase {
        LeasePhase::Pending { .. } => "pending",
        LeasePhase::Active { .. } => "active",
        LeasePhase::Ended { .. } => "ended",
    }
}

/// How a lease is in a word.
fn word(state: &LeaseState) -> &'static str {
    match (state.paused, state.unready, state.notice_end) {
        (true, ..) => "paused",
        (_, true, _) => "unready",
        (_, _, Some(_)) => "noticed",
        _ => phase(&state.phase),
    }
}

fn text(listing: &Listing) -> String {
    if listing.deployments.is_empty() {
        return format!("{} has no deployments", listing.owner);
    }
    let row = |r: &Row| {
        vec![
            r.deployment.to_string(),
            r.word.into(),
            r.provider.map(|p| p.to_string()).unwrap_or_default(),
            r.balance.map(|b| Amount(b).to_string()).unwrap_or_default(),
            r.ends.clone(),
        ]
    };
    table(
        &["ID", "PHASE", "PROVIDER", "ESCROW", "ENDS"],
        listing.deployments.iter().map(row).collect(),
    )
}
