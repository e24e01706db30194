//! `perigee send ID`

use crate::{
    args::Send,
    context::{check_owner, find, Context},
    delivery::Delivery,
    error::{CliError, ExitCode},
};
use serde::Serialize;
use tokio::time::Instant;

#[derive(Serialize)]
struct Sent {
    deployment: u64,
    lease: u64,
    ready: bool,
    urls: Vec<String>,
}

pub async fn run(context: &Context, args: Send) -> Result<(), CliError> {
    let account = context.settings.account()?;
    let chain = context.connect().await?;
    let found = find(&chain.best().await?, args.id.deployment).await?;
    check_owner(&found, &account.id())?;
    let progress = context.printer.progress();
    let deadline = Instant::now() + args.timeout.0;
    let mut delivery = Delivery {
        chain: &chain,
        account: &account,
        lease: found.lease,
        deadline,
    };
    let work = async {
        match args.no_wait {
            true => delivery.deliver(&progress).await.map(|()| None),
            false => delivery.start(&progress).await.map(Some),
        }
    };
    let running = tokio::select! {
        result = work => result?,
        _ = tokio::signal::ctrl_c() => {
            return Err(CliError::new(ExitCode::Other, "interrupted").hint("The same command goes on where this one stopped."))
        }
    };
    drop(progress);
    let ready = running.is_some();
    let urls = running.map(|r| r.urls).unwrap_or_default();
    let sent = Sent {
        deployment: found.deployment.id,
        lease: delivery.lease,
        ready,
        urls,
    };
    context.printer.data(&sent, || sent.urls.join("\n"))
}
