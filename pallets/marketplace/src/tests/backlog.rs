//! A backlog of the agenda is seen, and changes nothing else.

use crate::{mock::*, *};
use frame_support::{
    assert_ok,
    traits::{fungible::Inspect, Hooks},
    weights::WeightMeter,
};
use perigee_primitives::{Backlog, Balance, BlockNumber, GroupOrder, LeaseId, LeaseState};

fn shown() -> Vec<BlockNumber> {
    let shown = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Marketplace(Event::AgendaBehind { oldest }) => Some(oldest),
        _ => None,
    });
    shown.collect()
}

#[test]
fn the_backlog_is_what_is_due_and_not_processed() {
    build_and_execute(|| {
        assert_eq!(Marketplace::agenda_backlog(), Backlog::default());
        for _ in 0..5 {
            deploy(order(1_000));
        }
        jump_to(EXPIRY + 3);
        let found = Marketplace::agenda_backlog();
        assert_eq!((found.oldest_due, found.due), (Some(EXPIRY), 5));
        poll(2);
        assert_eq!(Marketplace::agenda_backlog().due, 3);
        poll(9);
        assert_eq!(Marketplace::agenda_backlog(), Backlog::default());
    });
}

#[test]
fn an_old_backlog_is_shown_once_in_a_while() {
    build_and_execute(|| {
        for _ in 0..5 {
            deploy(order(1_000));
        }
        let mut seen = 0;
        for block in EXPIRY..EXPIRY + 2 * BACKLOG_AGE + 5 {
            jump_to(block);
            poll(0);
            // Without room for a single look nothing is seen.
            assert_eq!(shown().len(), seen);
            let look = <() as WeightInfo>::agenda_peek().saturating_add(<() as WeightInfo>::show_backlog());
            let mut meter = WeightMeter::with_limit(look.saturating_mul(4));
            Marketplace::on_poll(block, &mut meter);
            seen = shown().len();
        }
        assert_eq!(shown(), [EXPIRY, EXPIRY]);
        poll(9);
        assert_eq!(shown(), [EXPIRY, EXPIRY]);
    });
}

/// Many leases of a provider that is never seen again. Returns what everybody has in the end, and all final states.
fn abandon(leases: u64, limits: impl Fn(BlockNumber) -> u64) -> (Vec<Balance>, Vec<LeaseState<u64>>, Vec<Noted>) {
    new_test_ext().execute_with(|| {
        let operator = RuntimeOrigin::signed(OPERATOR);
        let capacity = resources(leases as u32);
        assert_ok!(Providers::set_capacity(operator.clone(), capacity));
        let ask = publish_on(
            OPERATOR,
            perigee_primitives::AskTerms {
                sla: 900_000,
                ..terms(7)
            },
        );
        for n in 0..leases {
            let deposit = 7 * RESERVE + Balance::from(n % 90);
            let id = deploy(GroupOrder {
                asks: vec![ask].try_into().expect("one ask"),
                term: (n % 3 == 0).then_some(20),
                deposit: deposit + 7 * 20,
                ..order(0)
            });
            // A tenth of them is never activated.
            if n % 10 != 0 {
                assert_ok!(Marketplace::activate(operator.clone(), id));
            }
        }
        Script::absent(0, &(2..8).collect::<Vec<_>>());
        let until = 300;
        for block in 2..=until {
            jump_to(block);
            Script::judge(TIMES.start_of(TIMES.epoch_of(block)));
            poll(limits(block));
        }
        work_off_agenda();
        check();
        let states = (0..leases).map(|id: LeaseId| LeaseState {
            judged_until: 0,
            ..state(id)
        });
        let states: Vec<_> = states.collect();
        assert!(states.iter().all(|state| state.settled));
        let balances = [TENANT, OPERATOR, STASH, TREASURY].map(|who| Balances::total_balance(&who));
        let mut noted = Script::noted();
        noted.sort_by_key(|(provider, tenant, _, fee, at)| (*provider, *tenant, *fee, *at));
        (balances.to_vec(), states, noted)
    })
}

/// What came of each lease, and what everybody has, is the same whether the agenda keeps up, lags far behind, or does
/// nothing at all until the end.
#[test]
fn a_backlog_of_an_abandoned_provider_changes_no_bill_and_no_score() {
    let leases = 2_000;
    let in_time = abandon(leases, |_| 10_000);
    let behind = abandon(leases, |_| 8);
    let at_last = abandon(leases, |_| 0);
    assert!(in_time == behind, "a slow agenda changed something");
    assert!(in_time == at_last, "an agenda that rested changed something");
}
