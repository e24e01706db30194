use super::*;
use crate::lease::ChainTag;
use serde_json::{json, Value};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const START: &str = "2026-01-01T00:00:00Z";
const LEASE: LeaseKey = LeaseKey {
    chain: ChainTag::of(&[5; 32]),
    id: 5,
};

fn deployment(replicas: i32, status: Value) -> Deployment {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "labels": { "perigee.cloud/service": "web" } },
        "spec": { "replicas": replicas, "selector": {}, "template": {} },
        "status": status,
    }))
    .unwrap()
}

fn pod(status: Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": { "name": "web-1", "labels": { "perigee.cloud/service": "web" }, "creationTimestamp": START },
        "status": status,
    }))
    .unwrap()
}

fn container(state: Value, restarts: i32) -> Value {
    json!({
        "startTime": START,
        "containerStatuses": [{
            "name": "web", "image": "ghcr.io/a/b:1", "imageID": "", "ready": false, "restartCount": restarts,
            "state": state, "lastState": { "terminated": { "exitCode": 3, "reason": "Error", "message": "no config\n" } },
        }],
    })
}

fn assessed(pods: &[Pod], now: &str) -> LeaseStatus {
    let wanted = [Wanted::deployment(&deployment(1, json!({})))];
    assess(LEASE, &wanted, pods, Vec::new(), at(now))
}

fn running(ready: bool) -> Pod {
    let mut status = container(json!({ "running": { "startedAt": START } }), 0);
    status["conditions"] = json!([{ "type": "Ready", "status": if ready { "True" } else { "False" } }]);
    pod(status)
}

#[test]
fn running_pods_are_ready_and_activated() {
    let status = assessed(&[running(true)], "2026-01-01T00:00:01Z");
    assert!(status.activated);
    assert_eq!(status.phase(), "running");
    assert_eq!((status.services[0].ready, status.services[0].wanted), (1, 1));
    assert_eq!(status.services[0].message, "");
}

/// The annotations of an object of the manifest with this commitment.
fn committed(commitment: [u8; 32]) -> Option<std::collections::BTreeMap<String, String>> {
    Some([(crate::lease::COMMITMENT.to_owned(), hex::encode(commitment))].into())
}

/// The annotations of a pod that runs this.
fn made(what: &str) -> Option<std::collections::BTreeMap<String, String>> {
    Some([(crate::lease::RUNS.to_owned(), what.to_owned())].into())
}

#[test]
fn pods_that_run_something_older_do_not_count() {
    let mut workload = deployment(1, json!({}));
    workload.metadata.annotations = committed([2; 32]);
    workload.spec.as_mut().unwrap().template.metadata = Some(kube::api::ObjectMeta {
        annotations: made("new"),
        ..Default::default()
    });
    let mut pod = running(true);
    pod.metadata.annotations = made("old");
    let assess = |pod: &Pod| {
        let wanted = [Wanted::deployment(&workload)];
        assess(LEASE, &wanted, std::slice::from_ref(pod), Vec::new(), at(START))
    };
    let before = assess(&pod);
    assert_eq!((before.phase(), before.activated), ("starting", false));
    // One that the change left alone counts at once, under the new commitment.
    pod.metadata.annotations = made("new");
    let after = assess(&pod);
    assert_eq!((after.phase(), after.commitment), ("running", Some([2; 32])));
}

#[test]
fn while_one_manifest_takes_the_place_of_another_neither_runs() {
    let of = |commitment| {
        let mut workload = deployment(1, json!({}));
        workload.metadata.annotations = committed(commitment);
        Wanted::deployment(&workload)
    };
    let commitment = |wanted: &[Wanted]| assess(LEASE, wanted, &[], Vec::new(), at(START)).commitment;
    assert_eq!(commitment(&[of([1; 32]), of([1; 32])]), Some([1; 32]));
    assert_eq!(commitment(&[of([1; 32]), of([2; 32])]), None);
}

#[test]
fn lease_without_pods_is_starting() {
    let status = assessed(&[], START);
    assert!(!status.activated);
    assert_eq!(status.phase(), "starting");
    assert_eq!(status.services[0].message, "waiting for pods");
}

#[test]
fn every_replica_must_have_started() {
    let wanted = [Wanted::deployment(&deployment(2, json!({})))];
    assert!(!assess(LEASE, &wanted, &[running(true)], Vec::new(), at(START)).activated);
    assert!(assess(LEASE, &wanted, &[running(true), running(false)], Vec::new(), at(START)).activated);
}

#[test]
fn image_that_cannot_be_pulled_is_the_tenants_fault_after_a_minute() {
    let waiting = json!({ "waiting": { "reason": "ImagePullBackOff", "message": "not found" } });
    let pods = [pod(container(waiting, 0))];
    let status = assessed(&pods, "2026-01-01T00:01:00Z");
    assert_eq!(status.faults[0].kind, FaultKind::ImagePull);
    assert!(status.services[0].message.contains("ghcr.io/a/b:1"));
    let minute = SignedDuration::from_secs(60);
    assert!(status.tenants_fault(at("2026-01-01T00:00:59Z"), minute).is_none());
    assert!(status.tenants_fault(at("2026-01-01T00:01:00Z"), minute).is_some());
    assert!(!status.activated);
}

#[test]
fn crash_loop_is_a_fault_and_never_activates() {
    let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off" } });
    let status = assessed(&[pod(container(waiting, 3))], "2026-01-01T00:00:30Z");
    assert_eq!(status.faults[0].kind, FaultKind::Crash);
    assert_eq!(status.services[0].message, "exited with code 3: no config");
    assert!(!status.activated);
}

#[test]
fn restarted_container_counts_only_once_it_is_steady() {
    let pods = [pod(container(json!({ "running": { "startedAt": START } }), 2))];
    let soon = assessed(&pods, "2026-01-01T00:00:05Z");
    assert!(!soon.activated && soon.faults[0].kind == FaultKind::Crash);
    let later = assessed(&pods, "2026-01-01T00:00:10Z");
    assert!(later.activated && later.faults.is_empty());
}

#[test]
fn container_that_ended_is_a_crash_even_before_the_first_restart() {
    let ended = json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    let status = assessed(&[pod(container(ended, 0))], "2026-01-01T00:00:01Z");
    assert_eq!(status.services[0].message, "exited with code 0 (Completed)");
    assert!(!status.activated);
}

#[test]
fn full_cluster_is_not_the_tenants_fault() {
    let unschedulable =
        json!({ "conditions": [{ "type": "PodScheduled", "status": "False", "message": "0/1 nodes" }] });
    let status = assessed(&[pod(unschedulable)], "2026-01-01T01:00:00Z");
    assert_eq!(status.faults[0].kind, FaultKind::NoRoom);
    assert!(status
        .tenants_fault(at("2026-01-01T01:00:00Z"), SignedDuration::ZERO)
        .is_none());
}

#[test]
fn refusal_of_the_cluster_shows_although_there_is_no_pod() {
    let conditions = json!({ "conditions": [{ "type": "ReplicaFailure", "status": "True",
        "message": "exceeded quota", "lastTransitionTime": START }] });
    let wanted = [Wanted::deployment(&deployment(1, conditions))];
    let status = assess(LEASE, &wanted, &[], Vec::new(), at(START));
    assert_eq!((status.faults[0].kind, status.phase()), (FaultKind::Refused, "failing"));
    assert_eq!(status.services[0].message, "exceeded quota");
}

#[test]
fn pods_that_are_going_do_not_count() {
    let mut going = running(true);
    going.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at(START)));
    assert_eq!(assessed(&[going], START).services[0].ready, 0);
}

#[test]
fn long_messages_are_cut() {
    let waiting = json!({ "waiting": { "reason": "ErrImagePull", "message": "é".repeat(1000) } });
    let message = assessed(&[pod(container(waiting, 0))], START).services[0]
        .message
        .clone();
    assert_eq!(message.chars().count(), MAX_MESSAGE + 1);
}

#[test]
fn uris_name_hosts_and_ports_of_the_nodes() {
    let ingress =
        serde_json::from_value(json!({ "metadata": {}, "spec": { "rules": [{ "host": "web-5.apps.localhost" }] } }));
    let service = serde_json::from_value(json!({ "metadata": {}, "spec": { "type": "NodePort",
        "ports": [{ "port": 53, "protocol": "UDP", "nodePort": 30053 }] } }));
    let settings = Settings {
        node_port_host: Some("node".into()),
        ..Default::default()
    };
    let uris = uris(&[ingress.unwrap()], &[service.unwrap()], &settings);
    assert_eq!(uris, ["http://web-5.apps.localhost:8088", "udp://node:30053"]);
}
