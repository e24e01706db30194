//! The queue of deposits.

use super::Balance;
use crate::{Deposit, Deposits, MAX_DEPOSITS};
use proptest::prelude::*;

fn queue(of: &[(u64, Balance)]) -> Deposits<u64> {
    let mut queue = Deposits::new();
    for (depositor, amount) in of {
        queue.push(depositor, *amount).expect("no overflow");
    }
    queue
}

fn plain(of: impl IntoIterator<Item = Deposit<u64>>) -> Vec<(u64, Balance)> {
    of.into_iter().map(|d| (d.depositor, d.amount)).collect()
}

#[test]
fn deposits_in_a_row_are_one() {
    assert_eq!(
        plain(queue(&[(1, 5), (1, 6), (2, 7), (1, 8)]).0),
        [(1, 11), (2, 7), (1, 8)]
    );
}

#[test]
fn the_oldest_goes_first() {
    let mut deposits = queue(&[(1, 5), (2, 7), (1, 8)]);
    assert_eq!(deposits.take_oldest(0).map(plain), Some(vec![]));
    assert_eq!(deposits.take_oldest(5).map(plain), Some(vec![(1, 5)]));
    assert_eq!(deposits.take_oldest(9).map(plain), Some(vec![(2, 7), (1, 2)]));
    assert_eq!(deposits.take_oldest(7).map(plain), None);
}

#[test]
fn ones_own_newest_goes_back_first() {
    let mut deposits = queue(&[(1, 5), (2, 7), (1, 8), (3, 9)]);
    assert_eq!((deposits.left_of(&1), deposits.left_of(&4)), (13, 0));
    deposits.take_newest_of(&1, 10);
    assert_eq!(plain(deposits.0.clone()), [(1, 3), (2, 7), (3, 9)]);
    deposits.take_newest_of(&2, 7);
    deposits.take_newest_of(&1, 1);
    assert_eq!(plain(deposits.0.clone()), [(1, 2), (3, 9)]);
    assert_eq!(plain(deposits.take_all()), [(1, 2), (3, 9)]);
    assert!(deposits.0.is_empty());
}

#[test]
fn neighbours_join_when_what_was_between_them_is_gone() {
    let mut deposits = queue(&[(1, 5), (2, 7), (1, 8), (3, 9)]);
    deposits.take_newest_of(&2, 7);
    assert_eq!(plain(deposits.0), [(1, 13), (3, 9)]);
}

#[test]
fn a_full_queue_joins_ones_own_newest() {
    let alternating: Vec<_> = (0..Balance::from(MAX_DEPOSITS))
        .map(|n| (n as u64 % 2, n + 1))
        .collect();
    let mut deposits = queue(&alternating);
    assert_eq!(deposits.0.len(), 16);
    deposits.push(&0, 100).expect("no overflow");
    let mut expected = alternating.clone();
    expected[14].1 += 100;
    assert_eq!(plain(deposits.0.clone()), expected);
}

#[test]
fn a_full_queue_makes_room_for_a_newcomer() {
    let alternating: Vec<_> = (0..Balance::from(MAX_DEPOSITS))
        .map(|n| (n as u64 % 2, n + 1))
        .collect();
    let mut deposits = queue(&alternating);
    deposits.push(&7, 100).expect("no overflow");
    let mut expected = alternating.clone();
    let (_, newest) = expected.remove(15);
    expected[13].1 += newest;
    expected.push((7, 100));
    assert_eq!(plain(deposits.0), expected);
}

#[test]
fn an_overflow_changes_nothing() {
    let mut deposits = queue(&[(1, 5), (2, Balance::MAX)]);
    assert_eq!(deposits.push(&2, 1), None);
    assert_eq!(plain(deposits.0.clone()), [(1, 5), (2, Balance::MAX)]);
    let mut full: Vec<_> = (0..16).map(|n| (n % 2, 1)).collect();
    full[15].1 = Balance::MAX;
    let mut deposits = queue(&full);
    assert_eq!(deposits.push(&1, 1), None);
    assert_eq!(deposits.push(&3, 1), None);
    assert_eq!(plain(deposits.0), full);
}

proptest! {
    /// No depositor's money is lost or swapped, and there is room as long as there are eight depositors at most.
    #[test]
    fn a_queue_keeps_everybody_s_money(
        steps in prop::collection::vec((0..8u64, 1..100 as Balance, 0..4u8), 1..100),
    ) {
        let (mut deposits, mut left) = (Deposits::new(), [0 as Balance; 8]);
        for (who, amount, step) in steps {
            match step {
                0 => {
                    let total: Balance = left.iter().sum();
                    let used = deposits.take_oldest(amount.min(total)).expect("there is as much");
                    for (depositor, amount) in plain(used) {
                        left[depositor as usize] -= amount;
                    }
                }
                1 => {
                    let amount = amount.min(left[who as usize]);
                    deposits.take_newest_of(&who, amount);
                    left[who as usize] -= amount;
                }
                _ => {
                    prop_assert!(deposits.push(&who, amount).is_some());
                    left[who as usize] += amount;
                }
            }
            for (who, left) in left.iter().enumerate() {
                prop_assert_eq!(deposits.left_of(&(who as u64)), *left);
            }
            prop_assert!(deposits.0.iter().all(|d| d.amount > 0));
            prop_assert!(deposits.0.windows(2).all(|two| two[0].depositor != two[1].depositor));
        }
    }
}
