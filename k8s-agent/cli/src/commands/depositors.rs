//! `perigee depositors ID allow|forbid ACCOUNT`

use crate::{
    args::{DepositorChange, Depositors},
    context::{check_owner, Context},
    error::CliError,
    write::Writer,
};
use perigee_chain::calls;
use perigee_primitives::Balance;
use serde::Serialize;

#[derive(Serialize)]
struct Depositor {
    deployment: u64,
    lease: u64,
    depositor: String,
    /// Its smallest deposit; none for an account that may not deposit any more.
    minimum: Option<Balance>,
}

pub async fn run(context: &Context, args: Depositors) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let id = args.id.deployment;
    let found = writer.find(id).await?;
    check_owner(&found, &writer.account.id())?;
    let group = found.running_group(args.id.group.as_deref())?;
    let name = found.name_of(group);
    let (call, what, who, minimum) = match args.change {
        DepositorChange::Allow { who, minimum } => (
            calls::approve_depositor(group.lease, who, minimum.0),
            format!("Let {who} pay into {name}, {minimum} at least"),
            who,
            Some(minimum.0),
        ),
        DepositorChange::Forbid { who } => (
            calls::revoke_depositor(group.lease, who),
            format!("Let {who} pay into {name} no more"),
            who,
            None,
        ),
    };
    if writer.sign(&call, &what, 0).await?.is_none() {
        return Ok(());
    }
    let depositor = Depositor {
        deployment: id,
        lease: group.lease,
        depositor: who.to_string(),
        minimum,
    };
    writer.report(&depositor, || match depositor.minimum {
        Some(_) => format!("{who} may deposit now: `perigee deposit {id} AMOUNT` with that key"),
        None => format!("{who} may not deposit any more; what it deposited stays its own"),
    })
}
