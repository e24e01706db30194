//! `perigee agent init|run|status`

use crate::{
    args::{Agent, AgentInit},
    context::Context,
    error::{CliError, ExitCode},
    money::{exact, Amount},
    printer::table,
};
use perigee_agent::{InitOptions, InitReport, Kind, LeaseStatus, RunOptions, Status, StatusOptions};
use std::{io::IsTerminal, path::PathBuf};

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
    }
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
            lines.push(format!(
                "capacity   {}m CPU, {} MiB memory, {} MiB storage",
                p.capacity.cpu_milli, p.capacity.memory_mib, p.capacity.storage_mib
            ));
            lines.push(format!(
                "leased     {}m CPU, {} MiB memory, {} MiB storage",
                p.leased.cpu_milli, p.leased.memory_mib, p.leased.storage_mib
            ));
            lines.push(format!("asks       {}", join(&p.asks)));
            lines.push(format!(
                "attested   {} judged blocks, {} not billed",
                p.judged_blocks, p.unbilled_blocks
            ));
        }
    }
    match &s.agent {
        None => lines.push("agent      not running".into()),
        Some(a) => {
            lines.push(format!(
                "agent      process {}, {} heartbeats to {} nodes",
                a.pid, a.heartbeats, a.heartbeat_peers
            ));
            lines.extend(a.alarms.iter().map(|alarm| format!("alarm      {alarm}")));
        }
    }
    if !s.leases.is_empty() {
        lines.extend([String::new(), leases_table(&s.leases)]);
    }
    lines.join("\n")
}

fn leases_table(leases: &[LeaseStatus]) -> String {
    let row = |l: &LeaseStatus| {
        vec![
            l.lease.to_string(),
            l.phase.clone(),
            l.detail.clone(),
            l.workload.clone(),
            Amount(l.billed).to_string(),
        ]
    };
    table(
        &["LEASE", "PHASE", "", "WORKLOAD", "BILLED"],
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

impl From<perigee_agent::Error> for CliError {
    fn from(error: perigee_agent::Error) -> Self {
        let code = match error.kind() {
            Kind::Usage => ExitCode::Usage,
            Kind::Refused => ExitCode::Refused,
            Kind::Unreachable => ExitCode::Unreachable,
            Kind::TimedOut => ExitCode::TimedOut,
            Kind::Other => ExitCode::Other,
        };
        let shown = Self::new(code, error.to_string());
        match error.hint() {
            Some(hint) => shown.hint(hint),
            None => shown,
        }
    }
}
