//! `perigee agent init|run|status|forget`

use crate::{
    args::{Agent, AgentForget, AgentInit},
    commands::{notice, provider},
    context::Context,
    error::{CliError, ExitCode},
    money::{exact, Amount},
    printer::table,
    quote::resources,
    time::in_words,
};
use perigee_agent::{
    ChainTag, ClusterOptions, HeldChain, InitOptions, InitReport, Kind, LeaseStatus, LeftLease, ProviderStatus,
    ResourcesView, RunOptions, Status, StatusOptions,
};
use perigee_primitives::Resources;
use serde::Serialize;
use std::{io::IsTerminal, path::PathBuf, time::Duration};

pub async fn run(context: &Context, args: Agent, config: Option<PathBuf>) -> Result<(), CliError> {
    let config = config.unwrap_or_else(perigee_agent::default_config_path);
    match args {
        Agent::Init(args) => {
            let report = perigee_agent::init(options(context, *args, config)?).await?;
            context.printer.data(&report, || init_text(&report))
        }
        Agent::Run => {
            log_to_stderr();
            Ok(perigee_agent::run(RunOptions { config }).await?)
        }
        Agent::Status => {
            let status = perigee_agent::status(StatusOptions { config }).await?;
            context.printer.data(&status, || status_text(&status))
        }
        Agent::Ask => provider::ask(context).await,
        Agent::Stake { step } => provider::stake(context, step).await,
        Agent::Bond { step } => provider::bond(context, step).await,
        Agent::Notice(args) => notice::give(context, args).await,
        Agent::Stop(args) => notice::stop(context, args).await,
        Agent::Retire => provider::retire(context).await,
        Agent::Forget(args) => forget(context, args).await,
    }
}

async fn forget(context: &Context, args: AgentForget) -> Result<(), CliError> {
    let options = ClusterOptions {
        kubeconfig: args.kubeconfig,
        context: args.context,
    };
    let Some(chain) = args.chain else {
        let held = perigee_agent::held_chains(&options).await?;
        return context.printer.data(&Chains { chains: &held }, || chains_text(&held));
    };
    let chain = chain.parse::<ChainTag>().map_err(|_| {
        CliError::usage(format!("`{chain}` names no chain")).hint(
            "A chain is named by the first eight hex digits of its genesis hash; `perigee agent forget` shows them.",
        )
    })?;
    let question = format!("Remove every object of every lease of chain {chain} from the cluster, volumes too?");
    context.printer.confirm(&question, context.settings.yes)?;
    let gone = perigee_agent::forget(&options, chain).await?;
    context.printer.data(&gone, || {
        format!(
            "chain {}: removed {} lease(s): {}",
            gone.chain,
            gone.leases.len(),
            join(&gone.leases)
        )
    })?;
    if !gone.unknown.is_empty() {
        context.printer.warning(format!(
            "the records of lease(s) {} do not say of which chain they are; they are left alone",
            join(&gone.unknown)
        ));
    }
    not_removed(&gone.left)
}

/// The leases that are left, each with its reason and what to do; the first decides the exit code.
fn not_removed(left: &[LeftLease]) -> Result<(), CliError> {
    let Some(first) = left.first() else {
        return Ok(());
    };
    let reasons: Vec<_> = left
        .iter()
        .map(|left| format!("\n  lease {}: {}", left.lease, left.why))
        .collect();
    let message = format!("{} lease(s) could not be removed{}", left.len(), reasons.concat());
    let hinted = left
        .iter()
        .map(|left| format!("lease {}: {}", left.lease, left.fix))
        .fold(CliError::new(code(first.kind), message), CliError::hint);
    Err(hinted)
}

#[derive(Serialize)]
struct Chains<'a> {
    chains: &'a [HeldChain],
}

fn chains_text(held: &[HeldChain]) -> String {
    if held.is_empty() {
        return "the cluster holds no lease".into();
    }
    let row = |held: &HeldChain| {
        let chain = held.chain.clone().unwrap_or_else(|| "unreadable".into());
        vec![chain, held.leases.len().to_string(), join(&held.leases)]
    };
    table(&["CHAIN", "LEASES", "NUMBERS"], held.iter().map(row).collect())
}

fn options(context: &Context, args: AgentInit, config: PathBuf) -> Result<InitOptions, CliError> {
    let stash = args.stash.or_else(|| context.settings.key().map(str::to_owned));
    let stash = stash.ok_or_else(|| {
        CliError::usage("no stash account was named".into())
            .hint("Pass --stash NAME, or --key. `perigee keys new NAME` makes a key.")
    })?;
    let operator = args.operator.unwrap_or_else(|| format!("{stash}//operator"));
    Ok(InitOptions {
        config,
        state: args.state_dir,
        kubeconfig: args.kubeconfig,
        context: args.context,
        node: context.settings.node.clone(),
        heartbeat_nodes: args.heartbeat_nodes,
        stash,
        operator,
        stake: args
            .stake
            .map(|Amount(stake)| exact(stake).trim_end_matches(" PRG").to_owned()),
        gateway_address: args.gateway_address,
        gateway_listen: args.gateway_listen,
        domain: args.domain,
        ingress_class: args.ingress_class,
        ingress_port: args.ingress_port,
        force: args.force,
    })
}

fn init_text(report: &InitReport) -> String {
    let mut lines = vec![
        format!("config           {}", report.config.display()),
        format!("state            {}", report.state.display()),
        format!("cluster          {} ({})", report.cluster.context, report.cluster.uid),
        format!("service account  {}", report.service_account),
    ];
    lines.extend(report.permissions.iter().map(|p| format!("                 {p}")));
    lines.push(format!("heartbeat key    {}", report.heartbeat_key));
    lines.push(format!("gateway pin      {}", report.gateway_pin));
    lines.push(String::new());
    for check in &report.checks {
        lines.push(format!("{:<8}  {}: {}", check.verdict, check.name, check.found));
        lines.extend(check.fix.iter().map(|fix| format!("          → {fix}")));
    }
    if let Some(to_sign) = &report.to_sign {
        lines.extend([String::new(), "to sign:".into()]);
        lines.extend(to_sign.to_string().lines().map(|line| format!("  {line}")));
    }
    if !report.next.is_empty() {
        lines.extend([String::new(), "next:".into()]);
        lines.extend(report.next.iter().map(|step| format!("  {step}")));
    }
    lines.join("\n")
}

fn status_text(s: &Status) -> String {
    let mut lines = vec![
        format!(
            "node       {}: best {}, finalised {}, judged until {}",
            s.node, s.best, s.finalised, s.judged_until
        ),
        format!("stash      {}: {}", s.stash, Amount(s.stash_balance)),
        format!("operator   {}: {}", s.operator, Amount(s.operator_balance)),
    ];
    match &s.provider {
        None => lines.push("provider   not registered".into()),
        Some(p) => {
            lines.push(format!(
                "provider   {} since block {}, stake {}, gateway {}",
                p.id,
                p.registered_at,
                Amount(p.stake),
                p.gateway
            ));
            lines.push(format!("capacity   {}", compute(&p.capacity)));
            lines.push(format!("leased     {}", compute(&p.leased)));
            lines.push(format!("asks       {}", join(&p.asks)));
            lines.push(format!("attested   {}", attested(p)));
            lines.push(format!("income     {}", income(s)));
        }
    }
    match &s.agent {
        None => lines.push("agent      not running".into()),
        Some(a) => {
            lines.push(format!(
                "agent      process {}, up for {}, {} heartbeats, {} node(s) listen, claimed {}",
                a.pid,
                in_words(Duration::from_secs(a.at.saturating_sub(a.started))),
                a.heartbeats,
                a.heartbeat_peers,
                Amount(a.claimed)
            ));
            if !a.node_connected {
                lines.push(format!(
                    "alarm      the node does not answer the agent; last seen block {}",
                    a.best
                ));
            }
            lines.extend(a.alarms.iter().map(|alarm| format!("alarm      {alarm}")));
        }
    }
    if !s.leases.is_empty() {
        lines.extend([String::new(), leases_table(&s.leases)]);
    }
    lines.join("\n")
}

/// How much of what was judged is paid.
fn attested(p: &ProviderStatus) -> String {
    let judged = p.judged_blocks;
    let present = match judged {
        0 => String::new(),
        _ => {
            let parts = f64::from(judged.saturating_sub(p.unbilled_blocks)) / f64::from(judged);
            format!(" ({:.2} % present)", 100.0 * parts)
        }
    };
    format!(
        "{judged} blocks judged since registration, {} of them not billed{present}",
        p.unbilled_blocks
    )
}

fn income(s: &Status) -> String {
    let sum = |of: fn(&LeaseStatus) -> u128| Amount(s.leases.iter().map(of).fold(0, u128::saturating_add));
    format!(
        "{} earned by the leases below, {} of it not claimed yet (the agent claims from {} per lease on)",
        sum(|l| l.earned),
        sum(|l| l.due),
        Amount(s.claim_from)
    )
}

fn compute(r: &ResourcesView) -> String {
    let devices = match r.gpus {
        0 => String::new(),
        count => format!(", {count} GPU"),
    };
    let amounts = Resources {
        cpu_milli: r.cpu_milli,
        memory_mib: r.memory_mib,
        storage_mib: r.storage_mib,
        persistent_mib: r.persistent_mib,
        ips: r.ips,
        endpoints: r.endpoints,
        ..Default::default()
    };
    resources(&amounts) + &devices
}

fn leases_table(leases: &[LeaseStatus]) -> String {
    let row = |l: &LeaseStatus| {
        vec![
            l.lease.to_string(),
            format!("{}, {}", l.phase, l.detail),
            l.workload.clone(),
            l.unbilled_blocks.to_string(),
            Amount(l.earned).to_string(),
            Amount(l.due).to_string(),
        ]
    };
    table(
        &["LEASE", "PHASE", "WORKLOAD", "BLOCKS NOT BILLED", "EARNED", "DUE"],
        leases.iter().map(row).collect(),
    )
}

fn join(numbers: &[u64]) -> String {
    match numbers.is_empty() {
        true => "none".into(),
        false => numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// The daemon's log. `RUST_LOG` chooses what it shows.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
}

fn code(kind: Kind) -> ExitCode {
    match kind {
        Kind::Usage => ExitCode::Usage,
        Kind::Refused => ExitCode::Refused,
        Kind::Unreachable => ExitCode::Unreachable,
        Kind::TimedOut => ExitCode::TimedOut,
        Kind::Other => ExitCode::Other,
    }
}

impl From<perigee_agent::Error> for CliError {
    fn from(error: perigee_agent::Error) -> Self {
        // The chain's refusals are told as those of every other command.
        let error = match error {
            perigee_agent::Error::Refused(error) => return error.into(),
            other => other,
        };
        let shown = Self::new(code(error.kind()), error.to_string());
        match error.hint() {
            Some(hint) => shown.hint(hint),
            None => shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_chain_refuses_the_agent_is_told_with_what_to_do() {
        let refused = perigee_chain::ChainError::Refused {
            pallet: "Providers".into(),
            error: "StakeTooLow".into(),
            docs: String::new(),
        };
        let shown = CliError::from(perigee_agent::Error::from(refused));
        assert_eq!(shown.code(), ExitCode::Refused);
        assert!(shown.hints()[0].contains("Raise `stake`"), "{:?}", shown.hints());
    }

    #[test]
    fn leases_that_are_left_fail_the_command_with_what_to_do() {
        assert!(not_removed(&[]).is_ok());
        let left = |lease, kind| LeftLease {
            lease,
            why: format!("why {lease}"),
            fix: format!("fix {lease}"),
            kind,
        };
        let error = not_removed(&[left(2, Kind::TimedOut), left(5, Kind::Other)]).unwrap_err();
        assert_eq!(error.code(), ExitCode::TimedOut);
        assert_eq!(
            error.to_string(),
            "2 lease(s) could not be removed\n  lease 2: why 2\n  lease 5: why 5"
        );
        assert_eq!(error.hints(), ["lease 2: fix 2", "lease 5: fix 5"]);
    }
}
