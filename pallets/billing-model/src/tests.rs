use crate::*;
use Presence::{Absent, Maintenance, Present};

/// E = 10, W = 20: a lease of rate 7 needs 210 in reserve. Windows of 50 blocks, 5 absences allowed in each.
fn agreement(deposited: u128) -> Agreement {
    Agreement {
        times: Times {
            epoch: 10,
            deadline: 5,
            margin: 5,
        },
        terms: Terms {
            rate: 7,
            payee: 1,
            ppm: 40_000,
            paused: false,
            unready: false,
        },
        deposited,
        term: None,
        notice: 25,
        sla_window: 50,
        sla: 900_000,
        bond_blocks: 1_000,
        pause_ratio: 100,
    }
}

fn lease(deposited: u128) -> Lease {
    Lease::activate(agreement(deposited), 13)
}

/// Goes to `block` with a provider that is present but in `epochs`.
fn go(lease: &mut Lease, block: Block, absent: &[Block]) {
    while lease.now() < block {
        let presence = if absent.contains(&(lease.now() / 10)) {
            Absent
        } else {
            Present
        };
        lease.pass(presence);
    }
}

#[test]
fn the_smallest_deposit_ends_at_the_first_boundary_plus_w() {
    let mut lease = lease(210);
    assert_eq!(lease.forecast(13, 500), Some((40, End::Funds)));
    go(&mut lease, 100, &[]);
    // At block 20 there are 7 × 7 gone, so 161 < 210: the end is 20 + 20.
    assert_eq!(lease.end(), Some((40, End::Funds)));
    let bill = lease.bill(100);
    assert_eq!((bill.billed, bill.fee), (27 * 7, 27 * 7 * 4 / 100));
    assert_eq!(bill.earned[&1], 27 * 7 - bill.fee);
    assert_eq!(lease.refund(), 210 - 27 * 7);
    assert_eq!(lease.bill(20).billed, 7 * 7);
}

#[test]
fn an_absent_epoch_moves_the_end() {
    let mut lease = lease(210);
    go(&mut lease, 100, &[1]);
    // Blocks 13 to 19 are free, block 30 finds 140 left.
    assert_eq!(lease.end(), Some((50, End::Funds)));
    assert_eq!((lease.bill(100).unbilled, lease.refund()), (7, 0));
}

#[test]
fn a_deposit_before_the_end_moves_it_and_one_at_the_end_is_refused() {
    let mut late = lease(210);
    go(&mut late, 40, &[]);
    assert_eq!(late.deposit(70), Err(Refused::Ended));
    let mut early = lease(210);
    go(&mut early, 39, &[]);
    assert_eq!(early.deposit(70), Ok(()));
    go(&mut early, 100, &[]);
    assert_eq!(early.end(), Some((50, End::Funds)));
}

#[test]
fn a_withdrawal_leaves_w_and_e() {
    let mut lease = lease(1_000);
    go(&mut lease, 25, &[]);
    // 12 blocks are gone, the current one counts, and 30 from the next one on.
    assert_eq!(lease.withdraw(25, 1_000 - 43 * 7 + 1), Err(Refused::Funds));
    assert_eq!(lease.withdraw(25, 1_000 - 43 * 7), Ok(()));
    assert_eq!(lease.forecast(25, 500), Some((50, End::Funds)));
}

#[test]
fn term_and_call_end_a_lease_at_their_block() {
    let mut by_term = Lease::activate(
        Agreement {
            term: Some(30),
            ..agreement(10_000)
        },
        13,
    );
    assert_eq!(by_term.extend(13, 5), Ok(()));
    go(&mut by_term, 100, &[]);
    assert_eq!(by_term.end(), Some((48, End::Term)));
    let mut by_call = lease(10_000);
    assert_eq!(by_call.close(), Ok(()));
    assert_eq!((by_call.end(), by_call.refund()), (Some((13, End::Call)), 10_000));
    assert_eq!(by_call.extend(13, 5), Err(Refused::Ended));
}

#[test]
fn a_notice_counts_what_is_served() {
    let mut lease = lease(10_000);
    go(&mut lease, 15, &[]);
    assert_eq!(lease.give_notice(), Ok(()));
    assert_eq!(lease.give_notice(), Err(Refused::Unchanged));
    // 5 of 25 blocks are owed before the last 20: served at block 20, or at block 40 if epochs 1 and 2 are absent.
    assert_eq!(lease.forecast(15, 500), Some((40, End::Notice)));
    let mut absent = lease.clone();
    go(&mut absent, 200, &[1, 2]);
    assert_eq!(absent.end(), Some((60, End::Notice)));
    // Nor does it count while the workload is unready, here from block 20 to 32.
    let mut unready = lease.clone();
    go(&mut unready, 16, &[1]);
    assert_eq!(unready.set_ready(16, false), Ok(()));
    go(&mut unready, 32, &[1]);
    assert_eq!(unready.set_ready(32, true), Ok(()));
    go(&mut unready, 200, &[1]);
    assert_eq!(unready.end(), Some((60, End::Notice)));
}

#[test]
fn a_short_notice_ends_at_its_block() {
    let mut lease = Lease::activate(
        Agreement {
            notice: 20,
            ..agreement(10_000)
        },
        13,
    );
    assert_eq!(lease.give_notice(), Ok(()));
    go(&mut lease, 100, &[1, 2, 3]);
    assert_eq!(lease.end(), Some((33, End::Notice)));
}

#[test]
fn a_pause_costs_nothing_and_ends_by_itself() {
    let mut lease = lease(10_000);
    assert_eq!(lease.pause(13, 15), Ok(()));
    assert_eq!(lease.pause(13, 15), Err(Refused::Unchanged));
    go(&mut lease, 50, &[]);
    // From block 20 to 34.
    assert_eq!(lease.bill(50).billed, (37 - 15) * 7);
    assert_eq!(lease.resume(50), Err(Refused::Unchanged));
    assert_eq!(lease.pause(50, 100), Ok(()));
    go(&mut lease, 70, &[]);
    assert_eq!(lease.resume(70), Ok(()));
    go(&mut lease, 80, &[]);
    // From block 60 to 70.
    assert_eq!(lease.bill(80).billed, (67 - 15 - 11) * 7);
}

#[test]
fn pauses_leave_at_most_three_times_of_that_unpaid_which_is_paid() {
    let agreement = Agreement {
        pause_ratio: 3,
        ..agreement(10_000)
    };
    let mut lease = Lease::activate(agreement, 13);
    // Block 13 alone is paid.
    assert_eq!(lease.pauses_left(13), Some(3 * 7));
    assert_eq!(lease.pause(13, 4), Err(Refused::Pauses));
    go(&mut lease, 18, &[]);
    assert_eq!(lease.pause(18, 18), Ok(()));
    assert_eq!(lease.pauses_left(18), Some(0));
    assert_eq!(lease.resize(18, 8), Err(Refused::Pauses));
    go(&mut lease, 30, &[]);
    assert_eq!(lease.resume(30), Ok(()));
    // Blocks 13 to 19 paid, 20 to 30 rested.
    assert_eq!(lease.pauses_left(30), Some(3 * 7 * 7 - 11 * 7));
}

#[test]
fn a_new_rate_counts_from_the_next_block_on() {
    let mut lease = lease(1_000);
    go(&mut lease, 15, &[]);
    // 2 blocks and the current one at 7, 30 at 33: 1,011.
    assert_eq!(lease.resize(13, 33), Err(Refused::Funds));
    assert_eq!(lease.resize(13, 32), Ok(()));
    go(&mut lease, 18, &[]);
    assert_eq!(lease.bill(18).billed, 3 * 7 + 2 * 32);
}

#[test]
fn a_fifth_change_ahead_is_refused() {
    let mut lease = lease(100_000);
    for rate in 1..=4 {
        assert_eq!(lease.resize(13, rate), Ok(()));
        go(&mut lease, 13 + rate as Block, &[]);
    }
    assert_eq!(lease.resize(13, 9), Err(Refused::TooManyChanges));
    assert_eq!(lease.resize(14, 9), Ok(()));
}

#[test]
fn absences_beyond_the_promise_are_credited_and_maintenance_is_not() {
    let mut lease = lease(10_000);
    for block in 13..113 {
        lease.pass(match block {
            20..=25 | 60..=62 | 63..=64 => Absent,
            30..=40 => Maintenance,
            _ => Present,
        });
    }
    // The first window ends before block 63: six absences in epoch 2 and three from 60 on, five allowed.
    let bill = lease.bill(200);
    assert_eq!((bill.credit, bill.broken, bill.unbilled), (4 * 7, true, 22));
    assert_eq!(lease.bill(61).credit, 2 * 7);
    assert!(!lease.bill(25).broken);
}
