//! Signing a call: what it does and costs, whether to go on, and the block it went into.

use crate::{
    context::{find, Clock, Context, Found, Group},
    cover::Cover,
    error::CliError,
    money::Amount,
};
use perigee_chain::{Account, Call, Chain, ChainError, Included, LeaseState, Progress};
use perigee_primitives::{Balance, DeploymentId, LeaseId};
use serde::Serialize;
use std::{cell::Cell, fmt};

/// Somebody who is about to sign.
pub struct Writer<'a> {
    context: &'a Context,
    /// The chain.
    pub chain: Chain,
    /// Who signs.
    pub account: Account,
    /// The fees of all that was signed; none before anything was.
    paid: Cell<Option<Balance>>,
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

/// What a command did, with what signing it cost.
#[derive(Serialize)]
struct Signed<'a, T> {
    #[serde(flatten)]
    value: &'a T,
    fee_paid: Option<Balance>,
}

/// A lease after a call on it.
pub struct After {
    /// How it is; none once its record is removed.
    pub state: Option<LeaseState>,
    /// Tells blocks in words, as of the call's block.
    pub clock: Clock,
}

/// When a lease ends if nothing else happens.
#[derive(Serialize)]
pub struct End {
    runs_until: Option<u32>,
    runs_until_text: String,
}

impl After {
    /// When the lease ends now.
    pub fn end(&self) -> End {
        let runs_until = self.state.as_ref().and_then(|state| state.runs_until);
        End {
            runs_until,
            runs_until_text: self.clock.when_any(runs_until),
        }
    }
}

/// Continues a sentence: `; it ends in 3 h`, or nothing where no end is known.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.runs_until_text.as_str() {
            "" => Ok(()),
            text => write!(f, "; it ends {text}"),
        }
    }
}

impl<'a> Writer<'a> {
    /// Connects, as the account of `--key`.
    pub async fn connect(context: &'a Context) -> Result<Self, CliError> {
        let account = context.settings.account()?;
        Ok(Self::new(context, context.connect().await?, account))
    }

    /// On this chain, as this account.
    pub fn new(context: &'a Context, chain: Chain, account: Account) -> Self {
        Self {
            context,
            chain,
            account,
            paid: Cell::default(),
        }
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

    /// As [`Writer::sign`], for a call after which escrow must `cover` the lease of `group`, with the lease after it.
    pub async fn sign_covered(
        &self,
        (found, group): (&Found, &Group),
        cover: Cover,
        call: &Call,
        what: &str,
    ) -> Result<Option<After>, CliError> {
        let (name, id) = (found.name_of(group), found.deployment.id);
        // What is refused in a block costs more than what succeeds.
        cover.ensure(&name, id)?;
        if !self.agree(call, what, 0).await? {
            return Ok(None);
        }
        match self.submit(call).await {
            Ok(included) => Ok(Some(self.after(&included, group.lease).await?)),
            Err(error) => Err(cover.explain(error, &name, id)),
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
        let before = self.paid();
        let result = self.submit_quietly(call).await;
        let fee = Amount(self.paid().saturating_sub(before));
        match &result {
            Ok(included) => progress.done(format!(
                "{} in block {}, fee paid {fee}",
                call.name(),
                included.block.number
            )),
            // A call that fails has been looked at, and that is paid for.
            Err(_) if fee.0 > 0 => progress.note(format!("{} failed, fee paid {fee}", call.name())),
            Err(_) => {}
        }
        result
    }

    /// The same without a word.
    pub async fn submit_quietly(&self, call: &Call) -> Result<Included, ChainError> {
        let charge = |step| {
            if let Progress::Charged { fee } = step {
                self.paid.set(Some(self.paid().saturating_add(fee)));
            }
        };
        self.chain.submit_with(call, &self.account, charge).await
    }

    /// The fees of all that was signed so far.
    pub fn paid(&self) -> Balance {
        self.paid.get().unwrap_or_default()
    }

    /// How `lease` is after a call.
    pub async fn after(&self, included: &Included, lease: LeaseId) -> Result<After, CliError> {
        let view = self.chain.at(included.block).await?;
        Ok(After {
            state: view.lease(lease).await?,
            clock: Clock::of(&self.chain, &view).await?,
        })
    }

    /// Prints what a command did: `text` for people, `value` and the fees paid for programs.
    pub fn report<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<(), CliError> {
        let fee_paid = self.paid.get();
        self.context.printer.data(&Signed { value, fee_paid }, text)
    }

    /// Does the account hold `needs`, and what keeps it alive?
    pub async fn ensure_affordable(&self, needs: Balance) -> Result<(), CliError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_what_was_signed_end_with_the_fees() {
        #[derive(Serialize)]
        struct Done {
            lease: u64,
        }
        let told = |fee_paid| {
            let value = &Done { lease: 7 };
            serde_json::to_string(&Signed { value, fee_paid }).unwrap()
        };
        assert_eq!(
            told(Some(u128::MAX)),
            format!("{{\"lease\":7,\"fee_paid\":{}}}", u128::MAX)
        );
        assert_eq!(told(None), r#"{"lease":7,"fee_paid":null}"#);
    }
}
