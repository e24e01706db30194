//! `perigee status ID`

use crate::{
    args::Id,
    commands::list::phase,
    context::{find, vault, Clock, Context, Group},
    delivery::{reason_in_words, url, Delivery},
    error::CliError,
    money::Amount,
    quote::{resources, ResourcesJson},
    write::Writer,
};
use futures::future::try_join_all;
use perigee_chain::{Chain, LeaseState, View};
use perigee_gateway::{LeaseStatus, ServiceStatus};
use perigee_primitives::{AskId, Balance, LeasePhase, Party};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{timeout, Instant};

/// A status is worth no longer wait than this: money and time come from the chain.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(2);

/// A deployment: the first of its placements that is not over, and all of them.
#[derive(Serialize)]
struct Status {
    deployment: u64,
    #[serde(flatten)]
    foremost: GroupStatus,
    groups: Vec<GroupStatus>,
}

#[derive(Clone, Serialize)]
struct GroupStatus {
    name: Option<String>,
    lease: u64,
    owner: String,
    provider: u32,
    gateway: Option<String>,
    phase: &'static str,
    /// Why it ended.
    reason: Option<&'static str>,
    ended_at: Option<u32>,
    /// Whose fault the end was: `tenant`, `provider`, or nobody's as far as the chain can tell.
    fault: Option<&'static str>,
    activate_by: Option<u32>,
    /// Asks that take over if the provider declines or does not show up.
    asks_left: Vec<AskId>,
    active_since: Option<u32>,
    resources: ResourcesJson,
    rate: Balance,
    /// The tenant lets it rest: it costs nothing.
    paused: bool,
    /// The provider says that it does not run: nothing is billed.
    unready: bool,
    /// The next block at which its terms change.
    next_change: Option<u32>,
    next_change_text: String,
    /// End by the provider's notice.
    notice_end: Option<u32>,
    notice_end_text: String,
    /// End of the agreed time.
    term_end: Option<u32>,
    term_end_text: String,
    /// What the provider has at stake for it.
    bond: Balance,
    /// What the bond has paid for absences beyond the SLA.
    credits_paid: Balance,
    sla_broken: bool,
    deposited: Balance,
    /// In escrow: deposited, neither billed nor refunded.
    balance: Balance,
    billed: Balance,
    fee: Balance,
    provider_income: Balance,
    refunded: Balance,
    refundable: Balance,
    reservation_held: Balance,
    reservation_burned: Balance,
    unbilled_blocks: u32,
    best_block: u32,
    judged_until: u32,
    runs_until: Option<u32>,
    runs_until_text: String,
    settled: bool,
    services: Vec<ServiceStatus>,
    urls: Vec<String>,
    /// Why services are not shown.
    services_unknown: Option<String>,
}

pub async fn run(context: &Context, args: Id) -> Result<(), CliError> {
    let chain = context.connect().await?;
    let view = chain.best().await?;
    let found = find(&chain, &view, args.deployment).await?;
    let each = found.groups.iter().map(|group| async {
        let services = services(context, &chain, group).await;
        group_status(&chain, &view, group, services).await
    });
    let groups = try_join_all(each).await?;
    let foremost = found.foremost().lease;
    let foremost = groups
        .iter()
        .find(|group| group.lease == foremost)
        .unwrap_or(&groups[0]);
    let status = Status {
        deployment: found.deployment.id,
        foremost: foremost.clone(),
        groups,
    };
    let shown = |(status, group): (&GroupStatus, &Group)| text(status, &found.name_of(group), &group.state);
    context.printer.data(&status, || {
        let parts: Vec<_> = status.groups.iter().zip(&found.groups).map(shown).collect();
        parts.join("\n\n")
    })
}

/// What the gateway says, or why it does not.
async fn services(context: &Context, chain: &Chain, group: &Group) -> Result<LeaseStatus, String> {
    let state = &group.state;
    if group.has_ended() {
        return Err("the lease has ended".into());
    }
    let account = context.settings.account_if_any().map_err(|e| e.to_string())?;
    let Some(account) = account.filter(|a| a.id() == state.owner) else {
        return Err("only the owner's key can ask the provider".into());
    };
    let writer = Writer::new(context, chain.clone(), account);
    let delivery = Delivery {
        writer: &writer,
        lease: group.lease,
        deadline: Instant::now(),
    };
    match timeout(GATEWAY_TIMEOUT, delivery.gateway_status(state)).await {
        Ok(answer) => answer.map_err(|e| e.to_string()),
        Err(_) => Err(format!(
            "the provider's gateway did not answer within {} s",
            GATEWAY_TIMEOUT.as_secs()
        )),
    }
}

async fn group_status(
    chain: &Chain,
    view: &View,
    group: &Group,
    services: Result<LeaseStatus, String>,
) -> Result<GroupStatus, CliError> {
    let state = &group.state;
    let saved = vault(chain).load(&state.commitment).ok().flatten();
    let (services, urls, services_unknown) = match services {
        Ok(seen) => (seen.services, seen.uris.iter().map(|u| url(u)).collect(), None),
        Err(why) => {
            let last_known = saved.filter(|_| !group.has_ended()).map(|saved| saved.urls);
            (Vec::new(), last_known.unwrap_or_default(), Some(why))
        }
    };
    let (reason, ended_at) = match state.phase {
        LeasePhase::Ended { at, reason } => (Some(reason_in_words(reason)), Some(at)),
        _ => (None, None),
    };
    let clock = Clock::of(chain, view).await?;
    Ok(GroupStatus {
        name: group.name.clone(),
        lease: group.lease,
        owner: state.owner.to_string(),
        provider: state.provider,
        gateway: view.provider(state.provider).await?.map(|p| p.gateway),
        phase: phase(&state.phase),
        reason,
        ended_at,
        fault: state.fault().map(party),
        asks_left: state.asks_left.clone(),
        paused: state.paused,
        unready: state.unready,
        next_change: state.next_change,
        next_change_text: clock.when_any(state.next_change),
        notice_end: state.notice_end,
        notice_end_text: clock.when_any(state.notice_end),
        term_end: state.term_end,
        term_end_text: clock.when_any(state.term_end),
        bond: state.bond,
        credits_paid: state.credits_paid,
        sla_broken: state.sla_broken,
        activate_by: match state.phase {
            LeasePhase::Pending { activate_by } => Some(activate_by),
            _ => None,
        },
        active_since: match state.phase {
            LeasePhase::Active { since } => Some(since),
            _ => None,
        },
        resources: ResourcesJson::from(&state.resources),
        rate: state.rate,
        deposited: state.deposited,
        balance: state
            .deposited
            .saturating_sub(state.billed)
            .saturating_sub(state.refunded),
        billed: state.billed,
        fee: state.fee,
        provider_income: state.billed.saturating_sub(state.fee),
        refunded: state.refunded,
        refundable: state.refundable,
        reservation_held: state.reservation_held,
        reservation_burned: state.reservation_burned,
        unbilled_blocks: state.unbilled_blocks,
        best_block: view.block().number,
        judged_until: state.judged_until,
        runs_until: state.runs_until,
        runs_until_text: clock.when_any(state.runs_until),
        settled: state.settled,
        services,
        urls,
        services_unknown,
    })
}

fn text(s: &GroupStatus, name: &str, state: &LeaseState) -> String {
    let mut lines = vec![
        line(
            "deployment",
            format!(
                "{} (lease {}), provider {} {}",
                name.trim_start_matches("deployment "),
                s.lease,
                s.provider,
                at(&s.gateway)
            ),
        ),
        line("phase", phase_text(s)),
        line("resources", resources(&state.resources)),
    ];
    if s.phase == "active" && !s.runs_until_text.is_empty() {
        lines.push(line(
            "runs until",
            format!("block {}, {}", s.runs_until.unwrap_or_default(), s.runs_until_text),
        ));
    }
    lines.extend(changes(s));
    lines.push(line(
        "escrow",
        format!("{} of {} deposited", Amount(s.balance), Amount(s.deposited)),
    ));
    lines.push(line(
        "billed",
        format!(
            "{}: provider {}, fee {}",
            Amount(s.billed),
            Amount(s.provider_income),
            Amount(s.fee)
        ),
    ));
    lines.push(line(
        "",
        format!(
            "judged until block {} of {}; {} blocks not billed",
            s.judged_until, s.best_block, s.unbilled_blocks
        ),
    ));
    lines.extend(bond_lines(s));
    if s.refunded > 0 || s.settled {
        lines.push(line("refunded", Amount(s.refunded).to_string()));
    }
    if s.reservation_burned > 0 {
        lines.push(line(
            "burned",
            format!("{} of the reservation fee", Amount(s.reservation_burned)),
        ));
    }
    lines.extend(service_lines(s));
    lines.extend(
        s.urls
            .iter()
            .enumerate()
            .map(|(i, u)| line(if i == 0 { "reach it at" } else { "" }, u.clone())),
    );
    lines.join("\n")
}

/// What is ahead.
fn changes(s: &GroupStatus) -> Vec<String> {
    let ahead = [
        ("term ends", &s.term_end_text),
        ("notice", &s.notice_end_text),
        ("changes", &s.next_change_text),
    ];
    let known = ahead.into_iter().filter(|(_, text)| !text.is_empty());
    let mut lines: Vec<_> = known.map(|(label, text)| line(label, text.clone())).collect();
    if s.phase == "pending" && !s.asks_left.is_empty() {
        let asks: Vec<_> = s.asks_left.iter().map(AskId::to_string).collect();
        lines.push(line("next asks", format!("{} may take over", asks.join(", "))));
    }
    lines
}

/// What the provider answers with.
fn bond_lines(s: &GroupStatus) -> Vec<String> {
    let mut lines = Vec::new();
    if s.bond > 0 {
        lines.push(line("bond", Amount(s.bond).to_string()));
    }
    if s.credits_paid > 0 || s.sla_broken {
        let paid = Amount(s.credits_paid);
        lines.push(line("SLA", format!("broken; the bond has paid {paid} to the owner")));
    }
    lines
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Tenant => "tenant",
        Party::Provider => "provider",
        Party::Governance => "governance",
    }
}

fn line(label: &str, value: String) -> String {
    format!("{label:<11}  {value}")
}

fn at(gateway: &Option<String>) -> String {
    gateway.as_ref().map(|g| format!("at {g}")).unwrap_or_default()
}

fn phase_text(s: &GroupStatus) -> String {
    match (s.reason, s.ended_at, s.activate_by, s.active_since) {
        (Some(reason), Some(at), _, _) => {
            let tail = if s.settled {
                "settled"
            } else {
                "its last blocks wait for their verdict"
            };
            let fault = s.fault.map(|who| format!(", at the {who}'s fault")).unwrap_or_default();
            format!("ended at block {at}: {reason}{fault}; {tail}")
        }
        (_, _, Some(by), _) => format!("pending: the provider must activate it before block {by}"),
        (_, _, _, Some(since)) if s.paused => format!("active since block {since}, paused: it costs nothing"),
        (_, _, _, Some(since)) if s.unready => format!("active since block {since}, not ready: nothing is billed"),
        (_, _, _, Some(since)) => format!("active since block {since}"),
        _ => s.phase.into(),
    }
}

fn service_lines(s: &GroupStatus) -> Vec<String> {
    if let (Some(why), false) = (&s.services_unknown, s.phase == "ended") {
        return vec![line("services", format!("unknown: {why}"))];
    }
    let each = |(i, service): (usize, &ServiceStatus)| {
        let label = if i == 0 { "services" } else { "" };
        let message = if service.message.is_empty() {
            String::new()
        } else {
            format!(" ({})", service.message)
        };
        line(
            label,
            format!("{} {}/{}{message}", service.name, service.ready, service.wanted),
        )
    };
    s.services.iter().enumerate().map(each).collect()
}
