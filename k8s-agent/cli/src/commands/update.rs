//! `perigee update ID FILE` and `perigee scale ID SERVICE=COUNT…`

use crate::{
    args::{ChangeTerms, Scale, ServiceCount, Update},
    context::{check_owner, find, vault, Context, Found},
    delivery::Delivery,
    error::CliError,
    money::Amount,
    quote::{self, resources},
    terms,
    vault::Saved,
    write::Writer,
};
use perigee_chain::{calls, Call, LeaseState};
use perigee_gateway::commitment;
use perigee_primitives::{Balance, Commitment, Resources};
use perigee_sdl::{model::Document, Sdl};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Serialize)]
struct Updated {
    deployment: u64,
    lease: u64,
    rate: Balance,
    urls: Vec<String>,
}

pub async fn update(context: &Context, args: Update) -> Result<(), CliError> {
    let (name, sdl) = quote::load(context, &args.file)?;
    let writer = Writer::connect(context).await?;
    let found = find(&writer.chain.best().await?, args.id.deployment).await?;
    change(context, &writer, &found, &name, &sdl, &args.terms).await
}

pub async fn scale(context: &Context, args: Scale) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = find(&writer.chain.best().await?, id).await?;
    let saved = vault(&writer.chain).load(&found.running()?.commitment)?;
    let Some((name, text)) = saved.and_then(|saved| Some((saved.source, saved.sdl?))) else {
        return Err(
            CliError::usage(format!("the file of deployment {id} is not on this machine"))
                .hint(format!("Change the file by hand: `perigee update {id} FILE`.")),
        );
    };
    let parsed = Sdl::parse(&name, &text).map_err(|why| CliError::usage(why.render(false)))?;
    let document = with_counts(parsed.document().clone(), &args.counts)?;
    let sdl = Sdl::from_document(document).map_err(|why| CliError::usage(why.render(false)))?;
    change(context, &writer, &found, &name, &sdl, &args.terms).await
}

fn with_counts(mut document: Document, counts: &[ServiceCount]) -> Result<Document, CliError> {
    for ServiceCount { service, count } in counts {
        let Some(placed) = document.deployment.get_mut(service) else {
            let known: Vec<_> = document.deployment.keys().map(String::as_str).collect();
            return Err(CliError::usage(format!("the deployment has no service `{service}`"))
                .hint(format!("It has {}.", known.join(", "))));
        };
        placed.values_mut().for_each(|deployment| deployment.count = *count);
    }
    Ok(document)
}

/// Commits to `sdl`, delivers its manifest, and waits until it runs.
async fn change(
    context: &Context,
    writer: &Writer<'_>,
    found: &Found,
    name: &str,
    sdl: &Sdl,
    terms: &ChangeTerms,
) -> Result<(), CliError> {
    check_owner(found, &writer.account.id())?;
    let state = found.running()?;
    let wanted = terms::wanted(sdl, &context.settings.denominations)?;
    let nonce: [u8; 32] = rand::random();
    let committed = commitment(&nonce, &sdl.hash());
    let (call, what) = call(writer, found, state, wanted.resources, committed, terms).await?;
    if !writer.agree(&call, &what, 0).await? {
        return Ok(());
    }
    vault(&writer.chain).save(&committed, &Saved::new(name, nonce, sdl))?;
    writer.submit(&call).await?;
    let delivery = Delivery {
        chain: &writer.chain,
        account: &writer.account,
        lease: found.lease,
        deadline: Instant::now() + terms.timeout.0,
    };
    let progress = context.printer.progress();
    delivery.deliver(&progress).await?;
    let running = delivery.wait(&progress).await?;
    drop(progress);
    let rate = writer.chain.best().await?.lease(found.lease).await?.map(|s| s.rate);
    let updated = Updated {
        deployment: found.deployment.id,
        lease: found.lease,
        rate: rate.unwrap_or(state.rate),
        urls: running.urls,
    };
    context.printer.data(&updated, || updated.urls.join("\n"))
}

/// The call that commits to the new manifest, and what it does in words.
async fn call(
    writer: &Writer<'_>,
    found: &Found,
    state: &LeaseState,
    wanted: Resources,
    committed: Commitment,
    terms: &ChangeTerms,
) -> Result<(Call, String), CliError> {
    let id = found.deployment.id;
    if wanted == state.resources {
        return Ok((
            calls::update(found.lease, committed),
            format!("Update deployment {id}, same size and price"),
        ));
    }
    let Some(ask) = writer.chain.best().await?.ask(state.ask).await? else {
        return Err(CliError::refused(format!(
            "the ask that deployment {id} was opened at is gone, so it cannot change its size"
        ))
        .hint("A file of the same size can be updated; for another size, deploy it anew."));
    };
    let rate = ask.terms.prices.rate(&wanted).ok_or_else(|| {
        CliError::refused(format!(
            "provider {} does not offer all of {}",
            state.provider,
            resources(&wanted)
        ))
    })?;
    let block_time = writer.chain.block_time().await?;
    let per_hour = |rate: Balance| Amount(quote::cost(rate, HOUR, block_time));
    if let Some(most) = terms.max_per_hour {
        if per_hour(rate).0 > most.0 {
            return Err(CliError::refused(format!(
                "the new size costs {} per hour, above your maximum of {most}",
                per_hour(rate)
            )));
        }
    }
    let what = format!(
        "Change deployment {id} from {} at {} per hour to {} at {}",
        resources(&state.resources),
        per_hour(state.rate),
        resources(&wanted),
        per_hour(rate)
    );
    Ok((calls::resize(found.lease, wanted, committed, rate), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let text = include_str!("../../../../examples/hello/deploy.yaml");
        Sdl::parse("deploy.yaml", text)
            .expect("the example is valid")
            .document()
            .clone()
    }

    fn count(service: &str, count: u32) -> ServiceCount {
        ServiceCount {
            service: service.into(),
            count,
        }
    }

    #[test]
    fn only_the_named_services_change_their_count() {
        let before = document();
        let after = with_counts(before.clone(), &[count("web", 3)]).unwrap();
        assert!(after.deployment["web"].values().all(|d| d.count == 3));
        assert_eq!(after.deployment["api"], before.deployment["api"]);
        assert!(Sdl::from_document(after).is_ok());
    }

    #[test]
    fn an_unknown_service_is_named_with_those_there_are() {
        let error = with_counts(document(), &[count("db", 2)]).unwrap_err();
        assert!(error.to_string().contains("`db`"));
        assert_eq!(error.hints(), ["It has api, web."]);
    }
}
