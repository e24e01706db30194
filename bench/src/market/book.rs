//! The fate of every transaction: nothing that was sent is forgotten. Pure.

use perigee_chain::Hash;
use perigee_primitives::{BlockNumber, DeploymentId, LeaseId};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

/// What a transaction does in the life of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The tenant orders; the chain opens the lease.
    Deploy,
    /// The provider activates it.
    Activate,
    /// The tenant closes it.
    Close,
}

/// A lease on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its tenant, by number.
    pub tenant: usize,
    /// The step that is sent now.
    pub step: Step,
    /// The step after which nothing follows.
    pub last: Step,
    /// The lease and its deployment, once they are known.
    pub opened: Option<(LeaseId, DeploymentId)>,
}

/// A transaction that is in no block yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    job: Job,
    nonce: u64,
    at: Instant,
    best: BlockNumber,
}

/// A transaction that was never heard of again. Of one account's only the first says something: the others wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Its name, in hex.
    pub hash: String,
    /// What it was to do.
    pub step: Step,
    /// The tenant of its lease, by number.
    pub tenant: usize,
    /// Its nonce.
    pub nonce: u64,
    /// The newest block when it was sent.
    pub best: BlockNumber,
}

/// How long a transaction took from being sent to its block being seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// Blocks: 1 is the next one.
    pub blocks: u32,
    /// Time.
    pub time: Duration,
}

/// A transaction that was found in a block.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// What it was for.
    pub job: Job,
    /// When it was sent.
    pub sent: Instant,
    /// How long it took.
    pub wait: Wait,
}

/// Numbers of the transactions of one step. What was sent is the sum of all the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Handed to the node.
    pub sent: u64,
    /// In a block, with success.
    pub included: u64,
    /// In a block, with this error.
    pub failed: BTreeMap<String, u64>,
    /// Not taken by the node, with this reason.
    pub refused: BTreeMap<String, u64>,
    /// Never heard of again.
    pub lost: u64,
}

/// All transactions.
#[derive(Debug, Default)]
pub struct Book {
    open: HashMap<Hash, Open>,
    tallies: BTreeMap<Step, Tally>,
}

impl Book {
    /// A transaction goes out, while `best` is the newest block known.
    pub fn sent(&mut self, hash: Hash, job: Job, nonce: u64, at: Instant, best: BlockNumber) {
        self.tally(job.step).sent += 1;
        self.open.insert(hash, Open { job, nonce, at, best });
    }

    /// The node did not take it. Was it still open?
    pub fn refused(&mut self, hash: &Hash, reason: String) -> bool {
        let Some(open) = self.open.remove(hash) else {
            return false;
        };
        *self.tally(open.job.step).refused.entry(reason).or_default() += 1;
        true
    }

    /// It is in block `number`, seen at `seen`, where it failed with `error` or succeeded. `None` if it is not ours.
    pub fn found(&mut self, hash: &Hash, number: BlockNumber, seen: Instant, error: Option<String>) -> Option<Found> {
        let Open { job, at, best, .. } = self.open.remove(hash)?;
        let tally = self.tally(job.step);
        match error {
            None => tally.included += 1,
            Some(error) => *tally.failed.entry(error).or_default() += 1,
        }
        let wait = Wait {
            blocks: number.saturating_sub(best),
            time: seen.saturating_duration_since(at),
        };
        Some(Found { job, sent: at, wait })
    }

    /// How many are in no block yet.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Ends the book: what is still open is lost, and listed in the order of tenants and nonces.
    pub fn close(&mut self) -> (BTreeMap<Step, Tally>, Vec<Lost>) {
        let mut lost = Vec::new();
        for (hash, Open { job, nonce, best, .. }) in std::mem::take(&mut self.open) {
            self.tally(job.step).lost += 1;
            lost.push(Lost {
                hash: hex::encode(hash),
                step: job.step,
                tenant: job.tenant,
                nonce,
                best,
            });
        }
        lost.sort_by_key(|lost| (lost.tenant, lost.step, lost.nonce));
        (self.tallies.clone(), lost)
    }

    fn tally(&mut self, step: Step) -> &mut Tally {
        self.tallies.entry(step).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: Job = Job {
        tenant: 0,
        step: Step::Deploy,
        last: Step::Deploy,
        opened: None,
    };

    #[test]
    fn every_transaction_has_exactly_one_fate() {
        let (mut book, now) = (Book::default(), Instant::now());
        for name in 0..5 {
            book.sent([name; 32], JOB, u64::from(name), now, 10);
        }
        assert!(book.found(&[0; 32], 11, now, None).is_some());
        assert!(book.found(&[1; 32], 11, now, Some("no".into())).is_some());
        assert!(book.refused(&[2; 32], "full".into()));
        assert!(book.found(&[2; 32], 12, now, None).is_none());
        assert!(!book.refused(&[0; 32], "late".into()));
        assert_eq!(book.open(), 2);
        let (tallies, lost) = book.close();
        let expected = Tally {
            sent: 5,
            included: 1,
            failed: [("no".to_owned(), 1)].into(),
            refused: [("full".to_owned(), 1)].into(),
            lost: 2,
        };
        assert_eq!(tallies, [(Step::Deploy, expected)].into());
        assert_eq!(lost.iter().map(|lost| lost.nonce).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(book.open(), 0);
    }

    #[test]
    fn the_next_block_is_one_block_away() {
        let (mut book, now) = (Book::default(), Instant::now());
        book.sent([1; 32], JOB, 0, now, 10);
        let later = now + Duration::from_secs(3);
        let found = book.found(&[1; 32], 11, later, None).unwrap();
        let expected = Wait {
            blocks: 1,
            time: Duration::from_secs(3),
        };
        assert_eq!(found.wait, expected);
        assert!(book.found(&[2; 32], 11, later, None).is_none());
    }
}
