//! What escrow must hold for a lease, with figures for who is told by the chain that it does not.

use crate::{
    error::CliError,
    money::{exact, Amount},
    terms::reserve_blocks,
};
use perigee_chain::{Chain, ChainError, LeaseState};
use perigee_primitives::{AttestationTimes, Balance, BlockNumber, DeploymentId};

/// Blocks that pass until a call is in one, about.
const SLACK: BlockNumber = 3;

/// What escrow must hold for a lease, and what it holds. By default nothing, which is always enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Per block.
    pub rate: Balance,
    /// Blocks that must be paid for: those to the agreed end, and those that can wait for a verdict.
    pub blocks: BlockNumber,
    /// What is in escrow and not owed yet.
    pub holds: Balance,
    /// Is nothing ahead? With a pause or the end of one ahead, fewer blocks may have to be paid for.
    pub certain: bool,
}

impl Cover {
    /// Of a lease that looks so now.
    pub async fn of(chain: &Chain, state: &LeaseState) -> Result<Self, CliError> {
        let view = chain.best().await?;
        let times = view.attestation_times().await?;
        Ok(Self::at(view.block().number, state, &times))
    }

    /// Of the lease as it goes on when it is resumed: no pause is ahead of it then.
    pub async fn of_resumed(chain: &Chain, state: &LeaseState) -> Result<Self, CliError> {
        let cover = Self::of(chain, state).await?;
        Ok(Self { certain: true, ..cover })
    }

    fn at(now: BlockNumber, state: &LeaseState, times: &AttestationTimes) -> Self {
        // What the operator says is not ready costs nothing before the end, and only the verdicts must be covered.
        let term_end = state.term_end.filter(|_| !state.unready);
        let to_the_end = term_end.map_or(0, |end| end.saturating_sub(now));
        Self {
            rate: state.rate,
            blocks: to_the_end.saturating_add(reserve_blocks(times)),
            holds: state.refundable,
            certain: state.next_change.is_none(),
        }
    }

    /// Refuses what the chain is certain to refuse. It counts from the block of the call on, which is not known here.
    pub fn ensure(&self, name: &str, id: DeploymentId) -> Result<(), CliError> {
        let least = self.rate.saturating_mul(self.blocks.saturating_sub(SLACK).into());
        match self.certain && least > self.holds {
            true => Err(self.refusal(name, id)),
            false => Ok(()),
        }
    }

    /// Why the chain does not let `name` change, where escrow does not cover it; any other error as it is.
    pub fn explain(&self, error: ChainError, name: &str, id: DeploymentId) -> CliError {
        match error.is_refusal("Marketplace", "NotCovered") {
            true => self.refusal(name, id),
            false => error.into(),
        }
    }

    fn refusal(&self, name: &str, id: DeploymentId) -> CliError {
        let needs = self.rate.saturating_mul(self.blocks.into());
        let lacks = exact(needs.saturating_sub(self.holds)).replace(" PRG", "prg");
        CliError::refused(format!(
            "{name} needs {} in escrow for the {} blocks to its end and of coming verdicts, which holds {} that are not owed yet",
            Amount(needs),
            self.blocks,
            Amount(self.holds)
        ))
        .hint(format!("`perigee deposit {id} {lacks}` first, or ask for less."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::{lease, TIMES};
    use perigee_primitives::PRG;

    fn refusal(error: &str) -> ChainError {
        ChainError::Refused {
            pallet: "Marketplace".into(),
            error: error.into(),
            docs: String::new(),
        }
    }

    #[test]
    fn the_time_to_an_agreed_end_is_covered_beside_the_verdicts() {
        let open = LeaseState {
            refundable: 5,
            ..lease(0)
        };
        let expected = Cover {
            rate: 1,
            blocks: 30,
            holds: 5,
            certain: true,
        };
        assert_eq!(Cover::at(100, &open, &TIMES), expected);
        let agreed = LeaseState {
            term_end: Some(170),
            ..open
        };
        assert_eq!(Cover::at(100, &agreed, &TIMES).blocks, 100);
        let unready = LeaseState {
            unready: true,
            ..agreed
        };
        assert_eq!(Cover::at(100, &unready, &TIMES).blocks, 30);
    }

    #[test]
    fn nothing_is_refused_here_while_a_pause_may_make_it_cheaper() {
        let paused = LeaseState {
            paused: true,
            next_change: Some(150),
            ..lease(0)
        };
        let cover = Cover::at(100, &paused, &TIMES);
        assert!(cover.ensure("deployment 7", 7).is_ok());
        let resumed = Cover { certain: true, ..cover };
        assert!(resumed.ensure("deployment 7", 7).is_err());
        assert!(Cover::default().ensure("deployment 7", 7).is_ok());
    }

    #[test]
    fn what_is_not_covered_is_told_with_figures_and_the_deposit_that_helps() {
        let cover = Cover {
            rate: PRG / 10,
            blocks: 52,
            holds: 3 * PRG + PRG / 10,
            certain: true,
        };
        let error = cover.explain(refusal("NotCovered"), "deployment 7", 7);
        assert!(error.to_string().contains("needs 5.20 PRG in escrow"), "{error}");
        assert!(error.to_string().contains("holds 3.10 PRG"), "{error}");
        assert!(error.hints()[0].starts_with("`perigee deposit 7 2.100000000000prg` first"));
        assert!(cover.ensure("deployment 7", 7).is_err());
        let almost = Cover {
            holds: 5 * PRG,
            ..cover
        };
        assert!(
            almost.ensure("deployment 7", 7).is_ok(),
            "the chain may count two blocks less"
        );
        let other = cover.explain(refusal("TermTooLong"), "deployment 7", 7);
        assert!(other.to_string().contains("TermTooLong"), "{other}");
    }
}
