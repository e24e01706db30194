//! Whose deposits are left of a lease, in the order in which they are used.

use crate::chain::Who;
use perigee_primitives::Balance;

/// Deposits that are told apart.
pub const LONGEST: usize = 16;

#[derive(Clone, Debug, Default)]
pub struct Queue {
    left: Vec<(Who, Balance)>,
    /// Deposits that joined an older one for want of room.
    pub joined: u32,
}

impl Queue {
    /// Adds a deposit. In a full queue the newest that has an older one of the same depositor joins that one.
    pub fn push(&mut self, who: Who, amount: Balance) {
        self.left.push((who, amount));
        self.join_neighbours();
        if self.left.len() > LONGEST {
            let pair = (0..self.left.len()).rev().find_map(|newer| {
                let older = (0..newer).rev().find(|older| self.left[*older].0 == self.left[newer].0);
                older.map(|older| (older, newer))
            });
            let (older, newer) = pair.expect("fewer depositors than places");
            self.left[older].1 += self.left.remove(newer).1;
            self.joined += 1;
        }
    }

    /// Uses `amount`, the oldest first; says whose.
    pub fn spend(&mut self, mut amount: Balance) -> Vec<(Who, Balance)> {
        let mut spent = vec![];
        while amount > 0 {
            let (who, left) = self.left.first_mut().expect("every block before the end is paid for");
            let part = amount.min(*left);
            (*left, amount) = (*left - part, amount - part);
            spent.push((*who, part));
            self.left.retain(|(_, left)| *left > 0);
        }
        self.join_neighbours();
        spent
    }

    /// Gives `amount` back to `who`, the newest of its own first.
    pub fn withdraw(&mut self, who: Who, mut amount: Balance) {
        for (_, left) in self.left.iter_mut().rev().filter(|(depositor, _)| *depositor == who) {
            let part = amount.min(*left);
            (*left, amount) = (*left - part, amount - part);
        }
        self.left.retain(|(_, left)| *left > 0);
        self.join_neighbours();
    }

    /// What is left of the deposits of `who`.
    pub fn left_of(&self, who: Who) -> Balance {
        self.left
            .iter()
            .filter(|(depositor, _)| *depositor == who)
            .map(|(_, left)| left)
            .sum()
    }

    /// Everything that is left, in order.
    pub fn left(&self) -> &[(Who, Balance)] {
        &self.left
    }

    fn join_neighbours(&mut self) {
        self.left.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
    }
}
