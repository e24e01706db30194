use super::{check::Problem, *};
use crate::lease::{ChainTag, LeaseKey, CHAIN_LABEL, COMMITMENT, LEASE_LABEL};
use k8s_openapi::api::core::v1::PodSpec;
use perigee_sdl::Manifest;
use serde_json::{json, Value};

const NONCE: [u8; 32] = [5; 32];

fn lease() -> Lease {
    Lease {
        key: LeaseKey {
            chain: ChainTag::of(&[0xc4; 32]),
            id: 7,
        },
        commitment: [0xab; 32],
        owner: "5Grw".into(),
    }
}

/// A service as Akash's tools write it, with the changes of a test.
fn service(name: &str, changes: Value) -> Value {
    let mut service = json!({
        "name": name, "image": "docker.io/library/busybox:1.36", "command": ["sh"], "args": null,
        "env": ["MODE=fast", "EMPTY="], "count": 2, "credentials": null,
        "resources": {
            "id": 1, "cpu": { "units": { "val": "500" } }, "memory": { "size": { "val": "134217728" } },
            "storage": [{ "name": "default", "size": { "val": "268435456" } }],
            "gpu": { "units": { "val": "0" } }, "endpoints": [{ "sequence_number": 0 }],
        },
        "expose": [expose(8080, 80, true)],
    });
    merge(&mut service, changes);
    service
}

fn expose(port: u16, external: u16, global: bool) -> Value {
    json!({
        "port": port, "externalPort": external, "proto": "TCP", "service": "", "global": global, "hosts": null,
        "httpOptions": { "maxBodySize": 1048576, "readTimeout": 60000, "sendTimeout": 60000, "nextTries": 3,
            "nextTimeout": 0, "nextCases": ["error", "timeout"] },
        "ip": "", "endpointSequenceNumber": 0,
    })
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            changes
                .into_iter()
                .for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, changes) => *into = changes,
    }
}

fn group(services: Vec<Value>) -> ManifestGroup {
    let manifest = json!([{ "name": "here", "services": services }]);
    Manifest::from_json(manifest.to_string().as_bytes())
        .unwrap()
        .groups
        .remove(0)
}

fn settings() -> Settings {
    Settings {
        domain: "apps.example.org".into(),
        ..Default::default()
    }
}

fn facts() -> NetworkFacts {
    NetworkFacts {
        nodes: vec!["198.41.0.4".parse().unwrap(), "10.0.0.1".parse().unwrap()],
        api: vec!["2606:4700::9".parse().unwrap()],
    }
}

fn built(services: Vec<Value>) -> LeaseObjects {
    build(&lease(), &group(services), &NONCE, &settings(), &facts(), false).unwrap()
}

fn refused(service: Value) -> BuildError {
    build(&lease(), &group(vec![service]), &NONCE, &settings(), &facts(), false).unwrap_err()
}

#[track_caller]
fn problem(changes: Value) -> Problem {
    match refused(service("web", changes)) {
        BuildError::Service { problem, .. } => problem,
        other => panic!("{other}"),
    }
}

fn pod(objects: &LeaseObjects) -> PodSpec {
    objects.deployments[0].spec.clone().unwrap().template.spec.unwrap()
}

fn policy<'a>(objects: &'a LeaseObjects, name: &str) -> &'a NetworkPolicy {
    objects
        .policies
        .iter()
        .find(|p| p.metadata.name.as_deref() == Some(name))
        .unwrap()
}

/// Are new TCP connections to this address and port allowed by the egress rules that name networks?
fn reaches(objects: &LeaseObjects, address: &str, tcp_port: i32) -> bool {
    let address: std::net::IpAddr = address.parse().unwrap();
    let net = |text: &String| text.parse::<ipnet::IpNet>().unwrap();
    let spec = policy(objects, "internet").spec.clone().unwrap();
    spec.egress.unwrap().iter().any(|rule| {
        let block = rule.to.as_ref().unwrap()[0].ip_block.clone().unwrap();
        let inside = net(&block.cidr).contains(&address);
        let excepted = block.except.unwrap().iter().any(|e| net(e).contains(&address));
        let open = rule
            .ports
            .as_ref()
            .unwrap()
            .iter()
            .filter(|p| p.protocol.as_deref() == Some("TCP"))
            .any(|p| {
                let k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(from) = p.port.clone().unwrap()
                else {
                    return false;
                };
                (from..=p.end_port.unwrap_or(from)).contains(&tcp_port)
            });
        inside && !excepted && open
    })
}

#[test]
fn every_object_carries_lease_and_commitment() {
    let objects = built(vec![service("web", json!({}))]);
    let value = json!([
        objects.namespace,
        objects.quota,
        objects.limits,
        objects.policies,
        objects.services,
        objects.deployments,
        objects.ingresses,
    ]);
    let mut seen = 0;
    let flat = value
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|v| v.as_array().cloned().unwrap_or_else(|| vec![v.clone()]));
    for object in flat {
        let metadata = &object["metadata"];
        assert_eq!(metadata["labels"][LEASE_LABEL], "7", "{object}");
        assert_eq!(metadata["labels"][CHAIN_LABEL], "c4c4c4c4");
        assert_eq!(metadata["labels"][COMMITMENT], "abababababababab");
        assert_eq!(metadata["annotations"][COMMITMENT], "ab".repeat(32));
        seen += 1;
    }
    assert!(seen >= 9);
    let template = objects.deployments[0].spec.clone().unwrap().template.metadata.unwrap();
    assert_eq!(template.labels.unwrap()[LEASE_LABEL], "7");
}

#[test]
fn namespace_enforces_pod_security() {
    let objects = built(vec![service("web", json!({}))]);
    let labels = objects.namespace.metadata.labels.unwrap();
    assert_eq!(
        objects.namespace.metadata.name.as_deref(),
        Some("perigee-lease-c4c4c4c4-7")
    );
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "baseline");
}

#[test]
fn pods_have_what_was_leased_and_no_more() {
    let objects = built(vec![service("web", json!({}))]);
    let resources = pod(&objects).containers[0].resources.clone().unwrap();
    let limits = resources.limits.clone().unwrap();
    assert_eq!(resources.requests, resources.limits);
    assert_eq!(limits["cpu"].0, "500m");
    assert_eq!(limits["memory"].0, "134217728");
    assert_eq!(limits["ephemeral-storage"].0, "268435456");
    assert_eq!(objects.deployments[0].spec.clone().unwrap().replicas, Some(2));
    let quota = objects.quota.spec.unwrap().hard.unwrap();
    assert_eq!(quota["limits.cpu"].0, "2000m");
    assert_eq!(quota["pods"].0, "4");
}

#[test]
fn pods_are_fenced_in() {
    let pod = pod(&built(vec![service("web", json!({}))]));
    assert_eq!(pod.automount_service_account_token, Some(false));
    assert_eq!(pod.enable_service_links, Some(false));
    assert_eq!(pod.host_network, None);
    let context = pod.containers[0].security_context.clone().unwrap();
    assert_eq!(context.allow_privilege_escalation, Some(false));
    assert_eq!(context.privileged, Some(false));
    assert_eq!(context.seccomp_profile.unwrap().type_, "RuntimeDefault");
    let capabilities = context.capabilities.unwrap();
    assert_eq!(capabilities.drop, Some(vec!["ALL".to_owned()]));
    let added = capabilities.add.unwrap();
    for forbidden in ["NET_RAW", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD"] {
        assert!(!added.iter().any(|c| c == forbidden));
    }
}

#[test]
fn rollout_never_has_more_pods_than_were_leased() {
    let spec = built(vec![service("web", json!({}))]).deployments[0]
        .spec
        .clone()
        .unwrap();
    let rolling = serde_json::to_value(spec.strategy.unwrap().rolling_update).unwrap();
    assert_eq!(rolling, json!({ "maxSurge": 0, "maxUnavailable": 1 }));
}

/// What makes the pods of each service. Kubernetes makes them anew when it changes, and only then.
fn templates(lease: &Lease, nonce: &[u8; 32], services: Vec<Value>) -> Vec<Value> {
    let objects = build(lease, &group(services), nonce, &settings(), &facts(), false).unwrap();
    let templates = objects.deployments.into_iter().map(|d| d.spec.unwrap().template);
    templates.map(|template| json!(template)).collect()
}

#[test]
fn change_of_owner_or_commitment_restarts_nothing() {
    let services = || vec![service("web", json!({})), service("api", json!({}))];
    let before = templates(&lease(), &NONCE, services());
    let transferred = Lease {
        owner: "5HGj".into(),
        commitment: [0xcd; 32],
        ..lease()
    };
    assert_eq!(templates(&transferred, &NONCE, services()), before);
    // The objects around the pods say whose they are now, and which manifest they were made from.
    let objects = build(&transferred, &group(services()), &NONCE, &settings(), &facts(), false).unwrap();
    let annotations = objects.deployments[0].metadata.annotations.clone().unwrap();
    assert_eq!(annotations[crate::lease::OWNER], "5HGj");
    assert_eq!(annotations[COMMITMENT], "cd".repeat(32));
}

#[test]
fn only_the_service_that_changed_restarts() {
    let before = templates(
        &lease(),
        &NONCE,
        vec![service("web", json!({})), service("api", json!({}))],
    );
    let changed = service("api", json!({ "image": "docker.io/library/busybox:1.37" }));
    let after = templates(&lease(), &NONCE, vec![service("web", json!({})), changed]);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    let digest = |template: &Value| template["metadata"]["annotations"][crate::lease::RUNS].clone();
    assert_ne!(
        digest(&after[1]),
        digest(&before[1]),
        "pods of the old image must not count for the new one"
    );
}

#[test]
fn more_replicas_restart_nothing() {
    let before = templates(&lease(), &NONCE, vec![service("web", json!({ "count": 1 }))]);
    assert_eq!(
        templates(&lease(), &NONCE, vec![service("web", json!({ "count": 3 }))]),
        before
    );
}

#[test]
fn new_nonce_restarts_all() {
    let services = || vec![service("web", json!({})), service("api", json!({}))];
    let before = templates(&lease(), &NONCE, services());
    let after = templates(&lease(), &[6; 32], services());
    assert!(before.iter().zip(&after).all(|(before, after)| before != after));
}

#[test]
fn environment_of_the_tenant_wins() {
    let changes = json!({ "env": ["PERIGEE_SERVICE=me", "A=b=c", "FLAG", "A=last"] });
    let env = pod(&built(vec![service("web", changes)])).containers[0]
        .env
        .clone()
        .unwrap();
    let value = |name: &str| env.iter().find(|e| e.name == name).and_then(|e| e.value.clone());
    assert_eq!(value("PERIGEE_LEASE").as_deref(), Some("7"));
    assert_eq!(value("PERIGEE_SERVICE").as_deref(), Some("me"));
    assert_eq!(value("PERIGEE_PUBLIC_HOST").as_deref(), Some("web-7.apps.example.org"));
    assert_eq!(value("A").as_deref(), Some("last"));
    assert_eq!(value("FLAG").as_deref(), Some(""));
    let names: std::collections::BTreeSet<_> = env.iter().map(|e| &e.name).collect();
    assert_eq!(names.len(), env.len());
}

#[test]
fn nothing_is_allowed_by_default() {
    let objects = built(vec![service("web", json!({}))]);
    let deny = policy(&objects, "deny-all").spec.clone().unwrap();
    assert_eq!(deny.policy_types, Some(vec!["Ingress".to_owned(), "Egress".to_owned()]));
    assert_eq!((deny.ingress, deny.egress), (None, None));
    assert_eq!(deny.pod_selector, Some(LabelSelector::default()));
}

#[test]
fn workloads_reach_the_internet_and_nothing_inside() {
    let objects = built(vec![service("web", json!({}))]);
    for open in ["1.1.1.1", "8.8.8.8", "2606:4700::1111"] {
        assert!(reaches(&objects, open, 443), "{open}");
    }
    for closed in [
        "10.0.0.1",
        "10.96.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "198.41.0.4",
        "2606:4700::9",
        "::1",
        "fd00::1",
        "fe80::1",
        "64:ff9b::a00:1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        assert!(!reaches(&objects, closed, 443), "{closed}");
    }
}

#[test]
fn mail_ports_are_closed_and_their_neighbours_open() {
    let objects = built(vec![service("web", json!({}))]);
    for port in [25, 465, 587] {
        assert!(!reaches(&objects, "1.1.1.1", port));
        assert!(reaches(&objects, "1.1.1.1", port - 1) && reaches(&objects, "1.1.1.1", port + 1));
    }
    assert!(reaches(&objects, "1.1.1.1", 1) && reaches(&objects, "1.1.1.1", 65535));
}

#[test]
fn denied_networks_are_out_of_reach() {
    let settings = Settings {
        deny_cidrs: vec!["203.0.114.7/24".parse().unwrap()],
        ..settings()
    };
    let objects = build(
        &lease(),
        &group(vec![service("web", json!({}))]),
        &NONCE,
        &settings,
        &facts(),
        false,
    )
    .unwrap();
    assert!(!reaches(&objects, "203.0.114.200", 443));
    assert!(reaches(&objects, "203.0.115.1", 443));
}

#[test]
fn denying_everything_leaves_no_rule_that_the_cluster_would_refuse() {
    let settings = Settings {
        deny_cidrs: vec!["0.0.0.0/0".parse().unwrap()],
        ..settings()
    };
    let objects = build(
        &lease(),
        &group(vec![service("web", json!({}))]),
        &NONCE,
        &settings,
        &facts(),
        false,
    )
    .unwrap();
    assert!(!reaches(&objects, "1.1.1.1", 443));
    assert!(reaches(&objects, "2606:4700::1111", 443));
}

#[test]
fn ingress_controller_reaches_exposed_ports_of_the_container() {
    let objects = built(vec![service("web", json!({}))]);
    let spec = serde_json::to_value(&policy(&objects, "web-from-ingress").spec).unwrap();
    assert_eq!(spec["podSelector"]["matchLabels"]["perigee.cloud/service"], "web");
    assert_eq!(
        spec["ingress"][0]["ports"],
        json!([{ "protocol": "TCP", "port": 8080 }])
    );
    let from = &spec["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"];
    assert_eq!(from["kubernetes.io/metadata.name"], "perigee-ingress");
}

#[test]
fn service_that_is_not_exposed_gets_no_way_in() {
    let inner = service("db", json!({ "expose": [expose(6379, 0, false)] }));
    let objects = built(vec![service("web", json!({})), inner]);
    assert!(objects
        .policies
        .iter()
        .all(|p| !p.metadata.name.as_deref().unwrap().starts_with("db-")));
    assert_eq!(objects.ingresses.len(), 1);
    let db = objects
        .services
        .iter()
        .find(|s| s.metadata.name.as_deref() == Some("db"))
        .unwrap();
    let port = &db.spec.as_ref().unwrap().ports.as_ref().unwrap()[0];
    assert_eq!(port.port, 6379);
    assert_eq!(db.spec.as_ref().unwrap().type_.as_deref(), Some("ClusterIP"));
}

#[test]
fn ingress_routes_the_own_and_the_brought_host_names() {
    let mut exposed = expose(8080, 80, true);
    exposed["hosts"] = json!(["www.tenant.example"]);
    let objects = built(vec![service("web", json!({ "expose": [exposed] }))]);
    let spec = objects.ingresses[0].spec.clone().unwrap();
    assert_eq!(spec.ingress_class_name.as_deref(), Some("perigee"));
    let hosts: Vec<_> = spec.rules.unwrap().into_iter().map(|r| r.host.unwrap()).collect();
    assert_eq!(hosts, ["web-7.apps.example.org", "www.tenant.example"]);
}

#[test]
fn host_names_that_are_not_the_tenants_are_refused() {
    for host in [
        "apps.example.org",
        "web-8.apps.example.org",
        "10.0.0.1",
        "localhost",
        "Upper.example",
        "-a.example",
        "",
        "x.localhost",
    ] {
        let mut exposed = expose(8080, 80, true);
        exposed["hosts"] = json!([host]);
        assert!(
            matches!(
                refused(service("web", json!({ "expose": [exposed] }))),
                BuildError::Host { .. }
            ),
            "{host}"
        );
    }
}

#[test]
fn ports_of_the_nodes_need_a_provider_that_offers_them() {
    let exposed = json!({ "expose": [expose(5432, 5432, true)] });
    assert_eq!(
        problem(exposed.clone()),
        Problem::NodePort {
            port: 5432,
            proto: "TCP"
        }
    );
    let settings = Settings {
        node_port_host: Some("node.example.org".into()),
        ..settings()
    };
    let objects = build(
        &lease(),
        &group(vec![service("db", exposed)]),
        &NONCE,
        &settings,
        &facts(),
        false,
    )
    .unwrap();
    let names: Vec<_> = objects
        .services
        .iter()
        .map(|s| s.metadata.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["db", "db-np"]);
    assert!(policy(&objects, "db-from-anywhere")
        .spec
        .as_ref()
        .unwrap()
        .ingress
        .as_ref()
        .unwrap()[0]
        .from
        .is_none());
}

#[test]
fn persistent_volumes_need_a_class_and_make_a_stateful_set() {
    let volume = json!({ "name": "data", "size": { "val": "1073741824" },
        "attributes": [{ "key": "class", "value": "beta2" }, { "key": "persistent", "value": "true" }] });
    let params = json!({ "storage": [{ "name": "data", "mount": "/data", "readOnly": false }] });
    let changes = json!({ "resources": { "storage": [volume] }, "params": params });
    assert_eq!(problem(changes.clone()), Problem::StorageClass("beta2".into()));

    let classes = [("beta2".to_owned(), "fast-ssd".to_owned())].into();
    let settings = Settings {
        storage_classes: classes,
        ..settings()
    };
    let objects = build(
        &lease(),
        &group(vec![service("db", changes)]),
        &NONCE,
        &settings,
        &facts(),
        false,
    )
    .unwrap();
    assert!(objects.deployments.is_empty());
    let set = serde_json::to_value(&objects.stateful_sets[0]).unwrap();
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(claim["metadata"]["name"], "data");
    assert_eq!(claim["spec"]["storageClassName"], "fast-ssd");
    assert_eq!(
        set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"][0]["mountPath"],
        "/data"
    );
}

#[test]
fn a_volume_without_a_class_is_of_the_default_class() {
    let volume = json!({ "name": "data", "size": { "val": "1073741824" },
        "attributes": [{ "key": "persistent", "value": "true" }] });
    let params = json!({ "storage": [{ "name": "data", "mount": "/data", "readOnly": false }] });
    let settings = Settings {
        storage_classes: [("default".to_owned(), "standard".to_owned())].into(),
        ..settings()
    };
    let db = service("db", json!({ "resources": { "storage": [volume] }, "params": params }));
    let objects = build(&lease(), &group(vec![db]), &NONCE, &settings, &facts(), false).unwrap();
    let set = serde_json::to_value(&objects.stateful_sets[0]).unwrap();
    assert_eq!(
        set["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"],
        "standard"
    );
}

#[test]
fn a_login_goes_to_the_nodes_and_to_no_other_registry() {
    let login = |host: &str| json!({ "email": "", "host": host, "password": "secret", "username": "me" });
    let private = |host: &str| json!({ "image": "ghcr.io/me/app:1", "credentials": login(host) });
    let objects = built(vec![
        service("web", private("https://ghcr.io")),
        service("open", json!({})),
    ]);
    let [secret] = objects.logins.as_slice() else {
        panic!("{:?}", objects.logins)
    };
    assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/dockerconfigjson"));
    let config = secret.data.as_ref().unwrap()[".dockerconfigjson"].0.clone();
    let config: Value = serde_json::from_slice(&config).unwrap();
    // `me:secret`
    assert_eq!(config["auths"]["ghcr.io"]["auth"], "bWU6c2VjcmV0");
    let pulls = |name: &str| {
        let deployment = objects
            .deployments
            .iter()
            .find(|d| d.metadata.name.as_deref() == Some(name));
        let spec = deployment.unwrap().spec.clone().unwrap().template.spec.unwrap();
        spec.image_pull_secrets.map(|secrets| secrets[0].name.clone())
    };
    assert_eq!(
        (pulls("web").as_deref(), pulls("open")),
        (secret.metadata.name.as_deref(), None)
    );

    let mixed = Problem::Credentials {
        host: "quay.io".into(),
        image: "ghcr.io".into(),
    };
    assert_eq!(problem(private("quay.io")), mixed);
}

#[test]
fn volumes_in_memory_count_as_memory() {
    let storage = json!([
        { "name": "default", "size": { "val": "100" } },
        { "name": "shm", "size": { "val": "1000" }, "attributes": [{ "key": "class", "value": "ram" }] },
    ]);
    let params = json!({ "storage": [{ "name": "shm", "mount": "/dev/shm", "readOnly": false }] });
    let objects = built(vec![service(
        "web",
        json!({ "resources": { "storage": storage }, "params": params }),
    )]);
    let pod = serde_json::to_value(pod(&objects)).unwrap();
    assert_eq!(
        pod["volumes"],
        json!([{ "name": "shm", "emptyDir": { "medium": "Memory", "sizeLimit": "1000" } }])
    );
    assert_eq!(pod["containers"][0]["resources"]["limits"]["memory"], "134218728");
    assert_eq!(pod["containers"][0]["resources"]["limits"]["ephemeral-storage"], "100");
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    let permissions = json!({ "permissions": { "read": ["logs"] }, "storage": null });
    assert_eq!(problem(json!({ "params": permissions })), Problem::Permissions);
    let tee = json!({ "tee": { "attestation": true, "type": "cpu" }, "storage": null });
    assert_eq!(problem(json!({ "params": tee })), Problem::Tee);
    let gpu =
        json!({ "units": { "val": "1" }, "attributes": [{ "key": "vendor/nvidia/model/a100", "value": "true" }] });
    assert_eq!(problem(json!({ "resources": { "gpu": gpu } })), Problem::GpuModel);
    let mut leased = expose(80, 80, true);
    leased["ip"] = json!("mine");
    assert_eq!(problem(json!({ "expose": [leased] })), Problem::LeasedIp);
}

#[test]
fn any_gpu_is_a_resource_of_the_pod() {
    let gpu = json!({ "units": { "val": "2" }, "attributes": [{ "key": "vendor/nvidia/model/*", "value": "true" }] });
    let objects = built(vec![service("web", json!({ "resources": { "gpu": gpu } }))]);
    assert_eq!(
        pod(&objects).containers[0].resources.clone().unwrap().limits.unwrap()["nvidia.com/gpu"].0,
        "2"
    );
}

#[test]
fn hostile_manifests_are_refused() {
    assert_eq!(problem(json!({ "count": 0 })), Problem::Replicas(0));
    assert_eq!(
        problem(json!({ "count": 4_000_000_000u32 })),
        Problem::Replicas(4_000_000_000)
    );
    assert_eq!(problem(json!({ "env": ["=x"] })), Problem::Environment(String::new()));
    assert_eq!(problem(json!({ "env": ["A B=x"] })), Problem::Environment("A B".into()));
    assert_eq!(
        problem(json!({ "resources": { "cpu": { "units": { "val": "0" } } } })),
        Problem::NoResources
    );
    assert_eq!(problem(json!({ "expose": [expose(0, 80, true)] })), Problem::PortZero);
    assert_eq!(
        problem(json!({ "expose": [expose(1, 80, true), expose(2, 80, true)] })),
        Problem::PortTwice(80)
    );
    let mount =
        |path: &str| json!({ "params": { "storage": [{ "name": "default", "mount": path, "readOnly": false }] } });
    for path in ["/", "relative", "/a/../b", "/a:b"] {
        assert_eq!(problem(mount(path)), Problem::Mount(path.into()));
    }
    let volumes = json!([{ "name": "A/B", "size": { "val": "1" } }]);
    assert_eq!(
        problem(json!({ "resources": { "storage": volumes } })),
        Problem::VolumeName("A/B".into())
    );
}

#[test]
fn names_must_be_labels_and_stand_for_one_thing() {
    for name in ["", "Web", "web_1", "-web", "1web", &"x".repeat(64)] {
        assert!(
            matches!(refused(service(name, json!({}))), BuildError::Name(_)),
            "{name}"
        );
    }
    let twice = group(vec![service("web", json!({})), service("web", json!({}))]);
    assert_eq!(check(7, &twice, &settings()), Err(BuildError::Name("web".into())));
    let settings = Settings {
        node_port_host: Some("n".into()),
        ..settings()
    };
    let shadow = group(vec![
        service("a", json!({ "expose": [expose(1, 1, true)] })),
        service("a-np", json!({})),
    ]);
    assert_eq!(check(7, &shadow, &settings), Err(BuildError::Name("a-np".into())));
}

#[test]
fn host_label_that_is_too_long_is_refused() {
    match refused(service(&"x".repeat(62), json!({}))) {
        BuildError::Service { problem, .. } => assert_eq!(problem, Problem::HostTooLong),
        other => panic!("{other}"),
    }
}

#[test]
fn exposing_more_than_the_endpoints_is_refused() {
    let changes = json!({ "resources": { "endpoints": [] } });
    assert_eq!(
        refused(service("web", changes)),
        BuildError::Endpoints { exposed: 1, leased: 0 }
    );
}

#[test]
fn empty_group_is_refused() {
    assert_eq!(
        check(7, &group(vec![]), &settings()),
        Err(BuildError::Services { count: 0 })
    );
}

#[test]
fn image_from_inside_is_refused() {
    assert!(matches!(
        refused(service("web", json!({ "image": "169.254.169.254/x" }))),
        BuildError::Image(_)
    ));
}
