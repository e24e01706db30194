//! The arithmetic alone, without storage.

use crate::{
    billing::{standing, ChangeRefused, Judgement},
    mock::TIMES,
    Bill, Segment,
};
use perigee_primitives::{Balance, BlockNumber, CloseReason, FeeRate};

fn segment(from: BlockNumber, rate: Balance) -> Segment<u64> {
    Segment {
        from,
        rate,
        payee: 1,
        fee: FeeRate::MIN,
    }
}

fn bill(segments: &[(BlockNumber, Balance)]) -> Bill<u64> {
    let mut bill = Bill::unopened();
    for (from, rate) in segments {
        bill.change(segment(*from, *rate), 0).expect("in order");
    }
    bill
}

/// Judged until `until`; blocks 10 to 19 are unbilled.
fn judged(until: BlockNumber) -> Judgement<impl Fn(BlockNumber) -> BlockNumber> {
    Judgement::new(TIMES, until, |block: BlockNumber| block.clamp(10, 20) - 10)
}

#[test]
fn a_fifth_pending_change_is_refused() {
    let mut bill = bill(&[(1, 7), (30, 1), (40, 2), (50, 3), (60, 4)]);
    assert_eq!(bill.change(segment(70, 5), 20), Err(ChangeRefused::TooManyPending));
    // Once the first of them is judged there is room again.
    assert_eq!(bill.change(segment(70, 5), 30), Ok(()));
    assert_eq!(bill.pending(30), 4);
}

#[test]
fn a_change_before_another_or_before_what_is_billed_is_refused() {
    let mut bill = bill(&[(1, 7), (30, 1)]);
    for from in [1, 29, 30] {
        assert_eq!(bill.change(segment(from, 5), 0), Err(ChangeRefused::OutOfOrder));
    }
    bill.billed(&judged(50), 50);
    assert_eq!(bill.change(segment(49, 5), 50), Err(ChangeRefused::OutOfOrder));
    assert_eq!(bill.change(segment(50, 5), 50), Ok(()));
}

#[test]
fn each_segment_bills_its_own_blocks() {
    let bill = bill(&[(5, 7), (12, 100), (25, 3)]);
    // 5 to 9 at 7, 10 and 11 unbilled, 12 to 19 unbilled, 20 to 24 at 100, 25 to 29 at 3.
    let charges = bill.charges(&judged(40), 30).expect("small");
    let amounts: Vec<_> = charges.iter().map(|charge| charge.amount).collect();
    assert_eq!(amounts, [35, 500, 15]);
    assert_eq!(bill.cost(&judged(40), 5, 30), Some(550));
    assert_eq!(bill.full_cost(5, 30), Some(7 * 7 + 13 * 100 + 5 * 3));
    assert_eq!(bill.full_cost(0, 5), Some(0));
}

#[test]
fn blocks_without_a_verdict_count_as_billed() {
    let bill = bill(&[(5, 1)]);
    assert_eq!(bill.cost(&judged(15), 5, 30), Some(20));
    assert_eq!(bill.cost(&judged(40), 5, 30), Some(15));
}

#[test]
fn segments_nobody_asks_about_are_forgotten() {
    let mut bill = bill(&[(5, 7), (12, 100), (25, 3)]);
    bill.billed(&judged(40), 40);
    bill.funded(20);
    assert_eq!(bill.segments.len(), 2);
    bill.funded(25);
    assert_eq!(bill.segments.len(), 1);
    assert_eq!(bill.unbilled_blocks, 10);
    // Never beyond what is billed, and never back.
    bill.funded(90);
    assert_eq!(bill.funded_until, 40);
    bill.funded(10);
    assert_eq!(bill.funded_until, 40);
}

#[test]
fn a_higher_rate_to_come_ends_funds_earlier_and_a_lower_one_later() {
    let even = bill(&[(1, 10)]).first_low(&judged(0), 1_000);
    // At boundary b there are 1,000 - 10 × (b - 1) left; below 300 from 72 on.
    assert_eq!(even, Some(80));
    let dearer = bill(&[(1, 10), (61, 20)]).first_low(&judged(0), 1_000);
    // At 50 there are 510 left for 110 + 380: enough. At 60 there are 410 left for 10 + 580.
    assert_eq!(dearer, Some(60));
    let paused = bill(&[(1, 10), (61, 0)]).first_low(&judged(0), 1_000);
    assert_eq!(paused, None);
    // Near the pause fewer of the next 30 blocks cost anything: at 70 it is 310 for 210, at 80 it is 210 for 110.
    let late = bill(&[(1, 10), (91, 0)]).first_low(&judged(0), 1_000);
    assert_eq!(late, None);
}

#[test]
fn the_earlier_end_counts_and_the_agreed_one_when_both_fall_together() {
    let bill = bill(&[(1, 10)]);
    let fixed = |at| Some((at, CloseReason::TermEnded));
    let found = |fixed| standing(&bill, &judged(0), 1_000, fixed);
    assert_eq!(found(None).runs_until, Some((100, CloseReason::FundsEnded)));
    assert_eq!(found(fixed(101)).runs_until, Some((100, CloseReason::FundsEnded)));
    assert_eq!(found(fixed(100)).runs_until, fixed(100));
    assert!(found(None).forecast && !found(fixed(100)).forecast);
    assert_eq!(found(None).ended_at(500), None);
    assert_eq!(found(fixed(100)).ended_at(100), fixed(100));
    assert_eq!(found(fixed(100)).ended_at(99), None);
}

#[test]
fn a_cost_beyond_all_numbers_is_more_than_any_balance() {
    let bill = bill(&[(1, Balance::MAX / 20)]);
    assert_eq!(bill.full_cost(1, 30), None);
    assert_eq!(bill.first_low(&judged(0), Balance::MAX), Some(10));
}

#[test]
fn a_lease_that_costs_nothing_never_runs_out() {
    assert_eq!(bill(&[(1, 0)]).first_low(&judged(0), 0), None);
}

#[test]
fn verdicts_are_due_after_the_deadline_of_the_last_block() {
    // All blocks before 20 are judged when the epoch that ends at 20 is; block 20 needs the one that ends at 30.
    assert_eq!(judged(0).verdict_due(20), 26);
    assert_eq!(judged(0).verdict_due(21), 36);
}
