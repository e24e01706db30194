use super::*;
use perigee_primitives::CloseReason;

const US: u32 = 7;
const BEST: BlockNumber = 1000;
const A: Commitment = [0xa; 32];
const B: Commitment = [0xb; 32];
const PENDING: LeasePhase = LeasePhase::Pending {
    activate_by: BEST + 100,
};
const ACTIVE: LeasePhase = LeasePhase::Active { since: BEST - 50 };
const ENDED: LeasePhase = LeasePhase::Ended {
    at: BEST - 10,
    reason: CloseReason::ClosedByTenant,
};

/// A world in which nothing is to be done until a test changes it.
#[derive(Clone)]
struct Scene {
    chain: ChainView,
    cluster: ClusterView,
    local: LocalView,
}

fn scene() -> Scene {
    Scene {
        chain: ChainView {
            best: BEST,
            finalised: BEST - 2,
            next_lease: 100,
            ..Default::default()
        },
        cluster: ClusterView::default(),
        local: LocalView {
            provider: US,
            leads: true,
            newest_finalised: BEST - 2,
            ..Default::default()
        },
    }
}

fn record(commitment: Commitment, phase: LeasePhase) -> Record {
    Record {
        provider: US,
        commitment,
        phase,
        paused: false,
        income: 0,
    }
}

impl Scene {
    /// A lease on chain, at best and finalised alike.
    fn lease(self, id: LeaseId, phase: LeasePhase) -> Self {
        self.best(id, record(A, phase)).finalised(id, record(A, phase))
    }

    fn best(mut self, id: LeaseId, record: Record) -> Self {
        self.chain.at_best.insert(id, record);
        self
    }

    fn finalised(mut self, id: LeaseId, record: Record) -> Self {
        self.chain.at_finalised.insert(id, record);
        self.chain.taken.insert(id);
        self
    }

    fn manifest(mut self, id: LeaseId) -> Self {
        self.cluster.manifests.insert(id, A);
        self
    }

    fn object(mut self, id: LeaseId, commitment: Commitment, health: Health) -> Self {
        self.cluster.objects.insert(
            id,
            Object {
                commitment: Some(commitment),
                health,
            },
        );
        self
    }

    fn applied(mut self, id: LeaseId) -> Self {
        self.local.applied.insert(id, false);
        self
    }

    fn fault(mut self, id: LeaseId, reason: DeclineReason, for_ms: u64) -> Self {
        self.local.faults.insert(id, Fault { reason, for_ms });
        self
    }

    fn plan(&self) -> Plan {
        plan(&self.chain, &self.cluster, &self.local)
    }

    fn actions(&self) -> Vec<Action> {
        let plan = self.plan();
        assert_eq!(plan.alarms, [], "{:?}", plan.actions);
        plan.actions
    }
}

/// A running lease, as it is most of the time.
fn running(scene: Scene, id: LeaseId) -> Scene {
    scene
        .lease(id, ACTIVE)
        .manifest(id)
        .object(id, A, Health::Started)
        .applied(id)
}

#[test]
fn nothing_on_chain_and_nothing_in_the_cluster_is_nothing_to_do() {
    assert_eq!(scene().plan(), Plan::default());
}

#[test]
fn a_new_lease_waits_for_its_manifest() {
    assert_eq!(scene().lease(1, PENDING).actions(), []);
}

#[test]
fn a_delivered_manifest_is_applied_at_the_best_block() {
    // Opened in the best block only.
    let scene = scene().best(100, record(A, PENDING)).manifest(100);
    assert_eq!(scene.actions(), [Action::Apply(100)]);
}

#[test]
fn what_is_being_done_is_not_done_twice() {
    let mut scene = scene().lease(1, PENDING).manifest(1);
    scene.local.busy.insert(1);
    assert_eq!(scene.actions(), []);
}

#[test]
fn a_manifest_of_another_commitment_is_no_manifest() {
    let mut scene = scene().lease(1, PENDING);
    scene.cluster.manifests.insert(1, B);
    // And it belongs to no lease that is open, so it goes.
    assert_eq!(scene.actions(), [Action::TearDown(1, B)]);
}

#[test]
fn a_started_workload_is_activated() {
    let scene = scene().lease(1, PENDING).manifest(1).applied(1);
    assert_eq!(scene.clone().object(1, A, Health::Starting).actions(), []);
    assert_eq!(scene.object(1, A, Health::Started).actions(), [Action::Activate(1)]);
}

#[test]
fn after_a_restart_objects_are_applied_again_which_changes_nothing_in_the_cluster() {
    let mut scene = running(scene(), 1);
    assert_eq!(scene.actions(), []);
    scene.local.applied.clear();
    assert_eq!(scene.actions(), [Action::Apply(1)]);
}

#[test]
fn a_restart_between_start_and_activation_activates() {
    let scene = scene().lease(1, PENDING).manifest(1).object(1, A, Health::Started);
    assert_eq!(scene.actions(), [Action::Activate(1)]);
}

#[test]
fn a_missing_manifest_is_waited_for_until_the_chain_ends_the_lease() {
    for left in [DECLINE_MARGIN + 1, DECLINE_MARGIN, 1, 0] {
        let activate_by = BEST + left;
        assert_eq!(
            scene().lease(1, LeasePhase::Pending { activate_by }).actions(),
            [],
            "{left} blocks before the deadline"
        );
    }
}

#[test]
fn a_tenants_image_that_fails_for_a_minute_is_declined_as_the_tenants() {
    let scene = scene()
        .lease(1, PENDING)
        .manifest(1)
        .object(1, A, Health::Starting)
        .applied(1);
    let at = |ms| scene.clone().fault(1, DeclineReason::TenantWorkload, ms).actions();
    assert_eq!(at(FAILING_LIMIT_MS - 1), []);
    assert_eq!(
        at(FAILING_LIMIT_MS),
        [Action::Decline(1, DeclineReason::TenantWorkload)]
    );
}

#[test]
fn a_cluster_that_refuses_the_objects_is_our_fault() {
    let scene = scene()
        .lease(1, PENDING)
        .manifest(1)
        .fault(1, DeclineReason::ClusterError, FAILING_LIMIT_MS);
    assert_eq!(scene.actions(), [Action::Decline(1, DeclineReason::ClusterError)]);
}

#[test]
fn a_workload_that_does_not_start_in_time_is_declined_not_missed() {
    let scene = scene()
        .lease(
            1,
            LeasePhase::Pending {
                activate_by: BEST + DECLINE_MARGIN,
            },
        )
        .manifest(1)
        .object(1, A, Health::Starting)
        .applied(1);
    assert_eq!(scene.actions(), [Action::Decline(1, DeclineReason::ClusterError)]);
}

#[test]
fn faults_of_an_active_lease_never_end_it() {
    let scene = running(scene(), 1).fault(1, DeclineReason::TenantWorkload, 10 * FAILING_LIMIT_MS);
    assert_eq!(scene.actions(), []);
}

#[test]
fn objects_that_vanished_come_back() {
    let mut scene = running(scene(), 1);
    scene.cluster.objects.clear();
    assert_eq!(scene.actions(), [Action::Apply(1)]);
}

#[test]
fn an_active_lease_without_objects_and_manifest_alarms() {
    let plan = scene().lease(1, ACTIVE).plan();
    assert_eq!(plan.actions, []);
    assert_eq!(plan.alarms, [Alarm::ManifestLost(1)]);
}

#[test]
fn an_active_lease_that_lost_its_manifest_keeps_running() {
    let mut scene = running(scene(), 1);
    scene.cluster.manifests.clear();
    scene.local.applied.clear();
    assert_eq!(scene.actions(), []);
}

#[test]
fn an_end_that_is_not_final_tears_nothing_down() {
    let scene = running(scene(), 1).best(1, record(A, ENDED));
    assert_eq!(scene.actions(), []);
}

#[test]
fn a_final_end_tears_down() {
    let scene = running(scene(), 1).lease(1, ENDED);
    assert_eq!(scene.actions(), [Action::TearDown(1, A)]);
}

#[test]
fn a_record_that_was_pruned_is_evidence_only_below_the_next_number() {
    let orphan = |id| scene().object(id, A, Health::Started).manifest(id).actions();
    assert_eq!(orphan(99), [Action::TearDown(99, A)]);
    assert_eq!(orphan(100), []);
}

#[test]
fn a_lease_that_a_fork_took_away_goes_when_its_number_is_another_lease_for_good() {
    // Ours by its commitment A on a fork; final is B under the same number.
    let mut scene = scene()
        .object(5, A, Health::Started)
        .applied(5)
        .best(5, record(B, PENDING));
    scene.chain.next_lease = 5;
    scene.cluster.manifests.insert(5, B);
    assert_eq!(scene.actions(), [], "not final: neither may be touched");
    scene.chain.next_lease = 6;
    let scene = scene.finalised(5, record(B, PENDING));
    assert_eq!(scene.actions(), [Action::TearDown(5, A)]);
}

#[test]
fn a_lease_of_another_provider_is_left_alone() {
    let other = Record {
        provider: US + 1,
        ..record(A, ENDED)
    };
    let mut scene = scene().object(1, A, Health::Started).manifest(1);
    scene.chain.at_finalised.insert(1, other);
    let plan = scene.plan();
    assert_eq!((plan.actions, plan.alarms), (vec![], vec![Alarm::Foreign(1)]));
}

#[test]
fn objects_without_a_readable_commitment_are_left_alone() {
    let mut scene = scene();
    scene.cluster.objects.insert(
        1,
        Object {
            commitment: None,
            health: Health::Started,
        },
    );
    let plan = scene.plan();
    assert_eq!((plan.actions, plan.alarms), (vec![], vec![Alarm::Unreadable(1)]));
}

#[test]
fn a_manifest_whose_lease_is_over_is_forgotten() {
    assert_eq!(scene().lease(1, ENDED).manifest(1).actions(), [Action::TearDown(1, A)]);
}

#[test]
fn a_manifest_whose_lease_is_not_final_yet_stays() {
    assert_eq!(scene().manifest(100).actions(), []);
}

#[test]
fn an_ended_lease_is_reported_once_nothing_of_it_is_left() {
    let scene = scene().lease(1, ENDED).lease(2, ENDED).object(2, A, Health::Started);
    assert_eq!(
        scene.actions(),
        [Action::TearDown(2, A), Action::ReportTornDown(vec![1])]
    );
}

#[test]
fn nothing_is_reported_that_is_not_over() {
    assert_eq!(scene().lease(1, PENDING).actions(), []);
    // Ended at best only.
    assert_eq!(scene().lease(1, PENDING).best(1, record(A, ENDED)).actions(), []);
}

#[test]
fn reports_come_in_batches() {
    let scene = (0..REPORT_BATCH as u64 + 1).fold(scene(), |scene, id| scene.lease(id, ENDED));
    let sizes: Vec<_> = scene
        .actions()
        .into_iter()
        .map(|action| match action {
            Action::ReportTornDown(leases) => leases.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sizes, [REPORT_BATCH, 1]);
}

#[test]
fn nothing_is_done_on_a_syncing_node() {
    let mut scene = running(scene(), 1).lease(1, ENDED).lease(2, PENDING).manifest(2);
    scene.chain.syncing = true;
    assert_eq!(
        scene.plan(),
        Plan {
            actions: vec![],
            alarms: vec![Alarm::Syncing]
        }
    );
}

#[test]
fn nothing_is_done_on_a_view_older_than_one_that_was_seen() {
    let mut scene = running(scene(), 1).lease(1, ENDED);
    scene.local.newest_finalised = BEST - 1;
    let alarms = vec![Alarm::OldView {
        shown: BEST - 2,
        seen: BEST - 1,
    }];
    assert_eq!(
        scene.plan(),
        Plan {
            actions: vec![],
            alarms
        }
    );
}

#[test]
fn a_node_that_lost_the_chain_closes_nothing() {
    // A fresh node on the same genesis: no leases, number zero.
    let mut scene = (0..10).fold(scene(), running);
    scene.chain = ChainView {
        best: BEST,
        finalised: BEST,
        ..Default::default()
    };
    assert_eq!(scene.actions(), []);
}

fn many(total: u64, ended: u64) -> Scene {
    (0..total).fold(scene(), |scene, id| {
        let scene = running(scene, id);
        if id < ended {
            scene.lease(id, ENDED)
        } else {
            scene
        }
    })
}

#[test]
fn closing_up_to_a_fifth_is_normal() {
    assert_eq!(many(15, 3).actions().len(), 3);
    // Two are never suspicious, even if they are all.
    assert_eq!(many(2, 2).actions().len(), 2);
}

#[test]
fn closing_more_than_a_fifth_stops_and_alarms() {
    for (total, ended) in [(3, 3), (14, 3), (100, 21), (1000, 1000)] {
        let plan = many(total, ended).plan();
        assert_eq!(plan.actions, [], "{ended} of {total}");
        let leases = (0..ended).collect();
        assert_eq!(
            plan.alarms,
            [Alarm::MassClosing {
                leases,
                of: total as usize
            }]
        );
    }
}

#[test]
fn a_mass_closing_stops_nothing_else() {
    let scene = many(10, 5).lease(50, PENDING).manifest(50);
    assert_eq!(scene.plan().actions, [Action::Apply(50)]);
}

#[test]
fn a_confirmed_mass_closing_goes_on() {
    let mut scene = many(10, 5);
    scene.local.confirmed = (0..5).collect();
    assert_eq!(scene.actions().len(), 5);
}

#[test]
fn a_confirmation_covers_what_was_confirmed_only() {
    let mut scene = many(10, 8);
    scene.local.confirmed = (0..4).collect();
    let plan = scene.plan();
    assert_eq!(plan.actions.len(), 4);
    assert_eq!(
        plan.alarms,
        [Alarm::MassClosing {
            leases: (4..8).collect(),
            of: 10
        }]
    );
}

#[test]
fn closings_under_way_do_not_count_again() {
    let mut scene = many(10, 4);
    scene.local.busy = (0..2).collect();
    assert_eq!(scene.actions(), [Action::TearDown(2, A), Action::TearDown(3, A)]);
}

#[test]
fn income_is_collected_once_enough_has_come_together() {
    let mut scene = running(scene(), 1);
    scene.local.claim_from = 100;
    let mut earned = |income, collected| {
        scene.chain.at_best.get_mut(&1).unwrap().income = income;
        scene.local.collected.insert(1, collected);
        scene.actions()
    };
    assert_eq!(earned(99, 0), []);
    assert_eq!(earned(100, 0), [Action::Collect(1)]);
    assert_eq!(earned(199, 100), []);
    assert_eq!(earned(200, 100), [Action::Collect(1)]);
}

#[test]
fn an_ended_lease_pays_by_itself() {
    let mut scene = scene().lease(1, ENDED).object(1, A, Health::Started);
    scene.chain.at_best.get_mut(&1).unwrap().income = 1000;
    assert_eq!(scene.actions(), [Action::TearDown(1, A)]);
}

#[test]
fn nothing_is_done_while_the_lock_is_in_doubt() {
    let mut scene = running(scene(), 1).lease(1, ENDED).lease(2, PENDING).manifest(2);
    scene.local.leads = false;
    assert_eq!(
        scene.plan(),
        Plan {
            actions: vec![],
            alarms: vec![Alarm::NotLeading]
        }
    );
}

#[test]
fn leases_of_other_chains_are_told_of_and_stop_nothing() {
    let mut scene = running(scene(), 1).lease(2, PENDING).manifest(2);
    scene.cluster.strangers = 3;
    let plan = scene.plan();
    assert_eq!(
        (plan.actions, plan.alarms),
        (vec![Action::Apply(2)], vec![Alarm::Strangers(3)])
    );
}

#[test]
fn an_older_manifest_runs_until_the_new_one_is_here() {
    let mut scene = running(scene(), 1);
    let updated = record(B, ACTIVE);
    scene = scene.best(1, updated).finalised(1, updated);
    assert_eq!(scene.actions(), []);
    scene.cluster.manifests.insert(1, B);
    assert_eq!(scene.actions(), [Action::Apply(1)]);
    assert_eq!(scene.object(1, B, Health::Started).applied(1).actions(), []);
}

#[test]
fn objects_of_an_older_manifest_go_with_the_lease() {
    let scene = running(scene(), 1).lease(1, ENDED);
    let ended = record(B, ENDED);
    let scene = scene.best(1, ended).finalised(1, ended);
    assert_eq!(scene.actions(), [Action::TearDown(1, A)]);
}

#[test]
fn a_pause_and_its_end_are_applied() {
    let mut scene = running(scene(), 1);
    let paused = Record {
        paused: true,
        ..record(A, ACTIVE)
    };
    scene = scene.best(1, paused);
    assert_eq!(scene.actions(), [Action::Apply(1)]);
    scene.local.applied.insert(1, true);
    assert_eq!(scene.actions(), []);
    scene = scene.best(1, record(A, ACTIVE));
    assert_eq!(scene.actions(), [Action::Apply(1)]);
}
