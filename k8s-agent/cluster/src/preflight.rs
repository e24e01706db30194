//! Is this cluster fit for strangers' workloads?
//!
//! Each check says what it found and, where that is not enough, how to mend it. Whether network policies are enforced is
//! not something a cluster tells: many accept policies and ignore them. So two short-lived pods try it.

use crate::{
    access::AGENT,
    cluster::kind_and,
    lease::{MANAGED_BY, SYSTEM_NAMESPACE},
    Cluster, ClusterError, Settings,
};
use k8s_openapi::api::{
    core::v1::{Namespace, Pod},
    networking::v1::{IngressClass, NetworkPolicy},
    storage::v1::StorageClass,
};
use kube::api::{DeleteParams, ListParams, PostParams};
use serde::de::DeserializeOwned;
use serde_json::{json, Value};
use std::time::Duration;

/// Image of the probe: any with a shell, `httpd` and `nc`.
pub const PROBE_IMAGE: &str = "docker.io/library/busybox:1.36";
/// Namespace of the probe.
const PROBE: &str = "perigee-lease-probe";
/// For pulling the image and running one pod.
const POD_PATIENCE: Duration = Duration::from_secs(60);
/// For the namespace to go.
const CLEAN_PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(250);
const PORT: u16 = 8080;
/// Enforcers take a moment to see a new pod and a new policy, so the client tries for a while.
const TRIES: u32 = 10;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Good.
    Pass,
    /// It works, with less.
    Warn,
    /// Leases must not run here.
    Fail,
}

/// One line of the preflight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// How to mend it; empty when there is nothing to mend.
    pub fix: String,
}

impl Check {
    fn pass(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Pass,
            found: found.into(),
            fix: String::new(),
        }
    }

    fn warn(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Warn,
            found: found.into(),
            fix: fix.into(),
        }
    }

    fn fail(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Fail,
            found: found.into(),
            fix: fix.into(),
        }
    }
}

impl Cluster {
    /// All checks. Needs the operator's credentials: the agent's own may not create pods. A check that cannot be made
    /// fails with the reason; it does not stop the others.
    pub async fn preflight(&self, settings: &Settings, probe_image: &str) -> Vec<Check> {
        vec![
            self.check_room().await,
            self.check_ingress_class(settings).await,
            self.check_ingress_namespace(settings).await,
            self.check_storage(settings).await,
            self.check_pod_security().await,
            self.check_policies(probe_image).await,
        ]
    }

    async fn check_room(&self) -> Check {
        const NAME: &str = "room";
        const FIX: &str = "add a node, or uncordon one: `kubectl get nodes` shows why none takes pods";
        match self.inventory().await {
            Err(e) => Check::fail(NAME, e.to_string(), FIX),
            Ok(inventory) if inventory.nodes.is_empty() => Check::fail(NAME, "no node takes pods", FIX),
            Ok(inventory) => {
                let all = inventory.capacity();
                let gib = |bytes: u64| bytes as f64 / f64::from(1u32 << 30);
                let found = format!(
                    "{} node(s): {:.1} cores, {:.1} GiB memory, {:.1} GiB disk, {} GPU(s)",
                    inventory.nodes.len(),
                    all.cpu_milli as f64 / 1000.0,
                    gib(all.memory_bytes),
                    gib(all.storage_bytes),
                    all.gpus
                );
                Check::pass(NAME, found)
            }
        }
    }

    async fn check_ingress_class(&self, settings: &Settings) -> Check {
        const NAME: &str = "ingress class";
        let class = &settings.ingress_class;
        match self.list(self.all::<IngressClass>(), ListParams::default()).await {
            Err(e) => Check::fail(NAME, e.to_string(), "let these credentials list ingress classes"),
            Ok(classes) => {
                let names: Vec<_> = classes.iter().filter_map(|c| c.metadata.name.as_deref()).collect();
                if names.contains(&class.as_str()) {
                    return Check::pass(NAME, format!("`{class}`"));
                }
                let there = if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                };
                Check::fail(
                    NAME,
                    format!("there is no class `{class}` (there: {there})"),
                    "install an ingress controller, or set ingress_class to one that is there",
                )
            }
        }
    }

    async fn check_ingress_namespace(&self, settings: &Settings) -> Check {
        const NAME: &str = "ingress namespace";
        let labels = &settings.ingress_namespace_labels;
        let selector = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(",");
        let fix = "set ingress_namespace_labels to labels of the namespace of the ingress controller";
        match self
            .list_metadata(self.all::<Namespace>(), ListParams::default().labels(&selector))
            .await
        {
            Err(e) => Check::fail(NAME, e.to_string(), fix),
            Ok(found) if found.is_empty() || labels.is_empty() => {
                Check::fail(NAME, format!("no namespace has the labels `{selector}`"), fix)
            }
            Ok(found) => Check::pass(
                NAME,
                found.into_iter().filter_map(|m| m.name).collect::<Vec<_>>().join(", "),
            ),
        }
    }

    async fn check_storage(&self, settings: &Settings) -> Check {
        const NAME: &str = "storage classes";
        let fix = "set storage_classes (class in the SDL → class in the cluster) to offer persistent volumes";
        if settings.storage_classes.is_empty() {
            return Check::warn(NAME, "none offered: manifests with persistent volumes are refused", fix);
        }
        match self
            .list_metadata(self.all::<StorageClass>(), ListParams::default())
            .await
        {
            Err(e) => Check::warn(NAME, e.to_string(), fix),
            Ok(there) => {
                let there: Vec<String> = there.into_iter().filter_map(|m| m.name).collect();
                let missing: Vec<_> = settings
                    .storage_classes
                    .values()
                    .filter(|c| !there.contains(c))
                    .cloned()
                    .collect();
                if missing.is_empty() {
                    Check::pass(
                        NAME,
                        settings.storage_classes.keys().cloned().collect::<Vec<_>>().join(", "),
                    )
                } else {
                    Check::fail(NAME, format!("not in the cluster: {}", missing.join(", ")), fix)
                }
            }
        }
    }

    /// Does the cluster refuse a privileged pod in a namespace labelled like those of leases? Asked without creating it.
    async fn check_pod_security(&self) -> Check {
        const NAME: &str = "pod security";
        let fix = "enable the PodSecurity admission plugin of the API server";
        match self.with_probe_namespace(self.privileged_pod_is_refused()).await {
            Ok(true) => Check::pass(NAME, "privileged pods are refused"),
            Ok(false) => Check::fail(NAME, "a privileged pod would be accepted", fix),
            Err(e) => Check::fail(NAME, e.to_string(), fix),
        }
    }

    async fn check_policies(&self, image: &str) -> Check {
        const NAME: &str = "network policies";
        let fix = "install a network plugin that enforces NetworkPolicy (Calico, Cilium, kube-router …)";
        match self.with_probe_namespace(self.policies_are_enforced(image)).await {
            Ok(true) => Check::pass(NAME, "enforced: a denied connection failed"),
            Ok(false) => Check::fail(NAME, "accepted but not enforced: a denied connection went through", fix),
            Err(e) => Check::fail(NAME, format!("could not be tried: {e}"), fix),
        }
    }

    /// Runs `check` in a namespace of its own, which is gone afterwards however it ends.
    async fn with_probe_namespace<T>(
        &self,
        check: impl std::future::Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, ClusterError> {
        self.remove_probe_namespace().await?;
        let namespace: Namespace = typed(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": PROBE, "labels": {
                MANAGED_BY.0: MANAGED_BY.1,
                "pod-security.kubernetes.io/enforce": "baseline",
            }},
        }))?;
        self.apply(&self.all(), &namespace).await?;
        let found = check.await;
        let removed = self.remove_probe_namespace().await;
        found.and_then(|found| removed.map(|()| found))
    }

    async fn remove_probe_namespace(&self) -> Result<(), ClusterError> {
        let namespaces = self.all::<Namespace>();
        let gone = async {
            while let Some(found) = self.get(&namespaces, PROBE).await? {
                if found.metadata.deletion_timestamp.is_none() {
                    match namespaces.delete(PROBE, &DeleteParams::background()).await {
                        Err(kube::Error::Api(status)) if status.code == 404 => {}
                        Err(e) => return Err(self.error("delete", kind_and::<Namespace>(PROBE), e)),
                        Ok(_) => {}
                    }
                }
                tokio::time::sleep(POLL).await;
            }
            Ok(())
        };
        let gone = tokio::time::timeout(CLEAN_PATIENCE, gone).await;
        gone.unwrap_or_else(|_| Err(too_slow("deleting the namespace of the probe", CLEAN_PATIENCE)))
    }

    async fn privileged_pod_is_refused(&self) -> Result<bool, ClusterError> {
        let mut pod = probe_pod("privileged", PROBE_IMAGE, "true")?;
        if let Some(spec) = &mut pod.spec {
            spec.host_network = Some(true);
        }
        let params = PostParams {
            dry_run: true,
            ..Default::default()
        };
        match self.namespaced::<Pod>(PROBE).create(&params, &pod).await {
            Ok(_) => Ok(false),
            Err(kube::Error::Api(status)) if status.code == 403 && status.message.contains("PodSecurity") => Ok(true),
            Err(e) => Err(self.error("try", "a privileged pod".into(), e)),
        }
    }

    /// Connects from one pod to another, without a policy and then with one that denies it.
    async fn policies_are_enforced(&self, image: &str) -> Result<bool, ClusterError> {
        let serve = format!("echo ok > /tmp/index.html; exec httpd -f -p {PORT} -h /tmp");
        let address_once_running = |pod: &Pod| {
            let status = pod.status.as_ref()?;
            let running = status.phase.as_deref() == Some("Running");
            status.pod_ip.clone().filter(|_| running)
        };
        let address = self.run("server", image, &serve, address_once_running).await?;
        // A plain connection: options of `wget` differ between builds, and crash one of them.
        let connect = format!("nc -w 1 {address} {PORT} </dev/null >/dev/null 2>&1");
        let until = |outcome: &str| {
            format!("i=0; while [ $i -lt {TRIES} ]; do {connect} {outcome} exit 0; i=$((i+1)); sleep 1; done; exit 1")
        };
        let (connects, blocked) = (until("&&"), until("||"));
        if self.run("control", image, &connects, exit_code).await? != 0 {
            return Err(ClusterError::Corrupt {
                what: "the probe".into(),
                why: "pods cannot connect even without a policy".into(),
            });
        }
        let deny: NetworkPolicy = typed(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": "deny-all", "namespace": PROBE },
            "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"] },
        }))?;
        self.apply(&self.namespaced(PROBE), &deny).await?;
        Ok(self.run("denied", image, &blocked, exit_code).await? == 0)
    }

    /// Runs a pod until `seen` finds what it looks for.
    async fn run<T>(
        &self,
        name: &str,
        image: &str,
        script: &str,
        seen: impl Fn(&Pod) -> Option<T>,
    ) -> Result<T, ClusterError> {
        let pods = self.namespaced::<Pod>(PROBE);
        self.apply(&pods, &probe_pod(name, image, script)?).await?;
        let looked = async {
            loop {
                if let Some(found) = self.get(&pods, name).await?.as_ref().and_then(&seen) {
                    return Ok(found);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let what = format!("pod {name} of the probe (image {image})");
        tokio::time::timeout(POD_PATIENCE, looked)
            .await
            .unwrap_or_else(|_| Err(too_slow(&what, POD_PATIENCE)))
    }

    /// May the agent's own account do what it needs? Run with that account.
    pub async fn check_grants(&self) -> Check {
        const NAME: &str = "permissions";
        let fix = "run `perigee agent init` again";
        match self.missing_grants().await {
            Err(e) => Check::fail(NAME, e.to_string(), fix),
            Ok(missing) if missing.is_empty() => Check::pass(NAME, format!("{SYSTEM_NAMESPACE}/{AGENT}")),
            Ok(missing) => Check::fail(NAME, format!("missing: {}", missing.join(", ")), fix),
        }
    }
}

fn exit_code(pod: &Pod) -> Option<i32> {
    let container = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    Some(container.state.as_ref()?.terminated.as_ref()?.exit_code)
}

fn too_slow(what: &str, limit: Duration) -> ClusterError {
    ClusterError::TimedOut {
        what: what.to_owned(),
        seconds: limit.as_secs(),
    }
}

fn probe_pod(name: &str, image: &str, script: &str) -> Result<Pod, ClusterError> {
    let small = json!({ "cpu": "50m", "memory": "32Mi" });
    typed(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": PROBE, "labels": { "probe": name } },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "probe",
                "image": image,
                "command": ["sh", "-c", script],
                "resources": { "requests": small, "limits": small },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    }))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ClusterError> {
    serde_json::from_value(value).map_err(|e| ClusterError::Corrupt {
        what: "a probe".into(),
        why: e.to_string(),
    })
}
