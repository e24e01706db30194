//! `perigee income [distribute]`

use crate::{
    args::IncomeStep,
    context::Context,
    error::CliError,
    money::{exact, per_cent, Amount},
    printer::table,
    write::Writer,
};
use perigee_chain::{calls, Income, IncomePaid};
use perigee_primitives::{Balance, Ppm};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    pot: String,
    /// What there is to distribute.
    waits: Balance,
    /// What there must be.
    needed: Balance,
    fee_rate_ppm: Ppm,
    shares: Vec<Share>,
}

#[derive(Serialize)]
struct Share {
    recipient: String,
    ppm: Ppm,
}

#[derive(Serialize)]
struct Distributed {
    paid: Vec<Paid>,
}

#[derive(Serialize)]
struct Paid {
    recipient: String,
    amount: Balance,
}

pub async fn run(context: &Context, step: Option<IncomeStep>) -> Result<(), CliError> {
    match step {
        None => show(context).await,
        Some(IncomeStep::Distribute) => distribute(context).await,
    }
}

async fn show(context: &Context) -> Result<(), CliError> {
    let shown = Shown::from(&context.connect().await?.best().await?.income().await?);
    context.printer.data(&shown, || shown.text())
}

async fn distribute(context: &Context) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let income = writer.chain.best().await?.income().await?;
    // What is refused in a block costs its fee all the same.
    ensure_enough(&income)?;
    let what = format!(
        "Pay {} of income to {} recipient(s)",
        Amount(income.waits),
        income.shares.len()
    );
    let Some(included) = writer.sign(&calls::distribute(), &what, 0).await? else {
        return Ok(());
    };
    let distributed = Distributed::from(included.income_paid);
    writer.report(&distributed, || distributed.text())
}

fn ensure_enough(income: &Income) -> Result<(), CliError> {
    if income.waits >= income.needed() {
        return Ok(());
    }
    Err(CliError::refused(format!(
        "{} of income wait, {} are needed for the smallest share to be {}",
        exact(income.waits),
        exact(income.needed()),
        Amount(income.least_part)
    ))
    .hint("Nothing is lost: the fees of every lease add to it. `perigee income` shows how much there is."))
}

impl From<&Income> for Shown {
    fn from(income: &Income) -> Self {
        let share = |share: &perigee_chain::IncomeShare| Share {
            recipient: share.recipient.to_string(),
            ppm: share.ppm,
        };
        Self {
            pot: income.pot.to_string(),
            waits: income.waits,
            needed: income.needed(),
            fee_rate_ppm: income.fee_rate,
            shares: income.shares.iter().map(share).collect(),
        }
    }
}

impl Shown {
    fn text(&self) -> String {
        let row = |share: &Share| vec![share.recipient.clone(), per_cent(share.ppm)];
        format!(
            "fee      {} of what leases opened now are billed\nwaits    {}, to be distributed from {} on\npot      {}\n\n{}",
            per_cent(self.fee_rate_ppm),
            Amount(self.waits),
            Amount(self.needed),
            self.pot,
            table(&["RECIPIENT", "SHARE"], self.shares.iter().map(row).collect())
        )
    }
}

impl From<Vec<IncomePaid>> for Distributed {
    fn from(paid: Vec<IncomePaid>) -> Self {
        let paid = paid.into_iter().map(|paid| Paid {
            recipient: paid.recipient.to_string(),
            amount: paid.amount,
        });
        Self { paid: paid.collect() }
    }
}

impl Distributed {
    fn text(&self) -> String {
        let line = |paid: &Paid| format!("{} received {}", paid.recipient, Amount(paid.amount));
        self.paid.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ExitCode;
    use perigee_chain::{AccountId, IncomeShare};
    use perigee_primitives::PRG;

    fn income(waits: Balance) -> Income {
        let share = |of: u8, ppm| IncomeShare {
            recipient: AccountId([of; 32]),
            ppm,
        };
        Income {
            pot: AccountId([9; 32]),
            waits,
            least_part: PRG / 1_000,
            fee_rate: 40_000,
            shares: vec![share(1, 900_000), share(2, 100_000)],
        }
    }

    #[test]
    fn too_small_an_income_is_refused_with_the_figures_before_anything_is_signed() {
        assert!(ensure_enough(&income(PRG / 100)).is_ok());
        let error = ensure_enough(&income(PRG / 100 - 1)).unwrap_err();
        assert_eq!(error.code(), ExitCode::Refused);
        let expected =
            "0.009999999999 PRG of income wait, 0.010000000000 PRG are needed for the smallest share to be 0.001 PRG";
        assert_eq!(error.to_string(), expected);
        assert!(error.hints()[0].contains("perigee income"));
    }

    #[test]
    fn income_is_shown_with_its_shares() {
        let text = Shown::from(&income(0)).text();
        assert!(
            text.contains("4.00 %") && text.contains("90.00 %") && text.contains("10.00 %"),
            "{text}"
        );
    }

    #[test]
    fn who_received_how_much_is_told_as_the_chain_told_it() {
        let paid = |of, amount| IncomePaid {
            recipient: AccountId([of; 32]),
            amount,
        };
        let distributed = Distributed::from(vec![paid(1, 9 * PRG), paid(2, PRG)]);
        let text = distributed.text();
        assert!(
            text.contains("received 9.00 PRG\n") && text.ends_with("received 1.00 PRG"),
            "{text}"
        );
    }
}
