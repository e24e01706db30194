//! Random lives of many leases on a chain with forks, with an agent that is killed at any moment.
//!
//! What must hold whatever happens: a lease that is open in finalised state is never torn down, nothing is activated
//! without its objects, and once the world rests, cluster and chain agree.

use super::*;
use perigee_primitives::CloseReason;
use proptest::prelude::*;
use std::collections::BTreeMap;

const US: u32 = 1;
const WINDOW: BlockNumber = 30;

/// One state of the chain.
#[derive(Clone, Debug, Default)]
struct State {
    leases: BTreeMap<LeaseId, Record>,
    taken: BTreeSet<LeaseId>,
    next: LeaseId,
}

/// What happens to the world between two looks of the agent.
#[derive(Clone, Debug)]
enum Happening {
    /// A tenant deploys; the byte makes the commitment differ between forks.
    Deploy(u8),
    /// A tenant sends the manifest of one of the leases.
    Deliver(usize),
    /// A tenant closes.
    Close(usize),
    /// A tenant commits to another manifest of a running lease; the byte makes it differ between forks.
    Update(usize, u8),
    /// A tenant lets a running lease rest, or ends that.
    Pause(usize),
    /// Containers start.
    Start(usize),
    /// Blocks pass.
    Blocks(u8),
    /// The best block and all that came with it since the last finalised one is gone.
    Fork,
    /// Everything so far becomes final.
    Finalise,
    /// A record is pruned.
    Prune(usize),
    /// The agent is killed: it forgets what it knew by itself.
    Kill,
    /// The agent looks, and does so many of the things it wants to do before something stops it.
    Look(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => any::<u8>().prop_map(Happening::Deploy),
        3 => any::<usize>().prop_map(Happening::Deliver),
        1 => any::<usize>().prop_map(Happening::Close),
        1 => any::<(usize, u8)>().prop_map(|(n, seed)| Happening::Update(n, seed)),
        1 => any::<usize>().prop_map(Happening::Pause),
        3 => any::<usize>().prop_map(Happening::Start),
        2 => (1u8..20).prop_map(Happening::Blocks),
        1 => Just(Happening::Fork),
        2 => Just(Happening::Finalise),
        1 => any::<usize>().prop_map(Happening::Prune),
        1 => Just(Happening::Kill),
        6 => (0usize..4).prop_map(Happening::Look),
    ]
}

#[derive(Default)]
struct Universe {
    best: State,
    finalised: State,
    height: BlockNumber,
    final_height: BlockNumber,
    cluster: ClusterView,
    local: LocalView,
}

fn pick<K: Copy + Ord, V>(map: &BTreeMap<K, V>, n: usize) -> Option<K> {
    (!map.is_empty())
        .then(|| map.keys().nth(n % map.len()).copied())
        .flatten()
}

impl Universe {
    fn new() -> Self {
        let mut universe = Self::default();
        universe.local.provider = US;
        universe.local.leads = true;
        universe
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Deploy(seed) => self.deploy(seed),
            Happening::Deliver(n) => self.deliver(n),
            Happening::Close(n) => {
                if let Some(id) = pick(&self.best.leases, n) {
                    end(&mut self.best, id, self.height, CloseReason::ClosedByTenant);
                }
            }
            Happening::Update(n, seed) => {
                if let Some(record) = self.running(n) {
                    record.commitment[31] ^= seed | 1;
                }
            }
            Happening::Pause(n) => {
                if let Some(record) = self.running(n) {
                    record.paused = !record.paused;
                }
            }
            Happening::Start(n) => {
                if let Some(id) = pick(&self.cluster.objects, n) {
                    self.cluster
                        .objects
                        .entry(id)
                        .and_modify(|object| object.health = Health::Started);
                }
            }
            Happening::Blocks(n) => self.pass(n.into()),
            Happening::Fork => self.best = self.finalised.clone(),
            Happening::Finalise => {
                self.finalised = self.best.clone();
                self.final_height = self.height;
            }
            Happening::Prune(n) => {
                let ended: Vec<_> = self
                    .best
                    .leases
                    .iter()
                    .filter(|(_, r)| is_ended(r))
                    .map(|(id, _)| *id)
                    .collect();
                if let Some(id) = ended.get(n % ended.len().max(1)) {
                    self.best.leases.remove(id);
                    self.best.taken.remove(id);
                }
            }
            Happening::Kill => {
                let newest_finalised = self.local.newest_finalised;
                self.local = LocalView {
                    provider: US,
                    leads: true,
                    newest_finalised,
                    ..Default::default()
                };
            }
            Happening::Look(most) => self.look(most),
        }
    }

    fn running(&mut self, n: usize) -> Option<&mut Record> {
        let active = |record: &&mut Record| matches!(record.phase, LeasePhase::Active { .. });
        let mut all: Vec<_> = self.best.leases.values_mut().filter(active).collect();
        let count = all.len().max(1);
        (!all.is_empty()).then(|| all.swap_remove(n % count))
    }

    fn deploy(&mut self, seed: u8) {
        let id = self.best.next;
        self.best.next += 1;
        let mut commitment = [seed; 32];
        commitment[..8].copy_from_slice(&id.to_le_bytes());
        let phase = LeasePhase::Pending {
            activate_by: self.height + WINDOW,
        };
        self.best.leases.insert(
            id,
            Record {
                provider: US,
                commitment,
                phase,
                paused: false,
                income: 0,
            },
        );
        self.best.taken.insert(id);
    }

    fn deliver(&mut self, n: usize) {
        let Some(id) = pick(&self.best.leases, n) else { return };
        let record = self.best.leases[&id];
        // The gateway's rule: ended leases take no manifest.
        if !is_ended(&record) {
            self.cluster.manifests.insert(id, record.commitment);
        }
    }

    fn pass(&mut self, blocks: BlockNumber) {
        self.height += blocks;
        let late: Vec<_> = (self.best.leases.iter())
            .filter(|(_, r)| matches!(r.phase, LeasePhase::Pending { activate_by } if activate_by <= self.height))
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            end(&mut self.best, id, self.height, CloseReason::ActivationMissed);
        }
    }

    fn view(&self) -> ChainView {
        ChainView {
            best: self.height,
            finalised: self.final_height,
            syncing: false,
            at_best: self.best.leases.clone(),
            at_finalised: self.finalised.leases.clone(),
            taken: self.finalised.taken.clone(),
            next_lease: self.finalised.next,
        }
    }

    fn look(&mut self, most: usize) {
        self.local.newest_finalised = self.local.newest_finalised.max(self.final_height);
        let plan = plan(&self.view(), &self.cluster, &self.local);
        for alarm in plan.alarms {
            if let Alarm::MassClosing { leases, .. } = alarm {
                self.local.confirmed = leases;
            }
        }
        for action in plan.actions.into_iter().take(most) {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Apply(id) => {
                let commitment = self.cluster.manifests[&id];
                let record = self.best.leases[&id];
                let health = self.cluster.objects.get(&id).map_or(Health::Starting, |object| {
                    let active = matches!(record.phase, LeasePhase::Active { .. });
                    assert!(
                        active || object.commitment == Some(commitment),
                        "two leases in one namespace"
                    );
                    object.health
                });
                self.cluster.objects.insert(
                    id,
                    Object {
                        commitment: Some(commitment),
                        health,
                    },
                );
                self.local.applied.insert(id, record.paused);
            }
            Action::Activate(id) => {
                let object = self.cluster.objects[&id];
                assert_eq!(object.health, Health::Started);
                let record = self.best.leases.get_mut(&id).expect("activated leases are on chain");
                assert_eq!(object.commitment, Some(record.commitment));
                record.phase = LeasePhase::Active { since: self.height };
            }
            Action::Decline(id, reason) => end(&mut self.best, id, self.height, CloseReason::Declined(reason)),
            Action::TearDown(id, commitment) => self.tear_down(id, commitment),
            Action::ReportTornDown(ids) => {
                for id in ids {
                    assert!(
                        !self.cluster.objects.contains_key(&id),
                        "reported while objects are there"
                    );
                    self.best.taken.remove(&id);
                }
            }
            Action::Collect(_) => {}
        }
    }

    fn tear_down(&mut self, id: LeaseId, commitment: Commitment) {
        if let Some(record) = self.finalised.leases.get(&id) {
            let waits = matches!(record.phase, LeasePhase::Pending { .. });
            assert!(
                is_ended(record) || (waits && record.commitment != commitment),
                "a live lease was torn down"
            );
        } else {
            assert!(id < self.finalised.next, "torn down before its opening was final");
        }
        self.cluster
            .objects
            .retain(|other, object| *other != id || object.commitment != Some(commitment));
        self.cluster
            .manifests
            .retain(|other, held| *other != id || *held != commitment);
        self.local.applied.remove(&id);
    }

    /// Nothing happens any more but time and other tenants' leases; the agent looks often.
    fn rest(&mut self) {
        // Numbers that a fork took away are given out again.
        let highest = self
            .cluster
            .objects
            .keys()
            .chain(self.cluster.manifests.keys())
            .max()
            .copied();
        while highest.is_some_and(|highest| self.best.next <= highest) {
            self.deploy(0);
        }
        for _ in 0..4 {
            self.pass(WINDOW);
            self.happen(Happening::Finalise);
            for _ in 0..4 {
                self.look(usize::MAX);
            }
        }
    }
}

fn is_ended(record: &Record) -> bool {
    matches!(record.phase, LeasePhase::Ended { .. })
}

fn end(state: &mut State, id: LeaseId, at: BlockNumber, reason: CloseReason) {
    if let Some(record) = state.leases.get_mut(&id).filter(|record| !is_ended(record)) {
        record.phase = LeasePhase::Ended { at, reason };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..Default::default() })]

    #[test]
    fn whatever_happens_cluster_and_chain_agree_in_the_end(story in prop::collection::vec(happening(), 0..80)) {
        let mut universe = Universe::new();
        for what in story {
            universe.happen(what);
        }
        universe.rest();
        for (id, object) in &universe.cluster.objects {
            let record = universe.finalised.leases.get(id);
            prop_assert!(record.is_some_and(|r| matches!(r.phase, LeasePhase::Active { .. })), "lease {} is not active", id);
            // The manifest of an update may not have come.
            let held = universe.cluster.manifests.get(id);
            if held == record.map(|r| &r.commitment) {
                prop_assert_eq!(object.commitment, record.map(|r| r.commitment));
                prop_assert_eq!(universe.local.applied.get(id), record.map(|r| &r.paused));
            }
        }
        for (id, record) in &universe.finalised.leases {
            prop_assert!(!matches!(record.phase, LeasePhase::Pending { .. }), "lease {} is neither running nor over", id);
            let held = universe.cluster.manifests.get(id) == Some(&record.commitment);
            if matches!(record.phase, LeasePhase::Active { .. }) && held {
                prop_assert!(universe.cluster.objects.contains_key(id), "lease {} has no objects", id);
            }
            prop_assert!(!is_ended(record) || !universe.best.taken.contains(id), "lease {} was not reported", id);
        }
        // And then there is nothing left to do.
        let before = universe.cluster.clone();
        prop_assert_eq!(plan(&universe.view(), &universe.cluster, &universe.local).actions, vec![]);
        // A restart applies what is there again, and changes nothing.
        universe.happen(Happening::Kill);
        universe.look(usize::MAX);
        prop_assert_eq!(universe.cluster, before);
    }
}
