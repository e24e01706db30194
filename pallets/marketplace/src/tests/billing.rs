//! The arithmetic alone, without storage.

use crate::{
    billing::{Judgement, TooManyChanges},
    mock::TIMES,
    sla::Windows,
    standing::{standing, Agreed, Standing},
    Bill, Notice, Segment, SlaCount,
};
use perigee_primitives::{Balance, BlockNumber, CloseReason, FeeRate};

const FOR_GOOD: BlockNumber = BlockNumber::MAX;

fn segment(from: BlockNumber, rate: Balance) -> Segment<u64> {
    Segment {
        from,
        rate,
        payee: 1,
        fee: FeeRate::MIN,
        paused: false,
        unready: false,
    }
}

/// A bill whose rate changes at these blocks, the first of which opens it.
fn bill(rates: &[(BlockNumber, Balance)]) -> Bill<u64> {
    let mut bill = Bill::opened(segment(rates[0].0, rates[0].1));
    for (from, rate) in &rates[1..] {
        bill.alter(*from, *from, FOR_GOOD, |s| s.rate = *rate).expect("room");
    }
    bill
}

/// Judged until `until`; blocks 10 to 19 are unbilled.
fn judged(until: BlockNumber) -> Judgement<impl Fn(BlockNumber) -> BlockNumber> {
    Judgement::new(TIMES, until, |block: BlockNumber| block.clamp(10, 20) - 10)
}

fn starts(bill: &Bill<u64>) -> Vec<BlockNumber> {
    bill.segments.iter().map(|segment| segment.from).collect()
}

#[test]
fn a_fifth_pending_change_is_refused() {
    let mut bill = bill(&[(1, 7), (30, 1), (40, 2), (50, 3), (60, 4)]);
    let before = bill.clone();
    let fifth = |bill: &mut Bill<u64>, judged| bill.alter(judged, 70, FOR_GOOD, |s| s.rate = 5);
    assert_eq!(fifth(&mut bill, 20), Err(TooManyChanges));
    assert_eq!(bill, before);
    // Once the first of them is judged there is room again.
    assert_eq!(fifth(&mut bill, 30), Ok(()));
    assert_eq!(bill.pending(30), 4);
}

#[test]
fn a_ninth_segment_is_refused_even_if_none_waits() {
    let mut bill = bill(&[(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8)]);
    assert_eq!(bill.alter(8, 9, FOR_GOOD, |s| s.rate = 9), Err(TooManyChanges));
    bill.billed(&judged(8), 8);
    bill.funded(2);
    bill.forget_before(8);
    assert_eq!(bill.alter(8, 9, FOR_GOOD, |s| s.rate = 9), Ok(()));
}

#[test]
fn a_change_for_a_while_begins_and_ends_a_segment() {
    let mut bill = bill(&[(5, 7)]);
    bill.alter(5, 20, 40, |s| s.paused = true).expect("room");
    assert_eq!(starts(&bill), [5, 20, 40]);
    // Another rate counts behind the pause as well.
    bill.alter(5, 30, FOR_GOOD, |s| s.rate = 9).expect("room");
    assert_eq!(starts(&bill), [5, 20, 30, 40]);
    assert_eq!(bill.full_cost(5, 50), Some(15 * 7 + 10 * 9));
    // The pause ends earlier: what says the same is one segment.
    bill.alter(5, 30, FOR_GOOD, |s| s.paused = false).expect("room");
    assert_eq!(starts(&bill), [5, 20, 30]);
    assert_eq!(bill.full_cost(5, 50), Some(15 * 7 + 20 * 9));
}

#[test]
fn a_change_that_is_undone_leaves_nothing() {
    let mut bill = bill(&[(5, 7)]);
    let before = bill.clone();
    bill.alter(5, 20, 40, |s| s.paused = true).expect("room");
    bill.alter(5, 10, FOR_GOOD, |s| s.paused = false).expect("room");
    assert_eq!(bill, before);
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
fn every_part_has_blocks() {
    let bill = bill(&[(5, 7), (12, 100)]);
    let parts = |from, to| -> Vec<_> { bill.parts(from, to).map(|(_, start, end)| (start, end)).collect() };
    assert_eq!(parts(0, 20), [(5, 12), (12, 20)]);
    assert_eq!(parts(5, 12), [(5, 12)]);
    assert_eq!(parts(12, 12), []);
}

#[test]
fn an_unready_workload_costs_nothing_and_may_cost_its_rate() {
    let mut bill = bill(&[(5, 7)]);
    bill.alter(5, 20, FOR_GOOD, |s| s.unready = true).expect("room");
    assert_eq!(bill.cost(&judged(40), 5, 30), Some(5 * 7));
    assert_eq!(bill.full_cost(20, 30), Some(70));
    assert_eq!(bill.served(&judged(40), 5, 30), 5);
    bill.alter(5, 25, 30, |s| s.paused = true).expect("room");
    assert_eq!(bill.full_cost(20, 30), Some(35));
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
    bill.forget_before(11);
    assert_eq!(bill.segments.len(), 3);
    bill.forget_before(40);
    assert_eq!(bill.segments.len(), 2);
    bill.funded(25);
    bill.forget_before(40);
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
fn a_workload_that_is_unready_does_not_run_out_of_funds() {
    let mut lease = bill(&[(1, 10)]);
    lease.alter(1, 50, FOR_GOOD, |s| s.unready = true).expect("room");
    // At 50 there are 510 left, and that stays so.
    assert_eq!(lease.first_low(&judged(0), 1_000), None);
    // Of 789 there are 299 left at 50: it might have to pay 300.
    assert_eq!(lease.first_low(&judged(0), 789), Some(50));
}

#[test]
fn a_deposit_covers_what_comes_from_the_block_asked_about() {
    let bill = bill(&[(1, 10)]);
    // 24 blocks before block 25, 30 from it on.
    assert!(bill.covers(&judged(0), 540, 25));
    assert!(!bill.covers(&judged(0), 539, 25));
    // Blocks 10 to 19 were free.
    assert!(bill.covers(&judged(20), 440, 25));
    assert!(!bill.covers(&judged(20), 439, 25));
    assert!(!bill.covers(&judged(0), Balance::MAX, FOR_GOOD));
}

#[test]
fn a_boundary_before_the_block_asked_about_counts_too() {
    // A pause from 45 on, ended for a dear block or two: at 25 the next 30 blocks cost 200, but at 20 they cost 250.
    let bill = bill(&[(1, 10), (45, 0)]);
    assert!(bill.covers(&judged(0), 440, 25));
    let late = Judgement::new(TIMES, 20, |block: BlockNumber| block.min(20));
    // Nothing before block 20 was billed; 240 are enough from 20 on, and boundary 10 wants 300 although it cost none.
    assert!(!bill.covers(&late, 240, 25));
    assert!(bill.covers(&late, 300, 25));
}

fn term(at: BlockNumber) -> Agreed {
    Agreed {
        term_end: Some(at),
        notice: None,
    }
}

fn found(agreed: Agreed) -> Standing {
    standing(&bill(&[(1, 10)]), &judged(0), 1_000, agreed, 1)
}

#[test]
fn the_earliest_end_counts_and_the_agreed_one_when_both_fall_together() {
    let ends = |at, reason| Some((at, reason));
    assert_eq!(found(Agreed::default()).runs_until, ends(100, CloseReason::FundsEnded));
    assert_eq!(found(term(101)).runs_until, ends(100, CloseReason::FundsEnded));
    assert_eq!(found(term(100)).runs_until, ends(100, CloseReason::TermEnded));
    let notice = |at, term_end| Agreed {
        term_end,
        notice: Some(Notice::Ends { at }),
    };
    assert_eq!(
        found(notice(100, None)).runs_until,
        ends(100, CloseReason::ClosedByProvider)
    );
    assert_eq!(found(notice(90, Some(90))).runs_until, ends(90, CloseReason::TermEnded));
    assert!(found(Agreed::default()).forecast && !found(term(100)).forecast);
    assert_eq!(found(Agreed::default()).ended_at(500), None);
    assert_eq!(found(term(100)).ended_at(100), ends(100, CloseReason::TermEnded));
    assert_eq!(found(term(100)).ended_at(99), None);
    assert_eq!(found(Agreed::default()).funds_end(), Some(100));
    assert_eq!(found(term(100)).funds_end(), None);
}

#[test]
fn an_end_that_is_known_waits_for_an_earlier_one_that_is_not() {
    // Boundary 80 is low unless blocks before it turn out to be free; the term ends at 101.
    let late = standing(&bill(&[(1, 10)]), &judged(70), 900, term(101), 300);
    assert_eq!(late.ended_at(300), None);
    let known = standing(&bill(&[(1, 10)]), &judged(80), 900, term(101), 300);
    assert_eq!(known.ended_at(300), Some((100, CloseReason::FundsEnded)));
}

#[test]
fn only_what_nothing_can_change_any_more_is_checked_for_good() {
    let at = |now| standing(&bill(&[(1, 10)]), &judged(60), 10_000, Agreed::default(), now).funded_until;
    // W is 20.
    assert_eq!((at(60), at(69), at(70), at(200)), (40, 40, 50, 60));
}

#[test]
fn a_notice_ends_w_blocks_after_what_it_owes_is_served() {
    let bill = bill(&[(1, 10)]);
    let notice = Notice::given(5, 27, 20).expect("in range");
    assert_eq!(
        notice,
        Notice::Counting {
            owed: 7,
            counted_until: 5
        }
    );
    // Blocks 5 to 11 would do, and 20 is the boundary after them; 10 to 19 turn out to be absent.
    assert_eq!(notice.end(&bill, &judged(0)), Some(40));
    let counted = notice.counted(&bill, &judged(10));
    assert_eq!(
        counted,
        Notice::Counting {
            owed: 2,
            counted_until: 10
        }
    );
    assert_eq!(notice.end(&bill, &judged(0)), counted.end(&bill, &judged(10)));
    assert_eq!(notice.counted(&bill, &judged(20)).end(&bill, &judged(20)), Some(50));
    assert_eq!(notice.counted(&bill, &judged(90)), Notice::Ends { at: 50 });
    assert_eq!(counted.counted(&bill, &judged(40)), Notice::Ends { at: 50 });
}

#[test]
fn what_a_notice_owes_may_be_served_exactly_at_a_boundary() {
    let bill = bill(&[(1, 10)]);
    let notice = Notice::given(25, 25, 20).expect("in range");
    assert_eq!(notice.end(&bill, &judged(0)), Some(50));
    assert_eq!(notice.counted(&bill, &judged(30)), Notice::Ends { at: 50 });
}

#[test]
fn a_notice_of_w_or_less_ends_at_its_block() {
    assert_eq!(Notice::given(5, 20, 20), Some(Notice::Ends { at: 25 }));
    assert_eq!(Notice::given(5, 0, 20), Some(Notice::Ends { at: 5 }));
    assert_eq!(Notice::given(FOR_GOOD, 1, 20), None);
}

#[test]
fn a_notice_does_not_run_while_the_workload_is_unready() {
    let mut bill = bill(&[(1, 10)]);
    bill.alter(1, 30, 50, |s| s.unready = true).expect("room");
    let notice = Notice::given(25, 27, 20).expect("in range");
    // Five blocks before 30, two from 50 on.
    assert_eq!(notice.end(&bill, &judged(0)), Some(80));
    assert_eq!(notice.counted(&bill, &judged(70)), Notice::Ends { at: 80 });
    bill.alter(1, 30, FOR_GOOD, |s| s.unready = true).expect("room");
    assert_eq!(notice.end(&bill, &judged(0)), None);
}

/// Absences of blocks 10 to 19 and 40 to 59.
fn absent(from: BlockNumber, to: BlockNumber) -> BlockNumber {
    let before = |block: BlockNumber| (block.clamp(10, 20) - 10) + (block.clamp(40, 60) - 40);
    before(to) - before(from)
}

#[test]
fn absences_beyond_those_allowed_are_credited_at_the_lowest_rate_from_before_them_on() {
    let mut bill = bill(&[(5, 7), (15, 100)]);
    bill.alter(5, 45, 50, |s| s.paused = true).expect("room");
    bill.alter(5, 50, FOR_GOOD, |s| s.unready = true).expect("room");
    // Windows from 5 on, of 40 blocks: 10 % of them are 4.
    let windows = Windows::new(5, 40, 900_000, FOR_GOOD);
    assert_eq!(windows.allowed, 4);
    let mut count = SlaCount::since(5);
    // Blocks 14 to 19 and 40 to 44. Of the second window 45 to 48 are allowed, 49 is paused, and 50 to 59 are unready,
    // which does not help the provider. The first window ended with an absence: 7 is still the rate.
    let credit = count.count(&bill, &windows, 100, absent);
    assert_eq!(credit, (6 + 5 + 10) * 7);
    assert_eq!((count.counted_until, count.broken), (100, true));
}

#[test]
fn a_higher_rate_is_answered_for_from_the_second_window_on_after_one_that_ended_with_presence() {
    let bill = bill(&[(5, 7), (12, 100)]);
    let windows = Windows::new(5, 15, 1_000_000, FOR_GOOD);
    let credit = |from: BlockNumber, to: BlockNumber| {
        let absent = |start: BlockNumber, end: BlockNumber| end.clamp(from, to) - start.clamp(from, to);
        SlaCount::since(5).count(&bill, &windows, 60, absent)
    };
    for (block, rate) in [(6, 7), (19, 7), (20, 7), (34, 7), (35, 100), (59, 100)] {
        assert_eq!(credit(block, block + 1), rate, "block {block}");
    }
    // The window before ended with an absence.
    assert_eq!(credit(30, 40), 10 * 7);
}

#[test]
fn all_absences_together_credit_so_many_blocks_at_most() {
    let bill = bill(&[(5, 7)]);
    let windows = Windows::new(5, 40, 1_000_000, 25);
    let mut count = SlaCount::since(5);
    assert_eq!(count.count(&bill, &windows, 100, absent), 25 * 7);
    assert_eq!(
        (count.due, count.answered_for(25), count.answered_for(30)),
        (25 * 7, 0, 5 * 7)
    );
}

#[test]
fn counting_the_sla_in_steps_changes_nothing() {
    let bill = bill(&[(5, 7), (15, 100)]);
    let windows = Windows::new(5, 30, 850_000, FOR_GOOD);
    let mut at_once = SlaCount::since(5);
    let credit = at_once.count(&bill, &windows, 100, absent);
    for step in 1..40 {
        let mut count = SlaCount::since(5);
        let mut sum = 0;
        for until in (5..100).step_by(step).chain([100]) {
            sum += count.count(&bill, &windows, until, absent);
        }
        assert_eq!((sum, count), (credit, at_once), "steps of {step}");
    }
}

#[test]
fn one_count_goes_through_so_many_windows_with_absences_only() {
    let bill = bill(&[(5, 7)]);
    let windows = Windows::new(5, 3, 1_000_000, FOR_GOOD);
    let mut count = SlaCount::since(5);
    count.count(&bill, &windows, 100, absent);
    assert_eq!(count.counted_until, 5 + 8 * 3);
    // Nothing is absent before 40: no window needs to be looked at up to there.
    count.count(&bill, &windows, 40, absent);
    assert_eq!(count.counted_until, 40);
    count.count(&bill, &windows, 100, absent);
    assert_eq!(count.counted_until, 41 + 7 * 3);
    count.count(&bill, &windows, 100, absent);
    assert_eq!((count.counted_until, count.absent), (100, 0));
}

#[test]
fn a_promise_that_does_not_come_out_even_allows_less() {
    assert_eq!(Windows::new(0, 50, 990_000, FOR_GOOD).allowed, 0);
    assert_eq!(Windows::new(0, 200, 990_000, FOR_GOOD).allowed, 2);
    assert_eq!(Windows::new(0, 200, 0, FOR_GOOD).allowed, 200);
    assert_eq!(Windows::new(0, 200, 2_000_000, FOR_GOOD).allowed, 0);
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
