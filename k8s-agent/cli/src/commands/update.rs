//! `perigee update ID FILE` and `perigee scale ID SERVICE=COUNT…`

use crate::{
    args::{ChangeTerms, Scale, ServiceCount, Update},
    context::{check_owner, vault, Context, Found, Group},
    cover::Cover,
    delivery::Delivery,
    demands::Demands,
    error::CliError,
    matching::Wanted,
    money::Amount,
    printer::Progress,
    quote::{self, resources},
    terms,
    vault::Saved,
    write::Writer,
};
use futures::future::try_join_all;
use perigee_chain::{calls, Call, LeaseState, View};
use perigee_gateway::commitment;
use perigee_primitives::{Balance, Commitment, Resources};
use perigee_sdl::{model::Document, Manifest, Sdl};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

const HOUR: Duration = Duration::from_secs(3_600);

/// What was changed: the first placement, and all of them.
#[derive(Serialize)]
struct Updated {
    deployment: u64,
    lease: u64,
    rate: Balance,
    urls: Vec<String>,
    groups: Vec<UpdatedGroup>,
}

#[derive(Serialize)]
struct UpdatedGroup {
    name: Option<String>,
    lease: u64,
    rate: Balance,
    urls: Vec<String>,
}

/// A group with what it is to become.
struct Change<'a> {
    group: &'a Group,
    wanted: Wanted,
    manifest: Manifest,
}

pub async fn update(context: &Context, args: Update) -> Result<(), CliError> {
    let (name, sdl) = quote::load(context, &args.file)?;
    let writer = Writer::connect(context).await?;
    let found = writer.find(args.id.deployment).await?;
    change(context, &writer, &found, &name, &sdl, &args.terms).await
}

pub async fn scale(context: &Context, args: Scale) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    found.running()?;
    let saved = vault(&writer.chain).load(&found.foremost().state.commitment)?;
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

/// Commits to `sdl`, delivers its manifests, and waits until they run.
async fn change(
    context: &Context,
    writer: &Writer<'_>,
    found: &Found,
    name: &str,
    sdl: &Sdl,
    terms: &ChangeTerms,
) -> Result<(), CliError> {
    check_owner(found, &writer.account.id())?;
    found.running()?;
    let wanted = terms::wanted(sdl, &context.settings.denominations, &Demands::default())?;
    let vault = vault(&writer.chain);
    let nonce_of = |group: &Group| Some(vault.load(&group.state.commitment).ok()??.nonce);
    let runs = |group: &Group, manifest: &Manifest| {
        nonce_of(group).is_some_and(|nonce| commitment(&nonce, &manifest.hash()) == group.state.commitment)
    };
    let changes = changes(found, wanted, terms::manifests(sdl), runs)?;
    let deadline = Instant::now() + terms.timeout.0;
    let mut signed = Vec::new();
    for Change {
        group,
        wanted,
        manifest,
    } in &changes
    {
        let (nonce, committed) = commit(nonce_of(group), manifest, &group.state.commitment);
        let (call, what, cover) = call(writer, found, group, wanted.resources, committed, terms).await?;
        if writer.agree(&call, &what, 0).await? {
            vault.save(&committed, &Saved::new(name, nonce, sdl, manifest))?;
            signed.push((*group, call, cover));
        }
    }
    if signed.is_empty() {
        return Ok(());
    }
    for (group, call, cover) in &signed {
        if let Err(error) = writer.submit(call).await {
            return Err(cover.explain(error, &found.name_of(group), found.deployment.id));
        }
    }
    // The next change starts from this file, whichever placement it looks at.
    for group in &found.groups {
        if let Some(saved) = vault.load(&group.state.commitment)? {
            vault.save(&group.state.commitment, &saved.made_from(name, sdl))?;
        }
    }
    let progress = context.printer.progress();
    let started = signed
        .iter()
        .map(|(group, ..)| restart(writer, found, group, deadline, &progress));
    let groups = try_join_all(started).await?;
    drop(progress);
    let updated = Updated {
        deployment: found.deployment.id,
        lease: groups[0].lease,
        rate: groups[0].rate,
        urls: groups.iter().flat_map(|group| group.urls.clone()).collect(),
        groups,
    };
    writer.report(&updated, || updated.urls.join("\n"))
}

/// Nonce and commitment of a group's new manifest. With the nonce it had, its provider restarts only the services that
/// differ. Nothing differs in a manifest that is there already: with a new nonce all of it starts anew.
fn commit(nonce: Option<[u8; 32]>, manifest: &Manifest, before: &Commitment) -> ([u8; 32], Commitment) {
    let with = |nonce: [u8; 32]| (nonce, commitment(&nonce, &manifest.hash()));
    match nonce.map(with) {
        Some((nonce, committed)) if committed != *before => (nonce, committed),
        _ => with(rand::random()),
    }
}

/// Which groups change. Those whose manifest `runs` already are left alone, unless nothing changes at all: then all of
/// them start anew.
fn changes<'a>(
    found: &'a Found,
    wanted: Vec<Wanted>,
    manifests: Vec<Manifest>,
    runs: impl Fn(&Group, &Manifest) -> bool,
) -> Result<Vec<Change<'a>>, CliError> {
    let id = found.deployment.id;
    if wanted.len() != found.groups.len() {
        return Err(CliError::usage(format!(
            "the file has {} placements, deployment {id} has {}",
            wanted.len(),
            found.groups.len()
        ))
        .hint("Placements neither come nor go in a running deployment: deploy what is new by itself."));
    }
    let mut all = Vec::new();
    for ((group, wanted), manifest) in found.groups.iter().zip(wanted).zip(manifests) {
        if let Some(name) = group.name.as_ref().filter(|name| **name != wanted.name) {
            return Err(CliError::usage(format!(
                "the file has a placement `{}` where deployment {id} has `{name}`",
                wanted.name
            ))
            .hint("Keep the names of placements."));
        }
        all.push(Change {
            group,
            wanted,
            manifest,
        });
    }
    all.retain(|change| !change.group.has_ended());
    if all.iter().any(|change| !runs(change.group, &change.manifest)) {
        all.retain(|change| !runs(change.group, &change.manifest));
    }
    Ok(all)
}

/// Delivers the manifest that a group has now, and waits until it runs.
async fn restart(
    writer: &Writer<'_>,
    found: &Found,
    group: &Group,
    deadline: Instant,
    progress: &Progress,
) -> Result<UpdatedGroup, CliError> {
    let delivery = Delivery {
        writer,
        lease: group.lease,
        deadline,
    };
    let start = async {
        delivery.deliver(progress).await?;
        delivery.wait(progress).await
    };
    let running = start.await.map_err(|error| {
        let error = error.hint_if_timed_out(format!("`perigee send {}` goes on.", found.deployment.id));
        match found.groups.len() {
            1 => error,
            _ => error.about(&group.label()),
        }
    })?;
    let rate = writer.chain.best().await?.lease(group.lease).await?.map(|s| s.rate);
    Ok(UpdatedGroup {
        name: group.name.clone(),
        lease: group.lease,
        rate: rate.unwrap_or(group.state.rate),
        urls: running.urls,
    })
}

/// The call that commits to the new manifest, what it does in words, and what escrow must hold after it.
async fn call(
    writer: &Writer<'_>,
    found: &Found,
    group: &Group,
    wanted: Resources,
    committed: Commitment,
    terms: &ChangeTerms,
) -> Result<(Call, String, Cover), CliError> {
    let (state, name) = (&group.state, found.name_of(group));
    let cover = Cover::of(&writer.chain, state).await?;
    if wanted == state.resources {
        return Ok((
            calls::update(group.lease, committed),
            format!("Update {name}, same size and price"),
            cover,
        ));
    }
    let view = writer.chain.best().await?;
    let Some(ask) = view.ask(state.ask).await? else {
        return Err(CliError::refused(format!(
            "the ask that {name} was opened at is gone, so it cannot change its size"
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
    ensure_room(&view, state, &wanted).await?;
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
    let cover = Cover { rate, ..cover };
    cover.ensure(&name, found.deployment.id)?;
    let what = format!(
        "Change {name} from {} at {} per hour to {} at {}",
        resources(&state.resources),
        per_hour(state.rate),
        resources(&wanted),
        per_hour(rate)
    );
    Ok((calls::resize(group.lease, wanted, committed, rate), what, cover))
}

/// Has the provider free what the new size needs more?
async fn ensure_room(view: &View, state: &LeaseState, wanted: &Resources) -> Result<(), CliError> {
    let free = view.provider(state.provider).await?.map(|provider| provider.free());
    let free = free.unwrap_or_default();
    let more = wanted.saturating_sub(&state.resources);
    if more.fits(&free) {
        return Ok(());
    }
    Err(CliError::refused(format!(
        "the new size needs {} more, and provider {} has too little capacity left: {}",
        resources(&more),
        state.provider,
        resources(&free)
    ))
    .hint("Take a smaller size, or deploy it anew at another provider: `perigee price FILE` shows where."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{groups, tests::lease};
    use perigee_chain::{AccountId, Deployment};
    use perigee_primitives::{CloseReason, LeasePhase};

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

    const TWO: &str = include_str!("../../../../examples/two-places/deploy.yaml");

    /// Groups east and west of deployment 7, both running.
    fn found() -> Found {
        let leases = vec![(3, lease(0)), (4, lease(1))];
        let names = ["east", "west"];
        Found {
            deployment: Deployment {
                id: 7,
                owner: AccountId([0; 32]),
                leases: vec![3, 4],
                opened_at: 1,
                offered_to: None,
            },
            groups: groups(leases, |commitment| Some(names[usize::from(commitment[0])].into())),
        }
    }

    /// Names of the groups that `text` changes, where `running` names those that run as it says.
    fn changed(found: &Found, text: &str, running: &[&str]) -> Result<Vec<String>, String> {
        let sdl = Sdl::parse("deploy.yaml", text).expect("valid");
        let wanted = terms::wanted(&sdl, &Default::default(), &Demands::default()).expect("an order");
        let runs = |group: &Group, _: &Manifest| running.contains(&group.label().as_str());
        let changes = changes(found, wanted, terms::manifests(&sdl), runs).map_err(|error| error.to_string())?;
        Ok(changes.iter().map(|change| change.group.label()).collect())
    }

    #[test]
    fn only_placements_that_differ_change_unless_none_does() {
        assert_eq!(changed(&found(), TWO, &["east"]).unwrap(), ["west"]);
        assert_eq!(changed(&found(), TWO, &[]).unwrap(), ["east", "west"]);
        assert_eq!(changed(&found(), TWO, &["east", "west"]).unwrap(), ["east", "west"]);
    }

    #[test]
    fn the_nonce_is_kept_unless_all_is_to_start_anew() {
        let sdl = Sdl::parse("deploy.yaml", TWO).expect("valid");
        let manifests = terms::manifests(&sdl);
        let before = commitment(&[7; 32], &manifests[0].hash());
        let (nonce, committed) = commit(Some([7; 32]), &manifests[1], &before);
        assert_eq!(
            (nonce, committed),
            ([7; 32], commitment(&[7; 32], &manifests[1].hash()))
        );
        for known in [Some([7; 32]), None] {
            let (nonce, committed) = commit(known, &manifests[0], &before);
            assert_ne!(nonce, [7; 32]);
            assert_eq!(committed, commitment(&nonce, &manifests[0].hash()));
        }
    }

    #[test]
    fn placements_that_are_over_stay_so() {
        let mut found = found();
        found.groups[0].state.phase = LeasePhase::Ended {
            at: 5,
            reason: CloseReason::TermEnded,
        };
        assert_eq!(changed(&found, TWO, &[]).unwrap(), ["west"]);
    }

    #[test]
    fn placements_neither_come_nor_go_nor_change_their_names() {
        let one = include_str!("../../../../examples/hello/deploy.yaml");
        let error = changed(&found(), one, &[]).unwrap_err();
        assert!(
            error.contains("the file has 1 placements, deployment 7 has 2"),
            "{error}"
        );
        let error = changed(&found(), &TWO.replace("west", "zest"), &[]).unwrap_err();
        assert!(error.contains("`zest` where deployment 7 has `west`"), "{error}");
    }
}
