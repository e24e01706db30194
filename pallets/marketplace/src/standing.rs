//! How a lease that runs comes to its end if nobody does anything. Pure.

use crate::{billing::Judgement, Bill, Notice};
use perigee_primitives::{Balance, BlockNumber, CloseReason};

/// What was agreed or announced about the end of an active lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The block at which the term is over.
    pub term_end: Option<BlockNumber>,
    /// The provider's notice.
    pub notice: Option<Notice>,
}

/// Where an active lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The first block that it is not billed for, and why, if the provider is present in every unjudged block and
    /// nobody does anything.
    pub runs_until: Option<(BlockNumber, CloseReason)>,
    /// Verdicts that are still to come may put this end off.
    pub forecast: bool,
    /// At every boundary up to this block the balance sufficed, and nothing changes that any more.
    pub funded_until: BlockNumber,
    /// The provider's notice, counted up to the judged blocks.
    pub notice: Option<Notice>,
}

impl Standing {
    /// The end, if it is effective at `now`.
    pub fn ended_at(&self, now: BlockNumber) -> Option<(BlockNumber, CloseReason)> {
        self.runs_until.filter(|(at, _)| !self.forecast && *at <= now)
    }

    /// The end by funds, if it is the first one.
    pub fn funds_end(&self) -> Option<BlockNumber> {
        let (at, reason) = self.runs_until?;
        (reason == CloseReason::FundsEnded).then_some(at)
    }
}

/// One of the ends that a lease may come to.
struct End {
    at: BlockNumber,
    reason: CloseReason,
    /// Verdicts that are still to come may put it off.
    forecast: bool,
}

/// Where a lease stands at `now` that has `balance` left at the block up to which it is billed.
pub fn standing<AccountId: Clone + PartialEq, F: Fn(BlockNumber) -> BlockNumber>(
    bill: &Bill<AccountId>,
    judged: &Judgement<F>,
    balance: Balance,
    agreed: Agreed,
    now: BlockNumber,
) -> Standing {
    let last_judged = judged.boundary_at(judged.until);
    let low = bill.first_low(judged, balance);
    let notice = agreed.notice.map(|notice| notice.counted(bill, judged));
    let by_term = agreed.term_end.map(|at| End {
        at,
        reason: CloseReason::TermEnded,
        forecast: false,
    });
    let by_notice = notice.and_then(|notice| {
        Some(End {
            at: notice.end(bill, judged)?,
            reason: CloseReason::ClosedByProvider,
            forecast: matches!(notice, Notice::Counting { .. }),
        })
    });
    let by_funds = low.and_then(|low| {
        Some(End {
            at: low.checked_add(judged.times.window())?,
            reason: CloseReason::FundsEnded,
            forecast: low > last_judged,
        })
    });
    // At the same block the first of these counts.
    let first = [by_term, by_notice, by_funds]
        .into_iter()
        .flatten()
        .min_by_key(|end| end.at);
    let closed_for_changes = judged.boundary_at(now.saturating_sub(judged.times.window()));
    let before_low = low.map_or(last_judged, |low| low.saturating_sub(judged.times.epoch));
    Standing {
        runs_until: first.as_ref().map(|end| (end.at, end.reason)),
        forecast: first.is_some_and(|end| end.forecast),
        funded_until: before_low.min(last_judged).min(closed_for_changes),
        notice,
    }
}
