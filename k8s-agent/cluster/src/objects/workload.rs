//! Pods, and what keeps them running.

use super::{expose, milli, registry, select, whole, Scope};
use crate::lease::{RUNS, SERVICE_LABEL};
use k8s_openapi::{
    api::{
        apps::v1::{
            Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment, StatefulSet, StatefulSetSpec,
        },
        core::v1::{
            Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, PersistentVolumeClaim,
            PersistentVolumeClaimSpec, PodSecurityContext, PodSpec, PodTemplateSpec, ResourceRequirements,
            SeccompProfile, SecurityContext, Volume, VolumeMount, VolumeResourceRequirements,
        },
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use kube::api::ObjectMeta;
use perigee_sdl::{
    resources::{Storage, DEFAULT_CLASS},
    Service,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Resource that stands for a GPU.
pub(crate) const GPU: &str = "nvidia.com/gpu";
/// What ordinary images need: change owners, switch users, bind low ports. Raw sockets are not among it: with them a pod
/// forges packets on the node's network.
const CAPABILITIES: [&str; 9] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SYS_CHROOT",
];
/// Enough to finish requests; a tenant who closes a lease does not wait long for the end.
const GRACE_SECONDS: i64 = 10;
/// Kubernetes says that a rollout is stuck after this long.
const PROGRESS_SECONDS: i32 = 600;

/// What one replica needs, in bytes and thousandths of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub cpu_milli: u64,
    /// With volumes in memory: what is written there counts as the container's memory.
    pub memory: u64,
    /// The container's own disk and scratch volumes.
    pub ephemeral: u64,
    pub persistent: u64,
    pub gpus: u64,
}

pub(crate) fn needs(service: &Service) -> Needs {
    let r = &service.resources;
    let mut needs = Needs {
        cpu_milli: r.cpu.units.val,
        memory: r.memory.size.val,
        gpus: r.gpu.units.val,
        ..Default::default()
    };
    for volume in &r.storage {
        let sum = match kind(volume) {
            Kind::Memory => &mut needs.memory,
            Kind::Scratch => &mut needs.ephemeral,
            Kind::Lasting => &mut needs.persistent,
        };
        *sum = sum.saturating_add(volume.size.val);
    }
    needs
}

enum Kind {
    Memory,
    Scratch,
    Lasting,
}

fn kind(volume: &Storage) -> Kind {
    if volume.is_ram() {
        Kind::Memory
    } else if volume.is_persistent() {
        Kind::Lasting
    } else {
        Kind::Scratch
    }
}

pub(super) fn has_volumes(service: &Service) -> bool {
    service.resources.storage.iter().any(Storage::is_persistent)
}

pub(super) fn deployment(scope: &Scope<'_>, service: &Service) -> Deployment {
    Deployment {
        metadata: scope.service_meta(&service.name, &service.name),
        spec: Some(DeploymentSpec {
            replicas: Some(replicas(scope, service)),
            selector: selector(scope, service),
            template: template(scope, service),
            revision_history_limit: Some(1),
            progress_deadline_seconds: Some(PROGRESS_SECONDS),
            // Never more pods than were leased: there is no room for one more during a change.
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".into()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(0)),
                    max_unavailable: Some(IntOrString::Int(1)),
                }),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn stateful_set(scope: &Scope<'_>, service: &Service) -> StatefulSet {
    let claims = service
        .resources
        .storage
        .iter()
        .filter(|v| v.is_persistent())
        .map(|v| claim(scope, service, v));
    StatefulSet {
        metadata: scope.service_meta(&service.name, &service.name),
        spec: Some(StatefulSetSpec {
            replicas: Some(replicas(scope, service)),
            selector: selector(scope, service),
            template: template(scope, service),
            service_name: Some(service.name.clone()),
            pod_management_policy: Some("Parallel".into()),
            revision_history_limit: Some(1),
            volume_claim_templates: Some(claims.collect()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn replicas(scope: &Scope, service: &Service) -> i32 {
    match scope.paused {
        true => 0,
        false => service.count.try_into().unwrap_or(i32::MAX),
    }
}

fn selector(scope: &Scope<'_>, service: &Service) -> LabelSelector {
    select(scope.selector(&service.name))
}

fn claim(scope: &Scope<'_>, service: &Service, volume: &Storage) -> PersistentVolumeClaim {
    let class = volume.class().unwrap_or(DEFAULT_CLASS);
    let class = scope.settings.storage_classes.get(class);
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(volume.name.clone()),
            labels: Some(scope.selector(&service.name)),
            ..Default::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            storage_class_name: class.cloned(),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), whole(volume.size.val))].into()),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn template(scope: &Scope<'_>, service: &Service) -> PodTemplateSpec {
    let pod = pod(scope, service);
    let mut labels = scope.lease.lasting_labels();
    labels.insert(SERVICE_LABEL.into(), service.name.clone());
    // Neither commitment nor owner: both change while the same goes on running.
    let annotations = [(RUNS.to_owned(), digest(scope.nonce, &pod))].into();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels),
            annotations: Some(annotations),
            ..Default::default()
        }),
        spec: Some(pod),
    }
}

/// Tells pods that run the same from others: what they are, and the nonce of the manifest that asked for them.
fn digest(nonce: &[u8; 32], pod: &PodSpec) -> String {
    let pod = serde_json::json!(pod).to_string();
    hex::encode(Sha256::new().chain_update(nonce).chain_update(pod).finalize())
}

fn pod(scope: &Scope<'_>, service: &Service) -> PodSpec {
    PodSpec {
        containers: vec![container(scope, service)],
        volumes: some(scratch_volumes(service)),
        image_pull_secrets: service.credentials.as_ref().map(|_| vec![registry::reference(service)]),
        runtime_class_name: scope.settings.runtime_class.clone(),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        security_context: Some(PodSecurityContext {
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".into(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn container(scope: &Scope<'_>, service: &Service) -> Container {
    let ports = service
        .expose
        .iter()
        .map(|e| (e.port, e.proto))
        .collect::<BTreeSet<_>>()
        .into_iter();
    let ports = ports.map(|(port, proto)| ContainerPort {
        container_port: port.into(),
        protocol: Some(proto.as_str().to_owned()),
        ..Default::default()
    });
    Container {
        name: service.name.clone(),
        image: Some(service.image.clone()),
        image_pull_policy: Some(scope.settings.image_pull_policy.clone()),
        command: service.command.clone(),
        args: service.args.clone(),
        env: Some(environment(scope, service)),
        ports: some(ports.collect()),
        resources: Some(resources(service)),
        volume_mounts: some(mounts(service)),
        // The last lines of a crashed container's log are what its tenant needs to see.
        termination_message_policy: Some("FallbackToLogsOnError".into()),
        security_context: Some(SecurityContext {
            privileged: Some(false),
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".into()]),
                add: Some(CAPABILITIES.map(str::to_owned).into()),
            }),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".into(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Ours first; what the tenant sets wins. Nothing that changes while a lease lasts, such as its owner: pods would start
/// anew with it.
fn environment(scope: &Scope<'_>, service: &Service) -> Vec<EnvVar> {
    let own = [
        ("PERIGEE_LEASE", scope.lease.key.id.to_string()),
        ("PERIGEE_SERVICE", service.name.clone()),
        (
            "PERIGEE_PUBLIC_HOST",
            expose::host_of(&service.name, scope.lease.key.id, scope.settings),
        ),
    ];
    let given = service
        .env
        .iter()
        .flatten()
        .map(|entry| entry.split_once('=').unwrap_or((entry, "")));
    let mut order: Vec<&str> = Vec::new();
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    let all = own
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .chain(given.map(|(n, v)| (n, v.to_owned())));
    for (name, value) in all {
        if values.insert(name, value).is_none() {
            order.push(name);
        }
    }
    let variable = |name: &str| EnvVar {
        name: name.to_owned(),
        value: values.remove(name),
        ..Default::default()
    };
    order.into_iter().map(variable).collect()
}

/// Requests equal limits: what is leased is what one gets, no more and no less.
fn resources(service: &Service) -> ResourceRequirements {
    let needs = needs(service);
    let mut amounts: BTreeMap<String, Quantity> = [
        ("cpu".to_owned(), milli(needs.cpu_milli)),
        ("memory".to_owned(), whole(needs.memory)),
        ("ephemeral-storage".to_owned(), whole(needs.ephemeral)),
    ]
    .into();
    if needs.gpus > 0 {
        amounts.insert(GPU.to_owned(), whole(needs.gpus));
    }
    ResourceRequirements {
        requests: Some(amounts.clone()),
        limits: Some(amounts),
        ..Default::default()
    }
}

/// Where a volume is mounted, if anywhere, and whether for reading only.
fn mount_of<'a>(service: &'a Service, volume: &str) -> Option<(&'a str, bool)> {
    let mounts = service.params.as_ref()?.storage.as_ref()?;
    let mount = mounts.iter().find(|m| m.name == volume && !m.mount.is_empty())?;
    Some((&mount.mount, mount.read_only))
}

fn mounts(service: &Service) -> Vec<VolumeMount> {
    let mounted = service
        .resources
        .storage
        .iter()
        .filter_map(|v| Some((v, mount_of(service, &v.name)?)));
    let mount = |(volume, (path, read_only)): (&Storage, (&str, bool))| VolumeMount {
        name: volume.name.clone(),
        mount_path: path.to_owned(),
        read_only: Some(read_only),
        ..Default::default()
    };
    mounted.map(mount).collect()
}

/// Volumes that live as long as the pod.
fn scratch_volumes(service: &Service) -> Vec<Volume> {
    let scratch = service.resources.storage.iter();
    let scratch = scratch.filter(|v| !v.is_persistent() && mount_of(service, &v.name).is_some());
    let volume = |v: &Storage| Volume {
        name: v.name.clone(),
        empty_dir: Some(EmptyDirVolumeSource {
            medium: v.is_ram().then(|| "Memory".to_owned()),
            size_limit: Some(whole(v.size.val)),
        }),
        ..Default::default()
    };
    scratch.map(volume).collect()
}

/// Server-side apply reads an empty list as one that we set to nothing.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
