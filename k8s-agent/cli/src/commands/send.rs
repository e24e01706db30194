//! `perigee send ID`

use crate::{
    args::Send,
    context::{check_owner, Context, Group},
    delivery::{Delivery, Running, Served},
    error::{CliError, ExitCode},
    printer::Progress,
    write::Writer,
};
use futures::future::join_all;
use serde::Serialize;
use tokio::time::Instant;

const GOES_ON: &str = "The same command goes on where this one stopped.";

/// What was sent: all of it, and the first placement for those who have only one.
#[derive(Serialize)]
struct Sent {
    deployment: u64,
    lease: u64,
    ready: bool,
    urls: Vec<String>,
    groups: Vec<SentGroup>,
}

#[derive(Serialize)]
struct SentGroup {
    name: Option<String>,
    lease: u64,
    ready: bool,
    urls: Vec<String>,
}

pub async fn run(context: &Context, args: Send) -> Result<(), CliError> {
    if context.settings.dry_run {
        return Err(
            CliError::usage("there is no call to show: `send` delivers a manifest".into())
                .hint("Leave --dry-run out; sending again does no harm."),
        );
    }
    let writer = Writer::connect(context).await?;
    let found = writer.find(args.id.deployment).await?;
    check_owner(&found, &writer.account.id())?;
    // What is over cannot be finished; with nothing else, its end is what there is to say.
    let groups = found.running().unwrap_or_else(|_| found.groups.iter().collect());
    let progress = context.printer.progress();
    let deadline = Instant::now() + args.timeout.0;
    let wait = !args.no_wait;
    let work = join_all(
        groups
            .iter()
            .map(|group| send(&writer, group, deadline, wait, &progress)),
    );
    let served = tokio::select! {
        served = work => served,
        _ = tokio::signal::ctrl_c() => {
            return Err(CliError::new(ExitCode::Other, "interrupted").hint(GOES_ON))
        }
    };
    drop(progress);
    let mut sent = Vec::new();
    let mut failures = Vec::new();
    for (group, served) in groups.iter().zip(served) {
        sent.push(SentGroup {
            name: group.name.clone(),
            lease: served.lease,
            ready: wait && served.outcome.is_ok(),
            urls: served.urls(),
        });
        failures.extend(served.outcome.err().map(|error| match found.groups.len() {
            1 => error,
            _ => error.about(&group.label()),
        }));
    }
    if let Some(error) = CliError::first_of(failures, &context.printer) {
        return Err(error.hint_if_timed_out(GOES_ON));
    }
    let sent = Sent {
        deployment: found.deployment.id,
        lease: sent[0].lease,
        ready: sent.iter().all(|group| group.ready),
        urls: sent.iter().flat_map(|group| group.urls.clone()).collect(),
        groups: sent,
    };
    writer.report(&sent, || sent.urls.join("\n"))
}

/// Delivers, and waits until it runs if that is wanted.
async fn send(writer: &Writer<'_>, group: &Group, deadline: Instant, wait: bool, progress: &Progress) -> Served {
    let delivery = Delivery {
        writer,
        lease: group.lease,
        deadline,
    };
    if wait {
        return delivery.serve(progress).await;
    }
    Served {
        lease: group.lease,
        outcome: delivery.deliver(progress).await.map(|()| Running::default()),
    }
}
