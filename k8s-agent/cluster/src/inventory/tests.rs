use super::*;
use perigee_sdl::Manifest;
use serde_json::{json, Value};

const GI: u64 = 1 << 30;

fn node(name: &str, changes: Value) -> Node {
    let mut node = json!({
        "metadata": { "name": name },
        "spec": {},
        "status": {
            "allocatable": { "cpu": "4", "memory": "8Gi", "ephemeral-storage": "100Gi", "pods": "110" },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    });
    for (key, value) in changes.as_object().unwrap() {
        node[key] = value.clone();
    }
    serde_json::from_value(node).unwrap()
}

fn pod(on: &str, lease: Option<u64>, phase: &str, spec: Value) -> Pod {
    let labels = lease.map(|id| json!({ "perigee.cloud/chain": "0a0a0a0a", "perigee.cloud/lease": id.to_string() }));
    let mut spec = spec;
    spec["nodeName"] = json!(on);
    serde_json::from_value(json!({ "metadata": { "labels": labels }, "spec": spec, "status": { "phase": phase } }))
        .unwrap()
}

fn asks(cpu: &str, memory: &str) -> Value {
    json!({ "name": "c", "resources": { "requests": { "cpu": cpu, "memory": memory } } })
}

fn group(pods: &[(&str, u64, u64, u32)]) -> ManifestGroup {
    let services: Vec<Value> = pods
        .iter()
        .map(|(name, cpu, memory, count)| {
            json!({ "name": name, "image": "a", "command": null, "args": null, "env": null, "count": count,
                "credentials": null, "expose": [], "resources": { "id": 1,
                    "cpu": { "units": { "val": cpu.to_string() } }, "memory": { "size": { "val": memory.to_string() } },
                    "storage": [], "gpu": { "units": { "val": "0" } }, "endpoints": [] } })
        })
        .collect();
    let manifest = json!([{ "name": "g", "services": services }]).to_string();
    Manifest::from_json(manifest.as_bytes()).unwrap().groups.remove(0)
}

#[test]
fn room_is_allocatable_less_system_pods() {
    let system = pod(
        "a",
        None,
        "Running",
        json!({ "containers": [asks("100m", "70Mi"), asks("0.4", "186Mi")] }),
    );
    let inventory = measure(&[node("a", json!({}))], &[system], None);
    let room = inventory.nodes[0].room;
    assert_eq!(
        (room.cpu_milli, room.memory_bytes, room.pods),
        (3500, 8 * GI - (256 << 20), 109)
    );
    assert_eq!(inventory.capacity(), room);
}

#[test]
fn running_leases_are_counted_once_and_stay_capacity() {
    let leased = pod("a", Some(3), "Running", json!({ "containers": [asks("1", "1Gi")] }));
    let inventory = measure(&[node("a", json!({}))], &[leased.clone(), leased], None);
    assert_eq!(inventory.capacity().cpu_milli, 4000);
    assert_eq!(inventory.nodes[0].leased[&3].cpu_milli, 2000);
    assert_eq!(inventory.free(None)[0].cpu_milli, 2000);
    assert_eq!(inventory.free(Some(3))[0].cpu_milli, 4000);
}

#[test]
fn what_another_chain_left_running_is_no_capacity() {
    let leased = pod("a", Some(3), "Running", json!({ "containers": [asks("1", "1Gi")] }));
    let seen_by = |first| {
        measure(
            &[node("a", json!({}))],
            std::slice::from_ref(&leased),
            Some(ChainTag::of(&[first; 32])),
        )
    };
    assert_eq!(seen_by(0x0a).capacity().cpu_milli, 4000);
    assert_eq!(seen_by(0x0b).capacity().cpu_milli, 3000);
    assert!(seen_by(0x0b).nodes[0].leased.is_empty());
}

#[test]
fn pods_that_are_over_hold_nothing() {
    let over = pod("a", None, "Succeeded", json!({ "containers": [asks("4", "8Gi")] }));
    assert_eq!(
        measure(&[node("a", json!({}))], &[over], None).capacity().cpu_milli,
        4000
    );
}

#[test]
fn nodes_that_take_no_pods_do_not_count() {
    let cordoned = node("b", json!({ "spec": { "unschedulable": true } }));
    let tainted = node(
        "c",
        json!({ "spec": { "taints": [{ "key": "k", "effect": "NoSchedule" }] } }),
    );
    let broken = node(
        "d",
        json!({ "status": { "allocatable": { "cpu": "4" }, "conditions": [{ "type": "Ready", "status": "Unknown" }] } }),
    );
    let preferred = node(
        "e",
        json!({ "spec": { "taints": [{ "key": "k", "effect": "PreferNoSchedule" }] } }),
    );
    let inventory = measure(&[node("a", json!({})), cordoned, tainted, broken, preferred], &[], None);
    let names: Vec<_> = inventory.nodes.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["a", "e"]);
}

#[test]
fn large_init_containers_and_sidecars_count_as_the_scheduler_counts() {
    let mut sidecar = asks("500m", "0");
    sidecar["restartPolicy"] = json!("Always");
    let spec = json!({ "containers": [asks("1", "0")], "initContainers": [sidecar, asks("2", "0")],
        "overhead": { "cpu": "250m" } });
    let spec: PodSpec = serde_json::from_value(spec).unwrap();
    assert_eq!(requests(&spec).cpu_milli, 2750);
}

#[test]
fn pods_are_packed_onto_nodes_not_onto_their_sum() {
    let nodes = [node("a", json!({})), node("b", json!({}))];
    let inventory = measure(&nodes, &[], None);
    assert_eq!(inventory.capacity().cpu_milli, 8000);
    assert_eq!(
        inventory.can_place(1, &group(&[("big", 5000, GI, 1)])),
        Placement::NoRoom { service: "big".into() }
    );
    assert_eq!(inventory.can_place(1, &group(&[("web", 2000, GI, 4)])), Placement::Fits);
    assert_eq!(
        inventory.can_place(1, &group(&[("web", 2000, GI, 5)])),
        Placement::NoRoom { service: "web".into() }
    );
    let mixed = group(&[("small", 1000, GI, 2), ("large", 3000, 4 * GI, 2)]);
    assert_eq!(inventory.can_place(1, &mixed), Placement::Fits);
}

#[test]
fn own_pods_of_a_lease_are_not_in_its_way() {
    let own = pod("a", Some(9), "Running", json!({ "containers": [asks("4", "1Gi")] }));
    let inventory = measure(&[node("a", json!({}))], &[own], None);
    let again = group(&[("web", 4000, GI, 1)]);
    assert_eq!(inventory.can_place(9, &again), Placement::Fits);
    assert!(matches!(inventory.can_place(10, &again), Placement::NoRoom { .. }));
}

#[test]
fn quantities_are_read_as_kubernetes_writes_them() {
    for (text, unit, value) in [
        ("4", -3, 4000),
        ("100m", -3, 100),
        ("0.5", -3, 500),
        ("1500u", -3, 1),
        ("250000000n", -3, 250),
        ("8Gi", 0, 8 * GI),
        ("1.5Gi", 0, 3 * GI / 2),
        ("128974848", 0, 128_974_848),
        ("129e6", 0, 129_000_000),
        ("129M", 0, 129_000_000),
        ("123Mi", 0, 123 << 20),
        ("128974848000m", 0, 128_974_848),
        ("2E", 0, 2_000_000_000_000_000_000),
    ] {
        assert_eq!(parse_quantity(text, unit), Some(value), "{text}");
    }
    for text in ["", "x", "1Q", "-5", "99999999999999999999E"] {
        assert_eq!(parse_quantity(text, 0), None, "{text}");
    }
}
