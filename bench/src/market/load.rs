//! Sends transactions: signs them with nonces of its own counting, keeps a bounded number of leases under way, and
//! goes on with a lease when a block holds its last step.

use super::{
    book::{Book, Found, Job, Lost, Step, Tally, Wait},
    stage::{Payer, Stage},
    Terms,
};
use anyhow::{Context, Result};
use perigee_chain::{calls, Call, Chain, ChainError, Hash, LeaseOpened, Outcome, SignedExtrinsic, Signer};
use perigee_primitives::BlockNumber;
use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicU32, AtomicU64, Ordering},
        Arc, Mutex, MutexGuard, PoisonError,
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests that one connection carries at a time: below the client library's limit of 256.
const PIPELINE: usize = 200;

/// A connection, and how much more it carries now.
struct Wire {
    chain: Chain,
    free: Arc<Semaphore>,
}

/// When a lease was ordered, and how long its order took to its block.
pub type Latency = (Instant, Wait);

/// All that is under way.
pub struct Load {
    wires: Vec<Wire>,
    next_wire: AtomicU64,
    terms: Terms,
    operator: Mutex<Payer>,
    tenants: Vec<Mutex<Payer>>,
    signer: Mutex<Signer>,
    best: AtomicU32,
    serial: AtomicU64,
    in_flight: usize,
    leases: Arc<Semaphore>,
    book: Mutex<Book>,
    latencies: Mutex<Vec<Latency>>,
}

/// Leases are sent no faster than this.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// As fast as leases under way end.
    Free,
    /// So many in a second.
    PerSecond(f64),
}

impl Load {
    /// A load on the node at `address`, with at most `in_flight` leases under way over `connections`.
    pub async fn new(address: &str, stage: Stage, in_flight: usize, connections: usize) -> Result<Arc<Self>> {
        let mut wires = Vec::new();
        for _ in 0..connections {
            wires.push(Wire {
                chain: Chain::connect(address).await?,
                free: Arc::new(Semaphore::new(PIPELINE)),
            });
        }
        let chain = &wires.first().context("at least one connection is needed")?.chain;
        Ok(Arc::new(Self {
            signer: Mutex::new(chain.signer().await?),
            best: AtomicU32::new(chain.best_block().await?.number),
            wires,
            next_wire: AtomicU64::new(0),
            terms: stage.terms,
            operator: Mutex::new(stage.operator),
            tenants: stage.tenants.into_iter().map(Mutex::new).collect(),
            serial: AtomicU64::new(0),
            in_flight,
            leases: Arc::new(Semaphore::new(in_flight)),
            book: Mutex::default(),
            latencies: Mutex::default(),
        }))
    }

    /// Starts leases that go as far as `last`, until `enough` says so. Returns how many it started.
    pub async fn feed(self: &Arc<Self>, last: Step, pace: Pace, enough: impl Fn(u64) -> bool) -> Result<u64> {
        let (began, mut started) = (Instant::now(), 0);
        while !enough(started) {
            if let Pace::PerSecond(rate) = pace {
                let due = began + Duration::from_secs_f64(started as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
            }
            let permit = tokio::time::timeout(Duration::from_secs(1), self.leases.clone().acquire_owned()).await;
            // A node that stands still must not keep us from seeing that it is enough.
            let Ok(permit) = permit else { continue };
            permit?.forget();
            let job = Job {
                tenant: started as usize % self.tenants.len(),
                step: Step::Deploy,
                last,
                opened: None,
            };
            self.launch(job)?;
            started += 1;
        }
        Ok(started)
    }

    /// Signs the present step of `job` and sends it.
    fn launch(self: &Arc<Self>, job: Job) -> Result<()> {
        let (signed, nonce) = self.sign(&job)?;
        let best = self.best.load(Ordering::Relaxed);
        lock(&self.book).sent(signed.hash, job, nonce, Instant::now(), best);
        let load = self.clone();
        tokio::spawn(async move {
            if let Err(error) = load.send(&signed).await {
                load.refused(&signed.hash, error);
            }
        });
        Ok(())
    }

    fn sign(&self, job: &Job) -> Result<(SignedExtrinsic, u64)> {
        let call = self.call(job)?;
        let mut payer = match job.step {
            Step::Activate => lock(&self.operator),
            Step::Deploy | Step::Close => lock(&self.tenants[job.tenant]),
        };
        let signer = lock(&self.signer).clone();
        let nonce = payer.nonce;
        let signed = signer.sign(&call, &payer.account, nonce)?;
        payer.nonce += 1;
        Ok((signed, nonce))
    }

    fn call(&self, job: &Job) -> Result<Call> {
        match (job.step, job.opened) {
            (Step::Activate, Some((lease, _))) => Ok(calls::activate(lease)),
            (Step::Close, Some((_, deployment))) => Ok(calls::close(deployment, false)),
            _ => self.terms.deploy(self.serial.fetch_add(1, Ordering::Relaxed)),
        }
    }

    async fn send(&self, signed: &SignedExtrinsic) -> Result<(), ChainError> {
        let turn = self.next_wire.fetch_add(1, Ordering::Relaxed) as usize;
        let wire = &self.wires[turn % self.wires.len()];
        // The semaphore is never closed.
        let _turn: Option<OwnedSemaphorePermit> = wire.free.clone().acquire_owned().await.ok();
        wire.chain.hand_over(signed).await
    }

    fn refused(&self, hash: &Hash, error: ChainError) {
        if lock(&self.book).refused(hash, error.to_string()) {
            self.leases.add_permits(1);
        }
    }

    /// A new best block: from now on waits are counted from it, and signatures are anchored near it.
    pub async fn advance(&self, number: BlockNumber) -> Result<()> {
        self.best.store(number, Ordering::Relaxed);
        let signer = self.wires[0].chain.signer().await?;
        *lock(&self.signer) = signer;
        Ok(())
    }

    /// Goes through a block seen at `seen`. Returns the transactions that were ours, by step.
    pub fn found(
        self: &Arc<Self>,
        number: BlockNumber,
        seen: Instant,
        outcomes: Vec<Outcome>,
    ) -> Result<BTreeMap<Step, u32>> {
        let mut ours = BTreeMap::new();
        for Outcome { hash, result } in outcomes {
            let error = result.as_ref().err().map(ChainError::to_string);
            let Some(found) = lock(&self.book).found(&hash, number, seen, error) else {
                continue;
            };
            match result {
                Ok(events) => {
                    *ours.entry(found.job.step).or_default() += 1;
                    self.go_on(found, &events)?;
                }
                Err(_) => self.leases.add_permits(1),
            }
        }
        Ok(ours)
    }

    fn go_on(self: &Arc<Self>, found: Found, opened: &[LeaseOpened]) -> Result<()> {
        let Found { mut job, sent, wait } = found;
        if job.step == Step::Deploy {
            let opened = opened.first().context("a deployment was opened without a lease")?;
            job.opened = Some((opened.lease, opened.deployment));
            lock(&self.latencies).push((sent, wait));
        }
        if job.step == job.last {
            self.leases.add_permits(1);
            return Ok(());
        }
        job.step = match job.step {
            Step::Deploy => Step::Activate,
            Step::Activate | Step::Close => Step::Close,
        };
        self.launch(job)
    }

    /// Transactions that are in no block yet.
    pub fn open(&self) -> usize {
        lock(&self.book).open()
    }

    /// Leases whose last step is in no block yet.
    pub fn under_way(&self) -> usize {
        self.in_flight - self.leases.available_permits()
    }

    /// Ends the book.
    pub fn close(&self) -> (BTreeMap<Step, Tally>, Vec<Lost>) {
        lock(&self.book).close()
    }

    /// How long orders sent from `begin` to `end` took.
    pub fn latencies(&self, begin: Instant, end: Instant) -> Vec<Wait> {
        let all = lock(&self.latencies);
        let within = all.iter().filter(|(sent, _)| (begin..end).contains(sent));
        within.map(|(_, wait)| *wait).collect()
    }
}

/// A poisoned lock means a panic elsewhere, which ends the program anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
