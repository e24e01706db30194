//! `perigee transfer ID --to ADDRESS | --accept | --cancel`

use crate::{
    args::Transfer,
    context::{check_owner, find, vault, Context, Group},
    error::CliError,
    write::Writer,
};
use perigee_chain::calls;
use serde::Serialize;

#[derive(Serialize)]
struct Transferred {
    deployment: u64,
    owner: String,
    offered_to: Option<String>,
}

pub async fn run(context: &Context, args: Transfer) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    let me = writer.account.id();
    if !args.accept {
        check_owner(&found, &me)?;
    }
    let (call, what) = match (args.to, args.accept) {
        (Some(to), _) => (
            calls::offer_transfer(id, to),
            format!("Offer deployment {id} to {to}, which has to accept it"),
        ),
        (None, true) => (
            calls::accept_transfer(id),
            format!("Become the owner of deployment {id}"),
        ),
        (None, false) => (
            calls::cancel_transfer(id),
            format!("Take the offer of deployment {id} back"),
        ),
    };
    let Some(included) = writer.sign(&call, &what, 0).await? else {
        return Ok(());
    };
    let owner = find(&writer.chain, &writer.chain.at(included.block).await?, id)
        .await?
        .deployment
        .owner;
    let transferred = Transferred {
        deployment: id,
        owner: owner.to_string(),
        offered_to: args.to.map(|to| to.to_string()),
    };
    if args.to.is_some() {
        let vault = vault(&writer.chain);
        let path = |group: &Group| vault.path(&group.state.commitment).display().to_string();
        let paths: Vec<_> = found.groups.iter().map(path).collect();
        context.printer.message(format!(
            "The new owner needs the saved manifest to send it again or to change it: give them {}",
            paths.join(", ")
        ));
    }
    context.printer.data(&transferred, || match &transferred.offered_to {
        Some(to) => format!("offered to {to}: `perigee transfer {id} --accept` with that key completes it"),
        None => format!("deployment {id} belongs to {}", transferred.owner),
    })
}
