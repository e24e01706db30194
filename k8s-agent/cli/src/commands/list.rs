//! `perigee list`

use crate::{
    args::List,
    context::{groups, name_of, Clock, Context, Found, Group},
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

/// A deployment: the first of its placements that is not over, and all of them.
#[derive(Serialize)]
struct Row {
    deployment: u64,
    #[serde(flatten)]
    foremost: Cells,
    groups: Vec<Cells>,
}

#[derive(Clone, Serialize)]
struct Cells {
    name: Option<String>,
    lease: u64,
    phase: &'static str,
    paused: bool,
    unready: bool,
    provider: u32,
    rate: Balance,
    balance: Balance,
    bond: Balance,
    runs_until: Option<u32>,
    notice_end: Option<u32>,
    #[serde(skip)]
    label: String,
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
    let clock = Clock::of(chain, view).await?;
    let mut rows = Vec::new();
    for deployment in view.deployments_of(owner).await? {
        let leases = view.leases(&deployment.leases).await?;
        let groups = groups(leases, |commitment| name_of(chain, commitment));
        if groups.is_empty() {
            continue;
        }
        let id = deployment.id;
        let found = Found { deployment, groups };
        let cells = |group: &Group| Cells::new(group, clock.when_any(group.state.runs_until));
        rows.push(Row {
            deployment: id,
            foremost: cells(found.foremost()),
            groups: found.groups.iter().map(cells).collect(),
        });
    }
    Ok(rows)
}

impl Cells {
    fn new(group: &Group, ends: String) -> Self {
        let state = &group.state;
        Self {
            name: group.name.clone(),
            lease: group.lease,
            phase: phase(&state.phase),
            paused: state.paused,
            unready: state.unready,
            provider: state.provider,
            rate: state.rate,
            balance: state
                .deposited
                .saturating_sub(state.billed)
                .saturating_sub(state.refunded),
            bond: state.bond,
            runs_until: state.runs_until,
            notice_end: state.notice_end,
            label: group.label(),
            word: word(state),
            ends,
        }
    }
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
    let rows = listing.deployments.iter().flat_map(|row| {
        let several = row.groups.len() > 1;
        row.groups.iter().map(move |cells| {
            let id = match several {
                true => format!("{} {}", row.deployment, cells.label),
                false => row.deployment.to_string(),
            };
            vec![
                id,
                cells.word.into(),
                cells.provider.to_string(),
                Amount(cells.balance).to_string(),
                cells.ends.clone(),
            ]
        })
    });
    table(&["ID", "PHASE", "PROVIDER", "ESCROW", "ENDS"], rows.collect())
}
