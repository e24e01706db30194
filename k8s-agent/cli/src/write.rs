//! Signing a call: what it does and costs, whether to go on, and the block it went into.

use crate::{
    context::{find, Context, Found},
    error::CliError,
    money::Amount,
};
use perigee_chain::{Account, Call, Chain, ChainError, Included};
use perigee_primitives::{Balance, DeploymentId};
use serde::Serialize;

/// Somebody who is about to sign.
pub struct Writer<'a> {
    context: &'a Context,
    /// The chain.
    pub chain: Chain,
    /// Who signs.
    pub account: Account,
}

/// A call that was not signed, for `--dry-run`.
#[derive(Serialize)]
struct Unsigned {
    call: &'static str,
    /// Encoded, hex: what wallets decode and sign.
    call_data: String,
    signer: String,
    fee: Balance,
    takes: Balance,
}

impl<'a> Writer<'a> {
    /// Connects, as the account of `--key`.
    pub async fn connect(context: &'a Context) -> Result<Self, CliError> {
        let account = context.settings.account()?;
        let chain = context.connect().await?;
        Ok(Self {
            context,
            chain,
            account,
        })
    }

    /// A deployment as it is now.
    pub async fn find(&self, id: DeploymentId) -> Result<Found, CliError> {
        find(&self.chain, &self.chain.best().await?, id).await
    }

    /// Says what `call` does and costs, asks, signs, and waits for the block. `takes` is what it takes out of the
    /// account beside the fee. `None` after a dry run.
    pub async fn sign(&self, call: &Call, what: &str, takes: Balance) -> Result<Option<Included>, CliError> {
        match self.agree(call, what, takes).await? {
            true => Ok(Some(self.submit(call).await?)),
            false => Ok(None),
        }
    }

    /// Says what `call` does and costs, and asks. `false` after a dry run: nothing is to be signed.
    pub async fn agree(&self, call: &Call, what: &str, takes: Balance) -> Result<bool, CliError> {
        let printer = &self.context.printer;
        let signer = self.account.id();
        let fee = self.chain.fee(call, &self.account).await?;
        let and_takes = match takes {
            0 => String::new(),
            takes => format!(", takes {}", Amount(takes)),
        };
        printer.message(format!(
            "{what}: one {} as {signer}, fee at most {}{and_takes}",
            call.name(),
            Amount(fee)
        ));
        if self.context.settings.dry_run {
            let unsigned = Unsigned {
                call: call.name(),
                call_data: format!("0x{}", hex(&self.chain.call_data(call).await?)),
                signer: signer.to_string(),
                fee,
                takes,
            };
            printer.data(&unsigned, || unsigned.call_data.clone())?;
            return Ok(false);
        }
        self.ensure_affordable(fee.saturating_add(takes)).await?;
        printer.confirm("Sign?", self.context.settings.yes)?;
        Ok(true)
    }

    /// Signs, and waits for the block.
    pub async fn submit(&self, call: &Call) -> Result<Included, ChainError> {
        let progress = self.context.printer.progress();
        progress.waiting_for("the block");
        let included = self.chain.submit(call, &self.account).await?;
        progress.done(format!("{} in block {}", call.name(), included.block.number));
        Ok(included)
    }

    /// Does the account hold `needs`, and what keeps it alive?
    async fn ensure_affordable(&self, needs: Balance) -> Result<(), CliError> {
        let view = self.chain.best().await?;
        let needs = needs.saturating_add(view.existential_deposit()?);
        let holds = view.balances(&self.account.id()).await?.free;
        if needs <= holds {
            return Ok(());
        }
        Err(CliError::refused(format!(
            "this needs {}, the account holds {}",
            Amount(needs),
            Amount(holds)
        ))
        .hint("Take a smaller amount, or send money to the account; development chains have `perigee faucet`."))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
