//! How the services of a lease do.

use crate::{
    lease::{commitment_in, runs_in, LeaseKey, SERVICE_LABEL},
    objects::node_port_service_of,
    Cluster, ClusterError, Settings,
};
use futures::try_join;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ContainerStatus, Pod, PodTemplateSpec, Service},
    networking::v1::Ingress,
};
use kube::api::ListParams;

/// A container that was restarted counts as started once it runs this long: until then it may be crashing in a loop.
const STEADY: SignedDuration = SignedDuration::from_secs(10);
/// Why a container waits when its image cannot be had.
const PULL_REASONS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
];
/// Why a container waits when it was started in vain, or cannot be started.
const CRASH_REASONS: [&str; 6] = [
    "CrashLoopBackOff",
    "RunContainerError",
    "CreateContainerError",
    "CreateContainerConfigError",
    "StartError",
    "PostStartHookError",
];
/// Longest message that is passed on.
const MAX_MESSAGE: usize = 300;

/// How a lease does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseStatus {
    /// Which lease.
    pub lease: LeaseKey,
    /// Commitment to the manifest that runs; none while one takes the place of another.
    pub commitment: Option<[u8; 32]>,
    /// One entry per service, by name.
    pub services: Vec<ServiceStatus>,
    /// Where it can be reached.
    pub uris: Vec<String>,
    /// Are all images pulled and all containers started?
    pub activated: bool,
    /// What is wrong now.
    pub faults: Vec<Fault>,
}

/// How one service does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// Replicas that are ready.
    pub ready: u32,
    /// Replicas that are wanted.
    pub wanted: u32,
    /// What it is doing or what is wrong, for people; empty when all is well.
    pub message: String,
}

/// Something that keeps a service from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The service.
    pub service: String,
    /// What kind of thing, and thus whose fault.
    pub kind: FaultKind,
    /// For people.
    pub message: String,
    /// Since when the pod tries.
    pub since: Timestamp,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// The image cannot be pulled: the tenant's.
    ImagePull,
    /// The container exits, again and again, or cannot be started: the tenant's.
    Crash,
    /// No node has room: the provider's.
    NoRoom,
    /// The cluster refuses to create pods: the provider's.
    Refused,
}

impl Fault {
    /// How long the pod has tried.
    pub fn lasted(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since)
    }
}

impl FaultKind {
    /// Is it the tenant's image?
    pub fn is_tenants(self) -> bool {
        matches!(self, Self::ImagePull | Self::Crash)
    }
}

impl LeaseStatus {
    /// In a word: `running`, `failing` or `starting`.
    pub fn phase(&self) -> &'static str {
        if !self.services.is_empty() && self.services.iter().all(|s| s.ready >= s.wanted) {
            "running"
        } else if !self.faults.is_empty() {
            "failing"
        } else {
            "starting"
        }
    }

    /// The tenant's fault that has lasted longest, if any has lasted at least `limit`.
    pub fn tenants_fault(&self, now: Timestamp, limit: SignedDuration) -> Option<&Fault> {
        let lasting = self
            .faults
            .iter()
            .filter(|f| f.kind.is_tenants() && f.lasted(now) >= limit);
        lasting.min_by_key(|f| f.since)
    }
}

impl Cluster {
    /// How `lease` does; `None` when nothing of it is in the cluster.
    pub async fn lease_status(
        &self,
        lease: LeaseKey,
        settings: &Settings,
    ) -> Result<Option<LeaseStatus>, ClusterError> {
        let namespace = lease.namespace();
        let all = ListParams::default;
        let (deployments, sets, pods, ingresses, services) = try_join!(
            self.list(self.namespaced::<Deployment>(&namespace), all()),
            self.list(self.namespaced::<StatefulSet>(&namespace), all()),
            self.list(self.namespaced::<Pod>(&namespace), all()),
            self.list(self.namespaced::<Ingress>(&namespace), all()),
            self.list(self.namespaced::<Service>(&namespace), all()),
        )?;
        if deployments.is_empty() && sets.is_empty() {
            return Ok(None);
        }
        let wanted: Vec<Wanted> = deployments
            .iter()
            .map(Wanted::deployment)
            .chain(sets.iter().map(Wanted::set))
            .collect();
        let uris = uris(&ingresses, &services, settings);
        Ok(Some(assess(lease, &wanted, &pods, uris, Timestamp::now())))
    }
}

/// What a workload object wants, and what keeps it from creating pods.
struct Wanted {
    service: String,
    commitment: Option<[u8; 32]>,
    /// What its pods run.
    runs: Option<String>,
    replicas: u32,
    refused: Option<(String, Timestamp)>,
}

impl Wanted {
    fn deployment(deployment: &Deployment) -> Self {
        let conditions = deployment.status.iter().flat_map(|s| s.conditions.iter().flatten());
        let failure = conditions
            .into_iter()
            .find(|c| c.type_ == "ReplicaFailure" && c.status == "True");
        Self {
            service: service_of(&deployment.metadata),
            commitment: commitment_in(deployment.metadata.annotations.as_ref()),
            runs: deployment.spec.as_ref().and_then(|spec| made_to_run(&spec.template)),
            replicas: count(deployment.spec.as_ref().and_then(|s| s.replicas)),
            refused: failure.map(|c| {
                let since = c.last_transition_time.as_ref().map_or_else(Timestamp::now, |t| t.0);
                (c.message.clone().unwrap_or_default(), since)
            }),
        }
    }

    fn set(set: &StatefulSet) -> Self {
        let replicas = count(set.spec.as_ref().and_then(|s| s.replicas));
        Self {
            service: service_of(&set.metadata),
            commitment: commitment_in(set.metadata.annotations.as_ref()),
            runs: set.spec.as_ref().and_then(|spec| made_to_run(&spec.template)),
            replicas,
            refused: None,
        }
    }
}

fn made_to_run(template: &PodTemplateSpec) -> Option<String> {
    runs_in(template.metadata.as_ref()?.annotations.as_ref()).map(str::to_owned)
}

fn service_of(metadata: &kube::api::ObjectMeta) -> String {
    let label = metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_LABEL));
    label.or(metadata.name.as_ref()).cloned().unwrap_or_default()
}

fn count(replicas: Option<i32>) -> u32 {
    replicas.unwrap_or(1).try_into().unwrap_or(0)
}

/// The pure part. Pods that run something else than their workload asks for by now do not count.
fn assess(lease: LeaseKey, wanted: &[Wanted], pods: &[Pod], uris: Vec<String>, now: Timestamp) -> LeaseStatus {
    let mut status = LeaseStatus {
        lease,
        commitment: one_commitment(wanted),
        services: Vec::new(),
        uris,
        activated: true,
        faults: Vec::new(),
    };
    for workload in wanted {
        let living = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
        let own = living.filter(|pod| workload.has(pod));
        let views: Vec<PodView> = own.map(|pod| PodView::of(pod, now)).collect();
        status.activated &= views.iter().filter(|v| v.started).count() >= workload.replicas as usize;
        let fault = workload.fault(&views);
        status.services.push(workload.status(&views, fault.as_ref()));
        status.faults.extend(fault);
    }
    status.services.sort_by(|a, b| a.name.cmp(&b.name));
    status
}

/// The commitment that all workloads carry.
fn one_commitment(wanted: &[Wanted]) -> Option<[u8; 32]> {
    let (first, others) = wanted.split_first()?;
    let same = others.iter().all(|workload| workload.commitment == first.commitment);
    first.commitment.filter(|_| same)
}

impl Wanted {
    fn has(&self, pod: &Pod) -> bool {
        service_of(&pod.metadata) == self.service && runs_in(pod.metadata.annotations.as_ref()) == self.runs.as_deref()
    }

    /// The oldest of what is wrong with it and its pods.
    fn fault(&self, pods: &[PodView]) -> Option<Fault> {
        let refused = self
            .refused
            .clone()
            .map(|(message, since)| (FaultKind::Refused, message, since));
        let all = refused.into_iter().chain(pods.iter().filter_map(|v| v.fault.clone()));
        let (kind, message, since) = all.min_by_key(|(_, _, since)| *since)?;
        Some(Fault {
            service: self.service.clone(),
            kind,
            message,
            since,
        })
    }

    fn status(&self, pods: &[PodView], fault: Option<&Fault>) -> ServiceStatus {
        let ready = u32::try_from(pods.iter().filter(|v| v.ready).count()).unwrap_or(u32::MAX);
        let message = match fault {
            Some(fault) => fault.message.clone(),
            None if ready >= self.replicas => String::new(),
            None => pods
                .iter()
                .find(|v| !v.ready)
                .map_or("waiting for pods", |v| v.doing)
                .to_owned(),
        };
        ServiceStatus {
            name: self.service.clone(),
            ready,
            wanted: self.replicas,
            message,
        }
    }
}

/// One pod, as far as it matters.
struct PodView {
    ready: bool,
    started: bool,
    doing: &'static str,
    fault: Option<(FaultKind, String, Timestamp)>,
}

impl PodView {
    fn of(pod: &Pod, now: Timestamp) -> Self {
        let status = pod.status.as_ref();
        let conditions = || status.into_iter().flat_map(|s| s.conditions.iter().flatten());
        let created = pod.metadata.creation_timestamp.as_ref().map_or(now, |t| t.0);
        let since = status.and_then(|s| s.start_time.as_ref()).map_or(created, |t| t.0);
        let containers: Vec<&ContainerStatus> = status
            .into_iter()
            .flat_map(|s| s.container_statuses.iter().flatten())
            .collect();
        let unschedulable = conditions().find(|c| c.type_ == "PodScheduled" && c.status == "False");
        let fault = match unschedulable {
            Some(c) => Some((FaultKind::NoRoom, c.message.clone().unwrap_or_default())),
            None => containers.iter().find_map(|c| container_fault(c, now)),
        };
        Self {
            ready: conditions().any(|c| c.type_ == "Ready" && c.status == "True"),
            started: !containers.is_empty() && containers.iter().all(|c| is_started(c, now)),
            doing: if containers.is_empty() {
                "waiting for a node"
            } else {
                "pulling images and starting"
            },
            fault: fault.map(|(kind, message)| (kind, shorten(&message), since)),
        }
    }
}

fn running_for(container: &ContainerStatus, now: Timestamp) -> Option<SignedDuration> {
    let running = container.state.as_ref()?.running.as_ref()?;
    Some(
        running
            .started_at
            .as_ref()
            .map_or(SignedDuration::ZERO, |t| now.duration_since(t.0)),
    )
}

fn is_started(container: &ContainerStatus, now: Timestamp) -> bool {
    running_for(container, now).is_some_and(|long| container.restart_count == 0 || long >= STEADY)
}

fn container_fault(container: &ContainerStatus, now: Timestamp) -> Option<(FaultKind, String)> {
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or(reason);
        if PULL_REASONS.contains(&reason) {
            return Some((
                FaultKind::ImagePull,
                format!("image {} cannot be pulled: {message}", container.image),
            ));
        }
        if CRASH_REASONS.contains(&reason) {
            return Some((
                FaultKind::Crash,
                last_exit(container).unwrap_or_else(|| message.to_owned()),
            ));
        }
    }
    let ended = state.terminated.is_some();
    let restarted = container.restart_count > 0 && running_for(container, now).is_none_or(|long| long < STEADY);
    (ended || restarted).then(|| {
        (
            FaultKind::Crash,
            last_exit(container).unwrap_or_else(|| "it exits".to_owned()),
        )
    })
}

fn last_exit(container: &ContainerStatus) -> Option<String> {
    let ended = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| state.as_ref()?.terminated.clone();
    let exit = ended(&container.state).or_else(|| ended(&container.last_state))?;
    let reason = exit
        .reason
        .filter(|reason| reason != "Error")
        .map(|reason| format!(" ({reason})"));
    let said = exit
        .message
        .map(|m| m.trim().to_owned())
        .filter(|m| !m.is_empty())
        .map(|m| format!(": {m}"));
    Some(format!(
        "exited with code {}{}{}",
        exit.exit_code,
        reason.unwrap_or_default(),
        said.unwrap_or_default()
    ))
}

fn shorten(message: &str) -> String {
    let mut short: String = message.chars().take(MAX_MESSAGE).collect();
    if short.len() < message.len() {
        short.push('…');
    }
    short
}

/// Where a lease can be reached: by host name first, then by ports of the nodes.
fn uris(ingresses: &[Ingress], services: &[Service], settings: &Settings) -> Vec<String> {
    let rules = ingresses
        .iter()
        .filter_map(|i| i.spec.as_ref()?.rules.as_ref())
        .flatten();
    let hosts = rules
        .filter_map(|rule| rule.host.as_deref())
        .map(|host| settings.uri(host));
    let ports = settings.node_port_host.iter().flat_map(|node| {
        services
            .iter()
            .filter_map(node_port_service_of)
            .flatten()
            .filter_map(move |port| {
                let scheme = port.protocol.as_deref().unwrap_or("TCP").to_lowercase();
                Some(format!("{scheme}://{node}:{}", port.node_port?))
            })
    });
    hosts.chain(ports).collect()
}

#[cfg(test)]
mod tests;
