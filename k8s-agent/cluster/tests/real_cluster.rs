//! Against a real cluster: `KUBECONFIG=… cargo test -p perigee-cluster --test real_cluster -- --ignored`.
//!
//! Needs credentials of an administrator, nodes that know `docker.io/library/busybox:1.36`, and enforced policies.

use perigee_cluster::{
    access, cluster::default_kubeconfig, objects, preflight, ChainTag, Cluster, ClusterError, FaultKind, Lease,
    LeaseKey, LeaseObjects, LeaseStatus, Placement, Settings, StoredManifest, TearDown,
};
use perigee_sdl::Manifest;
use serde_json::{json, Value};
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const WAIT: Duration = Duration::from_secs(90);

fn admin() -> PathBuf {
    default_kubeconfig().expect("KUBECONFIG names a cluster")
}

/// The agent's own, least-privilege connection.
async fn agent(folder: &tempfile::TempDir) -> Cluster {
    let target = folder.path().join("kubeconfig");
    let granted = access::set_up(&admin(), None, &target).await.unwrap();
    let agent = Cluster::connect(&granted.kubeconfig, Some(&granted.context))
        .await
        .unwrap();
    assert_eq!(agent.identity().await.unwrap(), granted.identity);
    agent.refuse_cluster_admin(false).await.unwrap();
    agent
}

/// Of a chain that nobody uses.
fn lease(id: u64, mark: u8) -> Lease {
    Lease {
        key: LeaseKey {
            chain: ChainTag::of(&[0xee; 32]),
            id,
        },
        commitment: [mark; 32],
        owner: "5Grw".into(),
    }
}

fn service(name: &str, script: &str, expose: Value) -> Value {
    let endpoints = expose
        .as_array()
        .map_or(0, |e| e.iter().filter(|e| e["global"] == true).count());
    json!({
        "name": name, "image": "docker.io/library/busybox:1.36", "command": ["sh", "-c", script], "args": null,
        "env": null, "count": 1, "credentials": null,
        "resources": { "id": 1, "cpu": { "units": { "val": "50" } }, "memory": { "size": { "val": "33554432" } },
            "storage": [{ "name": "default", "size": { "val": "67108864" } }], "gpu": { "units": { "val": "0" } },
            "endpoints": vec![json!({ "sequence_number": 0 }); endpoints] },
        "expose": expose,
    })
}

fn port(port: u16, external: u16, global: bool) -> Value {
    json!({ "port": port, "externalPort": external, "proto": "TCP", "service": "", "global": global, "hosts": null,
        "httpOptions": { "maxBodySize": 1048576, "readTimeout": 60000, "sendTimeout": 60000, "nextTries": 3,
            "nextTimeout": 0, "nextCases": ["error", "timeout"] },
        "ip": "", "endpointSequenceNumber": 0 })
}

fn manifest(services: Vec<Value>) -> Manifest {
    Manifest::from_json(json!([{ "name": "here", "services": services }]).to_string().as_bytes()).unwrap()
}

/// `web` shows what `api` says.
fn hello() -> Manifest {
    let api = "mkdir -p /tmp/w; echo hello > /tmp/w/index.html; exec httpd -f -p 9000 -h /tmp/w";
    let web = "mkdir -p /tmp/w; until wget -q -O /tmp/w/index.html http://api:9000/; do sleep 0.2; done; \
               exec httpd -f -p 8080 -h /tmp/w";
    manifest(vec![
        service("api", api, json!([port(9000, 0, false)])),
        service("web", web, json!([port(8080, 80, true)])),
    ])
}

async fn objects_of(cluster: &Cluster, lease: &Lease, manifest: &Manifest) -> LeaseObjects {
    let facts = cluster.network_facts().await.unwrap();
    assert!(!facts.nodes.is_empty() && !facts.api.is_empty());
    objects::build(
        lease,
        &manifest.groups[0],
        &[7; 32],
        &Settings::default(),
        &facts,
        false,
    )
    .unwrap()
}

async fn until(cluster: &Cluster, id: LeaseKey, met: impl Fn(&LeaseStatus) -> bool) -> LeaseStatus {
    let waited = async {
        loop {
            if let Some(status) = cluster.lease_status(id, &Settings::default()).await.unwrap() {
                if met(&status) {
                    return status;
                }
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    match tokio::time::timeout(WAIT, waited).await {
        Ok(status) => status,
        Err(_) => panic!("not met: {:?}", cluster.lease_status(id, &Settings::default()).await),
    }
}

/// What the ingress of this machine answers for `host`, once it knows it.
async fn fetched(host: &str) -> Option<String> {
    for _ in 0..40 {
        let mut stream = TcpStream::connect(("127.0.0.1", Settings::default().ingress_port))
            .await
            .unwrap();
        let request = format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        if answer.split_whitespace().nth(1) == Some("200") {
            return answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    None
}

async fn gone(cluster: &Cluster, lease: &Lease) {
    cluster
        .tear_down_and_wait(lease.key, &lease.commitment, WAIT, |_| {})
        .await
        .unwrap();
    assert!(cluster
        .lease_status(lease.key, &Settings::default())
        .await
        .unwrap()
        .is_none());
    assert!(cluster
        .leases_held()
        .await
        .unwrap()
        .iter()
        .all(|held| (held.chain, held.id) != (Some(lease.key.chain), lease.key.id)));
    assert!(cluster.manifest(lease.key).await.unwrap().is_none());
    let inventory = cluster.inventory(Some(lease.key.chain)).await.unwrap();
    assert!(inventory
        .nodes
        .iter()
        .all(|node| !node.leased.contains_key(&lease.key.id)));
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn lease_runs_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = agent(&folder).await;
    let (lease, manifest) = (lease(1, 1), hello());
    assert_eq!(cluster.missing_grants().await.unwrap(), Vec::<String>::new());
    assert_eq!(
        cluster
            .inventory(Some(lease.key.chain))
            .await
            .unwrap()
            .can_place(lease.key.id, &manifest.groups[0]),
        Placement::Fits
    );

    let stored = StoredManifest {
        lease: lease.clone(),
        nonce: [2; 32],
        received: 40,
        manifest: manifest.clone(),
    };
    assert_eq!(cluster.store_manifest(&stored).await.unwrap(), 40);
    let later = StoredManifest {
        received: 50,
        ..stored.clone()
    };
    assert_eq!(cluster.store_manifest(&later).await.unwrap(), 40);
    assert_eq!(cluster.manifest(lease.key).await.unwrap(), Some(stored));

    let objects = objects_of(&cluster, &lease, &manifest).await;
    cluster.apply_lease(&objects, false).await.unwrap();
    cluster.apply_lease(&objects, false).await.unwrap();
    let status = until(&cluster, lease.key, |s| s.activated && s.phase() == "running").await;
    cluster.record_status(&status).await.unwrap();
    assert_eq!(
        status.uris,
        [format!("http://web-{}.apps.localhost:8088", lease.key.id)]
    );
    let host = format!("web-{}.apps.localhost", lease.key.id);
    let another = self::lease(99, 9).key;
    assert!(cluster.host_taken(another, &[host]).await.unwrap().is_some());
    assert!(cluster
        .leases_held()
        .await
        .unwrap()
        .iter()
        .any(|h| h.id == lease.key.id && h.commitment == Some(lease.commitment)));

    let host = format!("web-{}.apps.localhost", lease.key.id);
    assert_eq!(fetched(&host).await.as_deref(), Some("hello\n"));

    // Another commitment is another lease: it neither takes the namespace nor tears it down.
    let other = Lease {
        commitment: [9; 32],
        ..lease.clone()
    };
    let occupied = cluster
        .apply_lease(&objects_of(&cluster, &other, &manifest).await, false)
        .await;
    assert!(matches!(occupied, Err(ClusterError::Occupied { .. })), "{occupied:?}");
    assert_eq!(
        cluster.tear_down(other.key, &other.commitment).await.unwrap(),
        TearDown::Done
    );
    assert!(cluster
        .lease_status(lease.key, &Settings::default())
        .await
        .unwrap()
        .is_some());

    gone(&cluster, &lease).await;
    gone(&cluster, &lease).await;
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn service_that_the_manifest_no_longer_has_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = agent(&folder).await;
    let lease = lease(2, 1);
    cluster
        .apply_lease(&objects_of(&cluster, &lease, &hello()).await, false)
        .await
        .unwrap();
    until(&cluster, lease.key, |s| s.services.len() == 2).await;
    let one = manifest(vec![service("api", "sleep 600", json!([]))]);
    cluster
        .apply_lease(&objects_of(&cluster, &lease, &one).await, false)
        .await
        .unwrap();
    let status = until(&cluster, lease.key, |s| s.services.len() == 1).await;
    assert!(status.uris.is_empty());
    gone(&cluster, &lease).await;
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn bad_images_and_crashes_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = agent(&folder).await;
    let lease = lease(3, 1);
    let mut missing = service("missing", "true", json!([]));
    missing["image"] = json!("registry.invalid/no/such:image");
    let crashing = service("crashing", "echo broken >&2; exit 3", json!([]));
    cluster
        .apply_lease(
            &objects_of(&cluster, &lease, &manifest(vec![crashing, missing])).await,
            false,
        )
        .await
        .unwrap();
    let status = until(&cluster, lease.key, |s| s.faults.len() == 2).await;
    let kind = |name: &str| status.faults.iter().find(|f| f.service == name).unwrap().kind;
    assert_eq!(
        (kind("crashing"), kind("missing")),
        (FaultKind::Crash, FaultKind::ImagePull)
    );
    let crash = status.faults.iter().find(|f| f.service == "crashing").unwrap();
    assert!(crash.message.contains("code 3"), "{}", crash.message);
    gone(&cluster, &lease).await;
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn tenants_reach_neither_each_other_nor_the_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = agent(&folder).await;
    let (victim, curious) = (lease(4, 1), lease(5, 1));
    cluster
        .apply_lease(&objects_of(&cluster, &victim, &hello()).await, false)
        .await
        .unwrap();
    until(&cluster, victim.key, |s| s.phase() == "running").await;
    let facts = cluster.network_facts().await.unwrap();
    let name = format!("api.{}.svc.cluster.local", victim.key.namespace());
    let targets = [
        format!("{name}:9000"),
        format!("{}:10250", facts.nodes[0]),
        format!("{}:6443", facts.api[0]),
        "kubernetes.default.svc.cluster.local:443".to_owned(),
    ];
    // Runs on when nothing connects; exits when something does.
    let tries: String = targets
        .iter()
        .map(|t| {
            let (host, port) = t.rsplit_once(':').unwrap();
            format!("if nc -w 2 {host} {port} </dev/null >/dev/null 2>&1; then echo reached {t} >&2; exit 9; fi; ")
        })
        .collect();
    // First of all it shows that it could connect, and that names are resolved.
    let script = format!(
        "httpd -p 9000 -h /tmp; nc -w 2 127.0.0.1 9000 </dev/null || {{ echo cannot connect >&2; exit 7; }}; \
         nslookup {name} >/dev/null || {{ echo no name service >&2; exit 8; }}; {tries} exec sleep 600"
    );
    let nosy = manifest(vec![service("nosy", &script, json!([]))]);
    cluster
        .apply_lease(&objects_of(&cluster, &curious, &nosy).await, false)
        .await
        .unwrap();
    until(&cluster, curious.key, |s| s.phase() == "running").await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    let status = cluster
        .lease_status(curious.key, &Settings::default())
        .await
        .unwrap()
        .unwrap();
    assert!(status.faults.is_empty(), "{:?}", status.faults);
    gone(&cluster, &curious).await;
    gone(&cluster, &victim).await;
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn agents_account_cannot_write_elsewhere() {
    use k8s_openapi::api::core::v1::{Namespace, Secret, Service};
    use kube::api::{Api, DeleteParams, ListParams};
    let folder = tempfile::tempdir().unwrap();
    let client = agent(&folder).await.client();
    let forbidden = |result: Result<(), kube::Error>| match result {
        Err(kube::Error::Api(status)) => assert!(matches!(status.code, 403 | 422), "{status:?}"),
        other => panic!("not refused: {other:?}"),
    };
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let dry = DeleteParams {
        dry_run: true,
        ..Default::default()
    };
    forbidden(namespaces.delete("kube-public", &dry).await.map(|_| ()));
    let services: Api<Service> = Api::namespaced(client.clone(), "default");
    forbidden(services.delete("kubernetes", &dry).await.map(|_| ()));
    let secrets: Api<Secret> = Api::namespaced(client.clone(), "kube-system");
    forbidden(secrets.list(&ListParams::default()).await.map(|_| ()));
}

#[tokio::test]
#[ignore = "needs a cluster"]
async fn administrator_is_refused_and_preflight_passes() {
    let cluster = Cluster::connect(&admin(), None).await.unwrap();
    assert!(matches!(
        cluster.refuse_cluster_admin(false).await,
        Err(ClusterError::ClusterAdmin)
    ));
    cluster.refuse_cluster_admin(true).await.unwrap();
    let checks = cluster
        .preflight(&Settings::default(), preflight::PROBE_IMAGE, std::future::pending())
        .await
        .unwrap();
    for check in &checks {
        println!("{:?} {}: {} {}", check.outcome, check.name, check.found, check.fix);
    }
    assert!(
        checks.iter().all(|c| c.outcome != preflight::Outcome::Fail),
        "{checks:?}"
    );
}
