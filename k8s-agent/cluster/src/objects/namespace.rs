//! The namespace of a lease, and how much it may hold.

use super::{milli, whole, workload, Scope};
use k8s_openapi::{
    api::core::v1::{LimitRange, LimitRangeItem, LimitRangeSpec, Namespace, ResourceQuota, ResourceQuotaSpec},
    apimachinery::pkg::api::resource::Quantity,
};
use perigee_sdl::ManifestGroup;
use std::collections::BTreeMap;

/// The quota is this many times what was leased. It is a second fence behind the limits of the pods themselves, and pods
/// of a lost node count until the node is back: with the exact sum, nothing could replace them.
const QUOTA_FACTOR: u64 = 2;
/// For containers that name no limit; ours all do.
const DEFAULT_CPU_MILLI: u64 = 100;
const DEFAULT_MEMORY: u64 = 64 << 20;

pub(super) fn namespace(scope: &Scope<'_>) -> Namespace {
    let mut metadata = scope.meta(scope.lease.key.namespace());
    metadata.namespace = None;
    let pod_security = [
        ("pod-security.kubernetes.io/enforce", "baseline"),
        ("pod-security.kubernetes.io/enforce-version", "latest"),
    ];
    metadata
        .labels
        .get_or_insert_default()
        .extend(pod_security.map(|(key, value)| (key.to_owned(), value.to_owned())));
    Namespace {
        metadata,
        ..Default::default()
    }
}

pub(super) fn quota(scope: &Scope<'_>, group: &ManifestGroup) -> ResourceQuota {
    let sum = |amount: fn(&workload::Needs) -> u64| {
        group.services.iter().fold(0u64, |sum, service| {
            let replicas = u64::from(service.count).saturating_mul(QUOTA_FACTOR);
            sum.saturating_add(amount(&workload::needs(service)).saturating_mul(replicas))
        })
    };
    let (cpu, memory) = (milli(sum(|n| n.cpu_milli)), whole(sum(|n| n.memory)));
    let hard: BTreeMap<String, Quantity> = [
        ("requests.cpu", cpu.clone()),
        ("limits.cpu", cpu),
        ("requests.memory", memory.clone()),
        ("limits.memory", memory),
        ("limits.ephemeral-storage", whole(sum(|n| n.ephemeral))),
        ("requests.storage", whole(sum(|n| n.persistent))),
        ("pods", whole(sum(|_| 1))),
        ("services.loadbalancers", whole(0)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    ResourceQuota {
        metadata: scope.meta("leased"),
        spec: Some(ResourceQuotaSpec {
            hard: Some(hard),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn limits(scope: &Scope<'_>) -> LimitRange {
    let default: BTreeMap<String, Quantity> = [
        ("cpu".to_owned(), milli(DEFAULT_CPU_MILLI)),
        ("memory".to_owned(), whole(DEFAULT_MEMORY)),
    ]
    .into();
    let item = LimitRangeItem {
        type_: "Container".into(),
        default: Some(default.clone()),
        default_request: Some(default),
        ..Default::default()
    };
    LimitRange {
        metadata: scope.meta("defaults"),
        spec: Some(LimitRangeSpec { limits: vec![item] }),
    }
}
