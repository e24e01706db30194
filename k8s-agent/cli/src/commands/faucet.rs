//! `perigee faucet [AMOUNT]`

use crate::{args::Faucet, context::Context, error::CliError, money::Amount, write::Writer};
use perigee_chain::{calls, Account, ChainType};
use perigee_primitives::Balance;
use serde::Serialize;

/// The account that development chains endow for everybody's use.
const SOURCE: &str = "//Alice";

#[derive(Serialize)]
struct Given {
    to: String,
    amount: Balance,
    balance: Balance,
}

pub async fn run(context: &Context, args: Faucet) -> Result<(), CliError> {
    let to = match args.to {
        Some(to) => to,
        None => context.settings.account()?.id(),
    };
    let chain = context.connect().await?;
    if chain.chain_type().await? != ChainType::Development {
        return Err(CliError::refused("only development chains have a faucet".into())
            .hint("Elsewhere PRG must be sent to the account by somebody who has some."));
    }
    let call = calls::transfer(to, args.amount.0);
    let writer = Writer::new(context, chain, Account::from_uri(SOURCE)?);
    if context.settings.dry_run {
        let what = format!("Send {} to {to}", args.amount);
        return writer.agree(&call, &what, args.amount.0).await.map(drop);
    }
    writer.ensure_affordable(args.amount.0).await?;
    let (chain, included) = (&writer.chain, writer.submit_quietly(&call).await?);
    let balance = chain.at(included.block).await?.balances(&to).await?.free;
    let given = Given {
        to: to.to_string(),
        amount: args.amount.0,
        balance,
    };
    context.printer.data(&given, || {
        format!(
            "{} received {}, holds {}",
            given.to,
            Amount(given.amount),
            Amount(given.balance)
        )
    })
}
