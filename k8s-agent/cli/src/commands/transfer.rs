//! `perigee transfer ID --to ACCOUNT | --accept | --cancel`

use crate::{
    args::Transfer,
    context::{check_owner, find, vault, Context, Group},
    error::CliError,
    write::Writer,
};
use perigee_chain::{calls, AccountId, Deployment};
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
    match args.accept {
        true => ensure_offered(&found.deployment, &me)?,
        false => check_owner(&found, &me)?,
    }
    ensure_something_changes(&found.deployment, args.to.as_ref(), args.cancel)?;
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
    writer.report(&transferred, || match &transferred.offered_to {
        Some(to) => format!("offered to {to}: `perigee transfer {id} --accept` with that key completes it"),
        None => format!("deployment {id} belongs to {}", transferred.owner),
    })
}

/// Only whom the owner offers it to accepts it.
fn ensure_offered(deployment: &Deployment, me: &AccountId) -> Result<(), CliError> {
    let id = deployment.id;
    match deployment.offered_to {
        Some(to) if to == *me => Ok(()),
        Some(to) => Err(
            CliError::refused(format!("deployment {id} is offered to {to}, and you sign as {me}"))
                .hint("Choose the new owner's key with --key or PERIGEE_KEY."),
        ),
        None => Err(CliError::refused(format!("deployment {id} is offered to nobody"))
            .hint(format!("Its owner offers it with `perigee transfer {id} --to {me}`."))),
    }
}

/// Neither an offer to who has it, nor the end of one that does not stand.
fn ensure_something_changes(deployment: &Deployment, to: Option<&AccountId>, cancel: bool) -> Result<(), CliError> {
    let id = deployment.id;
    if to == Some(&deployment.owner) {
        return Err(
            CliError::refused(format!("deployment {id} belongs to {} already", deployment.owner))
                .hint("Name another account with --to."),
        );
    }
    if cancel && deployment.offered_to.is_none() {
        return Err(CliError::refused(format!("deployment {id} is offered to nobody")).hint("Nothing is left to do."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: AccountId = AccountId([1; 32]);
    const NEXT: AccountId = AccountId([2; 32]);

    fn deployment(offered_to: Option<AccountId>) -> Deployment {
        Deployment {
            id: 7,
            owner: OWNER,
            leases: vec![3],
            opened_at: 1,
            offered_to,
        }
    }

    #[test]
    fn an_offer_is_for_one_account() {
        assert!(ensure_offered(&deployment(Some(NEXT)), &NEXT).is_ok());
        let other = AccountId([3; 32]);
        let error = ensure_offered(&deployment(Some(NEXT)), &other).unwrap_err();
        assert!(error.to_string().contains(&NEXT.to_string()), "{error}");
        let error = ensure_offered(&deployment(None), &other).unwrap_err();
        assert!(error.to_string().contains("offered to nobody"), "{error}");
        assert!(error.hints()[0].contains(&format!("--to {other}")));
    }

    #[test]
    fn offers_that_change_nothing_are_not_signed() {
        assert!(ensure_something_changes(&deployment(None), Some(&NEXT), false).is_ok());
        assert!(ensure_something_changes(&deployment(None), Some(&OWNER), false).is_err());
        assert!(ensure_something_changes(&deployment(None), None, true).is_err());
        assert!(ensure_something_changes(&deployment(Some(NEXT)), None, true).is_ok());
    }
}
