//! The SLA: what it allows, what it credits, and that nobody scans for it.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use perigee_primitives::{
    traits::{LeaseBonds, Outcome},
    AskTerms, Balance, GroupOrder, LeaseId,
};

fn settle(id: LeaseId) {
    assert_ok!(Marketplace::settle(RuntimeOrigin::signed(OTHER), id));
}

/// An active lease of which this part of each window of 50 blocks is promised.
fn promised(sla: u32, deposit: Balance) -> LeaseId {
    let ask = publish_on(OPERATOR, AskTerms { sla, ..terms(7) });
    let id = deploy(GroupOrder {
        asks: vec![ask].try_into().expect("one ask"),
        ..order(deposit)
    });
    assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), id));
    id
}

/// Of 50 blocks 15 may be missed.
const LENIENT: u32 = 700_000;

#[test]
fn absences_beyond_the_promise_are_paid_for_by_the_bond() {
    build_and_execute(|| {
        let id = promised(LENIENT, 10_000);
        // Of blocks 1 to 50: 20 to 39. Of 51 to 100: 60 to 69.
        Script::absent(0, &[2, 3, 6]);
        jump_to(120);
        Script::judge(110);
        assert_eq!((state(id).credits_paid, state(id).sla_broken), (5 * 7, true));
        let before = Balances::total_balance(&TENANT);
        settle(id);
        assert!(has_event(Event::SlaCredited {
            lease: id,
            due: 35,
            paid: 35
        }));
        assert_eq!(Balances::total_balance(&TENANT), before + 35);
        assert_eq!(Providers::bonded(0, id), 7 * Balance::from(BOND_BLOCKS) - 35);
        assert_eq!(state(id).bond, 7 * Balance::from(BOND_BLOCKS) - 35);
    });
}

#[test]
fn what_the_promise_allows_and_maintenance_are_not_paid_for() {
    build_and_execute(|| {
        let id = promised(LENIENT, 10_000);
        Script::absent(0, &[2]);
        Script::maintenance(0, &[3, 4]);
        jump_to(120);
        Script::judge(110);
        settle(id);
        assert_eq!((state(id).credits_paid, state(id).sla_broken), (0, false));
        assert_eq!(state(id).unbilled_blocks, 30);
    });
}

#[test]
fn a_credit_comes_as_soon_as_it_is_judged_and_the_same_in_the_end() {
    build_and_execute(|| {
        let (often, never) = (promised(LENIENT, 10_000), promised(LENIENT, 10_000));
        Script::absent(0, &[2, 3, 4, 8, 9, 12, 14]);
        for block in 2..160 {
            jump_to(block);
            Script::judge(TIMES.start_of(TIMES.epoch_of(block)));
            settle(often);
        }
        settle(never);
        // Blocks 35 to 49; of 51 to 100 block 95 to 99; of 101 to 150 block 145 to 149.
        assert_eq!(state(often).credits_paid, 25 * 7);
        assert_eq!(state(never).credits_paid, 25 * 7);
        let counts = |id| Leases::<Test>::get(id).expect("a record").sla_count;
        assert_eq!(counts(often), counts(never));
    });
}

#[test]
fn the_bond_bounds_what_is_paid() {
    build_and_execute(|| {
        let id = promised(1_000_000, 10_000);
        Script::absent(0, &[1, 2, 3, 4, 5, 6, 7]);
        jump_to(90);
        Script::judge(90);
        settle(id);
        let bond = 7 * Balance::from(BOND_BLOCKS);
        assert!(has_event(Event::SlaCredited {
            lease: id,
            due: bond,
            paid: bond
        }));
        assert_eq!((state(id).credits_paid, Providers::bonded(0, id)), (bond, 0));
    });
}

#[test]
fn a_last_window_that_is_cut_short_allows_as_much_as_a_whole_one() {
    build_and_execute(|| {
        let id = promised(LENIENT, 10_000);
        Script::absent(0, &[1, 2]);
        run_to(25);
        close(id);
        // Blocks 10 to 24: 15 of them, all allowed.
        run_to(60);
        assert_eq!((state(id).settled, state(id).credits_paid), (true, 0));
    });
}

#[test]
fn the_tail_of_an_ended_lease_is_counted_before_the_bond_is_given_back() {
    build_and_execute(|| {
        let id = promised(LENIENT, 10_000);
        Script::absent(0, &[1, 2]);
        run_to(28);
        close(id);
        run_to(60);
        let found = state(id);
        assert_eq!(
            (found.settled, found.credits_paid, found.sla_broken),
            (true, 3 * 7, true)
        );
        assert_eq!((Providers::bonded(0, id), found.bond), (0, 0));
    });
}

#[test]
fn a_lease_whose_sla_was_broken_counts_as_broken() {
    build_and_execute(|| {
        let (broken, kept) = (promised(LENIENT, 10_000), promised(0, 10_000));
        Script::absent(0, &[1, 2]);
        run_to(60);
        close(broken);
        close(kept);
        run_to(100);
        let outcomes: Vec<_> = Script::noted().into_iter().map(|(_, _, outcome, ..)| outcome).collect();
        assert_eq!(outcomes, [Outcome::Broken, Outcome::Kept]);
    });
}

#[test]
fn a_pause_costs_no_credit_and_an_unready_workload_does() {
    build_and_execute(|| {
        let (paused, unready) = (promised(1_000_000, 10_000), promised(1_000_000, 10_000));
        assert_ok!(Marketplace::pause(RuntimeOrigin::signed(TENANT), paused, 10));
        assert_ok!(Marketplace::set_ready(RuntimeOrigin::signed(OPERATOR), unready, false));
        Script::absent(0, &[1, 2]);
        run_to(40);
        settle(paused);
        settle(unready);
        assert_eq!(
            (state(paused).credits_paid, state(unready).credits_paid),
            (10 * 7, 20 * 7)
        );
    });
}

#[test]
fn a_lease_made_larger_once_its_provider_is_gone_credits_no_more() {
    build_and_execute(|| {
        let (larger, same) = (promised(1_000_000, 100_000), promised(1_000_000, 100_000));
        // Blocks 10 to 69, then 130 to 139.
        Script::absent(0, &[1, 2, 3, 4, 5, 6, 13]);
        jump_to(12);
        let resized = Marketplace::resize(RuntimeOrigin::signed(TENANT), larger, resources(5), [4; 32], 1_000);
        assert_ok!(resized);
        run_to(100);
        let bond = 7 * Balance::from(BOND_BLOCKS);
        assert_eq!((state(larger).credits_paid, state(same).credits_paid), (bond, bond));
        // The second window ended with the provider present: from the third on it answers for all of it.
        run_to(150);
        assert_eq!(
            (state(larger).credits_paid, state(same).credits_paid),
            (bond + 10 * 35, bond)
        );
    });
}

#[test]
fn absences_that_the_promise_allows_do_not_keep_the_answered_rate_low() {
    build_and_execute(|| {
        let id = promised(LENIENT, 100_000);
        // The last block of each window of 50, and some before; then 49 of the fifth one.
        Script::absent(0, &[5, 10, 15, 20, 21, 22, 23, 24]);
        jump_to(12);
        let resized = Marketplace::resize(RuntimeOrigin::signed(TENANT), id, resources(2), [4; 32], 1_000);
        assert_ok!(resized);
        jump_to(260);
        Script::judge(250);
        settle(id);
        assert_eq!(state(id).credits_paid, (49 - 15) * 14);
    });
}

#[test]
fn a_lease_whose_sla_is_not_counted_neither_changes_its_size_nor_its_owner() {
    build_and_execute(|| {
        let id = promised(900_000, 1_000_000);
        let absent: Vec<_> = (0..100).map(|n| 5 * n + 2).collect();
        Script::absent(0, &absent);
        jump_to(1_001);
        Script::judge(1_000);
        let tenant = || RuntimeOrigin::signed(TENANT);
        let resize = || done(Marketplace::resize(tenant(), id, resources(2), [4; 32], 1_000));
        assert_ok!(Marketplace::offer_transfer(tenant(), 0, OTHER));
        let accept = || done(Marketplace::accept_transfer(RuntimeOrigin::signed(OTHER), 0));
        assert_noop!(resize(), Error::<Test>::SlaNotCounted);
        assert_noop!(accept(), Error::<Test>::SlaNotCounted);
        (0..2).for_each(|_| settle(id));
        assert_ok!(resize());
        assert_ok!(accept());
    });
}

#[test]
fn one_settlement_counts_so_many_windows_and_the_agenda_counts_on() {
    build_and_execute(|| {
        let id = promised(1_000_000, 1_000_000);
        let absent: Vec<_> = (0..100).map(|n| 5 * n + 2).collect();
        Script::absent(0, &absent);
        jump_to(1_001);
        Script::judge(1_000);
        settle(id);
        let lease = Leases::<Test>::get(id).expect("a record");
        // Eight windows of 50 blocks, the first of which begins with block 1.
        assert_eq!((lease.sla_count.counted_until, lease.bill.billed_until), (401, 1_000));
        assert_eq!(lease.wake, 1_002);
        assert!(Stuck::<Test>::contains_key(0, id));
        // Nothing is forgotten of what it still asks about.
        for block in 1_002..1_004 {
            jump_to(block);
            work_off_agenda();
        }
        let lease = Leases::<Test>::get(id).expect("a record");
        assert_eq!(lease.sla_count.counted_until, 1_000);
        assert!(!Stuck::<Test>::contains_key(0, id));
        assert_eq!(lease.sla_count.credited, 7 * Balance::from(BOND_BLOCKS));
    });
}

#[test]
fn a_lease_is_not_final_before_its_sla_is_counted() {
    build_and_execute(|| {
        let id = promised(900_000, 1_000_000);
        let absent: Vec<_> = (0..100).map(|n| 5 * n + 2).collect();
        Script::absent(0, &absent);
        jump_to(500);
        Script::judge(500);
        close(id);
        assert!(!state(id).settled);
        assert!(Providers::bonded(0, id) > 0);
        jump_to(501);
        work_off_agenda();
        assert!(state(id).settled);
        // Five blocks of ten in each of ten windows.
        assert_eq!(state(id).credits_paid, 50 * 7);
    });
}
