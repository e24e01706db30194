//! Is this cluster fit for strangers' workloads?
//!
//! Each check says what it found and, where that is not enough, how to mend it. Whether network policies are enforced is
//! not something a cluster tells: many accept policies and ignore them. So two short-lived pods try it.

use crate::{cluster::kind_and, lease::MANAGED_BY, Cluster, ClusterError, Settings};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{
    core::v1::{Namespace, Pod},
    networking::v1::{IngressClass, NetworkPolicy},
    storage::v1::StorageClass,
};
use kube::{
    api::{DeleteParams, ListParams, ObjectMeta, PostParams},
    ResourceExt,
};
use serde::de::DeserializeOwned;
use serde_json::{json, Value};
use std::{future::Future, time::Duration};

/// Image of the probe: any with a shell, `httpd` and `nc`.
pub const PROBE_IMAGE: &str = "docker.io/library/busybox:1.36";
/// Namespaces of probes are called so; each run has its own, so that two at once do not disturb each other.
const PROBE_PREFIX: &str = "perigee-lease-probe-";
/// Label of these namespaces.
const PROBE_LABEL: (&str, &str) = ("perigee.cloud/kind", "probe");
/// No probe lasts so long: an older one was left behind by a process that was killed.
const STALE: SignedDuration = SignedDuration::from_mins(10);
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
    /// fails with the reason; it does not stop the others. When `stop` comes first, the probe is removed all the same.
    pub async fn preflight(
        &self,
        settings: &Settings,
        probe_image: &str,
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<Check>, ClusterError> {
        let mut checks = vec![
            self.check_room().await,
            self.check_ingress_class(settings).await,
            self.check_ingress_namespace(settings).await,
            self.check_storage(settings).await,
        ];
        checks.extend(self.probe(probe_image, stop).await?);
        Ok(checks)
    }

    async fn check_room(&self) -> Check {
        const NAME: &str = "room";
        const FIX: &str = "add a node, or uncordon one: `kubectl get nodes` shows why none takes pods";
        match self.inventory(None).await {
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

    /// The checks that need pods, in a namespace of their own that is gone afterwards however they end.
    async fn probe(&self, image: &str, stop: impl Future<Output = ()>) -> Result<Vec<Check>, ClusterError> {
        const NAME: &str = "probe";
        let fix = "let these credentials create and delete namespaces";
        if let Err(e) = self.sweep_probes().await {
            tracing::debug!(error = %e, "cannot look for probes that were left behind");
        }
        let namespace = match self.create_probe_namespace().await {
            Ok(namespace) => namespace,
            Err(e) => return Ok(vec![Check::fail(NAME, e.to_string(), fix)]),
        };
        let checks = async {
            vec![
                self.check_pod_security(&namespace).await,
                self.check_policies(&namespace, image).await,
            ]
        };
        let checked = tokio::select! {
            checks = checks => Ok(checks),
            () = stop => Err(ClusterError::Interrupted),
        };
        let removed = self.remove_namespace(&namespace).await;
        let mut checks = checked?;
        if let Err(e) = removed {
            let fix = format!("kubectl delete namespace {namespace}");
            checks.push(Check::warn(NAME, format!("its namespace is still there: {e}"), fix));
        }
        Ok(checks)
    }

    /// Does the cluster refuse a privileged pod in a namespace labelled like those of leases? Asked without creating it.
    async fn check_pod_security(&self, namespace: &str) -> Check {
        const NAME: &str = "pod security";
        let fix = "enable the PodSecurity admission plugin of the API server";
        match self.privileged_pod_is_refused(namespace).await {
            Ok(true) => Check::pass(NAME, "privileged pods are refused"),
            Ok(false) => Check::fail(NAME, "a privileged pod would be accepted", fix),
            Err(e) => Check::fail(NAME, e.to_string(), fix),
        }
    }

    async fn check_policies(&self, namespace: &str, image: &str) -> Check {
        const NAME: &str = "network policies";
        let fix = "install a network plugin that enforces NetworkPolicy (Calico, Cilium, kube-router …)";
        match self.policies_are_enforced(namespace, image).await {
            Ok(true) => Check::pass(NAME, "enforced: a denied connection failed"),
            Ok(false) => Check::fail(NAME, "accepted but not enforced: a denied connection went through", fix),
            Err(e) => Check::fail(NAME, format!("could not be tried: {e}"), fix),
        }
    }

    /// The cluster makes the name up.
    async fn create_probe_namespace(&self) -> Result<String, ClusterError> {
        let namespace: Namespace = typed(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "generateName": PROBE_PREFIX, "labels": {
                MANAGED_BY.0: MANAGED_BY.1,
                PROBE_LABEL.0: PROBE_LABEL.1,
                "pod-security.kubernetes.io/enforce": "baseline",
            }},
        }))?;
        let made = self.all::<Namespace>().create(&PostParams::default(), &namespace).await;
        let made = made.map_err(|e| self.error("create", "a namespace for the probe".into(), e))?;
        Ok(made.name_any())
    }

    /// Removes what runs that were killed have left behind.
    async fn sweep_probes(&self) -> Result<(), ClusterError> {
        let params = ListParams::default().labels(&format!("{}={}", PROBE_LABEL.0, PROBE_LABEL.1));
        let found = self.list_metadata(self.all::<Namespace>(), params).await?;
        let now = Timestamp::now();
        for name in found
            .into_iter()
            .filter(|meta| is_stale(meta, now))
            .filter_map(|meta| meta.name)
        {
            self.delete_namespace(&name).await?;
        }
        Ok(())
    }

    async fn remove_namespace(&self, name: &str) -> Result<(), ClusterError> {
        let gone = async {
            self.delete_namespace(name).await?;
            while self.get(&self.all::<Namespace>(), name).await?.is_some() {
                tokio::time::sleep(POLL).await;
            }
            Ok(())
        };
        let gone = tokio::time::timeout(CLEAN_PATIENCE, gone).await;
        gone.unwrap_or_else(|_| Err(too_slow("deleting the namespace of the probe", CLEAN_PATIENCE)))
    }

    async fn delete_namespace(&self, name: &str) -> Result<(), ClusterError> {
        match self.all::<Namespace>().delete(name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(e) => Err(self.error("delete", kind_and::<Namespace>(name), e)),
            Ok(_) => Ok(()),
        }
    }

    async fn privileged_pod_is_refused(&self, namespace: &str) -> Result<bool, ClusterError> {
        let mut pod = probe_pod(namespace, "privileged", PROBE_IMAGE, "true")?;
        if let Some(spec) = &mut pod.spec {
            spec.host_network = Some(true);
        }
        let params = PostParams {
            dry_run: true,
            ..Default::default()
        };
        match self.namespaced::<Pod>(namespace).create(&params, &pod).await {
            Ok(_) => Ok(false),
            Err(kube::Error::Api(status)) if status.code == 403 && status.message.contains("PodSecurity") => Ok(true),
            Err(e) => Err(self.error("try", "a privileged pod".into(), e)),
        }
    }

    /// Connects from one pod to another, without a policy and then with one that denies it.
    async fn policies_are_enforced(&self, namespace: &str, image: &str) -> Result<bool, ClusterError> {
        let serve = format!("echo ok > /tmp/index.html; exec httpd -f -p {PORT} -h /tmp");
        let address_once_running = |pod: &Pod| {
            let status = pod.status.as_ref()?;
            let running = status.phase.as_deref() == Some("Running");
            status.pod_ip.clone().filter(|_| running)
        };
        let pods = Pods {
            cluster: self,
            namespace,
            image,
        };
        let address = pods.run("server", &serve, address_once_running).await?;
        // A plain connection: options of `wget` differ between builds, and crash one of them.
        let connect = format!("nc -w 1 {address} {PORT} </dev/null >/dev/null 2>&1");
        let until = |outcome: &str| {
            format!("i=0; while [ $i -lt {TRIES} ]; do {connect} {outcome} exit 0; i=$((i+1)); sleep 1; done; exit 1")
        };
        let (connects, blocked) = (until("&&"), until("||"));
        if pods.run("control", &connects, exit_code).await? != 0 {
            return Err(ClusterError::Corrupt {
                what: "the probe".into(),
                why: "pods cannot connect even without a policy".into(),
            });
        }
        let deny: NetworkPolicy = typed(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": "deny-all", "namespace": namespace },
            "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"] },
        }))?;
        self.apply(&self.namespaced(namespace), &deny).await?;
        Ok(pods.run("denied", &blocked, exit_code).await? == 0)
    }
}

/// Pods of a probe.
struct Pods<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    image: &'a str,
}

impl Pods<'_> {
    /// Runs a pod until `seen` finds what it looks for.
    async fn run<T>(&self, name: &str, script: &str, seen: impl Fn(&Pod) -> Option<T>) -> Result<T, ClusterError> {
        let pods = self.cluster.namespaced::<Pod>(self.namespace);
        let pod = probe_pod(self.namespace, name, self.image, script)?;
        self.cluster.apply(&pods, &pod).await?;
        let looked = async {
            loop {
                if let Some(found) = self.cluster.get(&pods, name).await?.as_ref().and_then(&seen) {
                    return Ok(found);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let what = format!("pod {name} of the probe (image {})", self.image);
        tokio::time::timeout(POD_PATIENCE, looked)
            .await
            .unwrap_or_else(|_| Err(too_slow(&what, POD_PATIENCE)))
    }
}

fn is_stale(meta: &ObjectMeta, now: Timestamp) -> bool {
    let created = meta.creation_timestamp.as_ref();
    created.is_some_and(|created| now.duration_since(created.0) > STALE)
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

fn probe_pod(namespace: &str, name: &str, image: &str, script: &str) -> Result<Pod, ClusterError> {
    let small = json!({ "cpu": "50m", "memory": "32Mi" });
    typed(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "labels": { "probe": name } },
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

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    #[test]
    fn only_probes_that_no_run_can_still_use_are_swept() {
        let created = Timestamp::UNIX_EPOCH;
        let meta = ObjectMeta {
            creation_timestamp: Some(Time(created)),
            ..Default::default()
        };
        assert!(!is_stale(&meta, created + STALE));
        assert!(is_stale(&meta, created + STALE + SignedDuration::from_secs(1)));
        assert!(!is_stale(&ObjectMeta::default(), created + STALE));
    }
}
