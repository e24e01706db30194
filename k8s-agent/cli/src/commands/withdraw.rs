//! `perigee withdraw ID AMOUNT`

use crate::{
    args::Withdraw,
    context::Context,
    cover::Cover,
    error::CliError,
    money::Amount,
    write::{End, Writer},
};
use perigee_chain::calls;
use perigee_primitives::Balance;
use serde::Serialize;

#[derive(Serialize)]
struct Withdrawn {
    deployment: u64,
    lease: u64,
    withdrawn: Balance,
    refundable: Balance,
    #[serde(flatten)]
    end: End,
}

pub async fn run(context: &Context, args: Withdraw) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    let group = found.running_group(args.id.group.as_deref())?;
    let refundable = group.state.refundable;
    if args.amount.0 > refundable {
        let (name, most) = (found.name_of(group), Amount(refundable));
        return Err(CliError::refused(format!(
            "{name} has {most} that is not owed yet, less than {}",
            args.amount
        ))
        .hint("Take back less; what the coming verdicts may need has to stay."));
    }
    let own = writer
        .chain
        .best()
        .await?
        .deposit_left(group.lease, &writer.account.id())
        .await?;
    ensure_own(own, args.amount, &found.name_of(group))?;
    let what = format!("Take {} back from the escrow of {}", args.amount, found.name_of(group));
    let call = calls::withdraw(group.lease, args.amount.0);
    let mut cover = Cover::of(&writer.chain, &group.state).await?;
    cover.holds = cover.holds.saturating_sub(args.amount.0);
    let Some(after) = writer.sign_covered((&found, group), cover, &call, &what).await? else {
        return Ok(());
    };
    let withdrawn = Withdrawn {
        deployment: id,
        lease: group.lease,
        withdrawn: args.amount.0,
        refundable: after.state.as_ref().map_or(0, |state| state.refundable),
        end: after.end(),
    };
    writer.report(&withdrawn, || {
        format!("{} came back{}", Amount(withdrawn.withdrawn), withdrawn.end)
    })
}

/// Each takes back only what it deposited itself.
fn ensure_own(own: Balance, amount: Amount, name: &str) -> Result<(), CliError> {
    if amount.0 <= own {
        return Ok(());
    }
    let own = Amount(own);
    Err(CliError::refused(format!(
        "of the escrow of {name} {own} are left that you deposited, less than {amount}"
    ))
    .hint("Who deposited takes back; choose its key with --key or PERIGEE_KEY. At the end all of it comes back by itself."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::PRG;

    #[test]
    fn nobody_takes_back_what_others_deposited() {
        assert!(ensure_own(PRG, Amount(PRG), "deployment 7").is_ok());
        let error = ensure_own(PRG, Amount(2 * PRG), "deployment 7").unwrap_err();
        let expected = "of the escrow of deployment 7 1.00 PRG are left that you deposited, less than 2.00 PRG";
        assert_eq!(error.to_string(), expected);
    }
}
