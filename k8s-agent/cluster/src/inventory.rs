//! What is allocatable, per node.
//!
//! Nodes are kept apart: a pod of six cores does not run on two nodes with four each. Room is what a node can allocate
//! less what its own (system) pods request; pods of leases are counted to their lease, once.

use crate::{
    lease::{ChainTag, LeaseKey},
    objects::{needs, Needs, GPU},
    Cluster, ClusterError,
};
use futures::try_join;
use k8s_openapi::{
    api::core::v1::{Container, Node, Pod, PodSpec},
    apimachinery::pkg::api::resource::Quantity,
};
use kube::api::ListParams;
use perigee_sdl::ManifestGroup;
use std::collections::BTreeMap;

/// Taints with these effects keep our pods away.
const REPELLING: [&str; 2] = ["NoSchedule", "NoExecute"];

/// Amounts on one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of ephemeral storage.
    pub storage_bytes: u64,
    /// GPUs.
    pub gpus: u64,
    /// Pods.
    pub pods: u64,
}

impl Amounts {
    /// The sum; stops at the largest number.
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// The difference; stops at zero.
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    /// Is every amount at most that of `other`?
    pub fn fits(&self, other: &Self) -> bool {
        self.minus(*other) == Self::default()
    }

    fn zip(self, other: Self, f: fn(u64, u64) -> u64) -> Self {
        Self {
            cpu_milli: f(self.cpu_milli, other.cpu_milli),
            memory_bytes: f(self.memory_bytes, other.memory_bytes),
            storage_bytes: f(self.storage_bytes, other.storage_bytes),
            gpus: f(self.gpus, other.gpus),
            pods: f(self.pods, other.pods),
        }
    }
}

/// One node that takes pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRoom {
    /// Its name.
    pub name: String,
    /// What leases can have: allocatable less system pods.
    pub room: Amounts,
    /// What pods of leases have, by lease.
    pub leased: BTreeMap<u64, Amounts>,
}

/// All nodes that take pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// By name.
    pub nodes: Vec<NodeRoom>,
}

/// Can a group be placed?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Yes.
    Fits,
    /// No: no node has room for a replica of this service, after all others found theirs.
    NoRoom {
        /// The service.
        service: String,
    },
}

impl Inventory {
    /// What can be leased in all, running leases included: the figure for the chain. It is a sum over nodes, so a group
    /// may fit it and still find no node; [`Inventory::can_place`] tells.
    pub fn capacity(&self) -> Amounts {
        self.nodes
            .iter()
            .fold(Amounts::default(), |sum, node| sum.plus(node.room))
    }

    /// Room per node that no lease uses but `except`, whose own pods may be replaced.
    pub fn free(&self, except: Option<u64>) -> Vec<Amounts> {
        let used = |node: &NodeRoom| {
            let others = node.leased.iter().filter(|(lease, _)| Some(**lease) != except);
            others.fold(Amounts::default(), |sum, (_, amounts)| sum.plus(*amounts))
        };
        self.nodes.iter().map(|node| node.room.minus(used(node))).collect()
    }

    /// Would all pods of `group` find a node, beside the leases that run? Packs largest first, each onto the node where
    /// it leaves the least.
    pub fn can_place(&self, lease: u64, group: &ManifestGroup) -> Placement {
        let mut free = self.free(Some(lease));
        let mut pods: Vec<(&str, Amounts)> = group
            .services
            .iter()
            .flat_map(|s| std::iter::repeat_n((s.name.as_str(), Amounts::from(needs(s))), s.count as usize))
            .collect();
        pods.sort_by_key(|(_, a)| std::cmp::Reverse((a.gpus, a.memory_bytes, a.cpu_milli, a.storage_bytes)));
        for (service, amounts) in pods {
            let fitting = free.iter_mut().filter(|room| amounts.fits(room));
            let tightest = fitting.min_by_key(|room| {
                let left = room.minus(amounts);
                (left.gpus, left.memory_bytes, left.cpu_milli)
            });
            match tightest {
                Some(room) => *room = room.minus(amounts),
                None => {
                    return Placement::NoRoom {
                        service: service.to_owned(),
                    }
                }
            }
        }
        Placement::Fits
    }
}

impl From<Needs> for Amounts {
    fn from(needs: Needs) -> Self {
        Self {
            cpu_milli: needs.cpu_milli,
            memory_bytes: needs.memory,
            storage_bytes: needs.ephemeral,
            gpus: needs.gpus,
            pods: 1,
        }
    }
}

impl Cluster {
    /// Measures all nodes that take pods now. What leases of other chains than `chain` have left running takes room as
    /// system pods do; without a chain, all leases count as leases.
    pub async fn inventory(&self, chain: Option<ChainTag>) -> Result<Inventory, ClusterError> {
        let (nodes, pods) = try_join!(
            self.list(self.all::<Node>(), ListParams::default()),
            self.list(self.all::<Pod>(), ListParams::default()),
        )?;
        Ok(measure(&nodes, &pods, chain))
    }
}

/// The pure part.
fn measure(nodes: &[Node], pods: &[Pod], chain: Option<ChainTag>) -> Inventory {
    let mut rooms: BTreeMap<&str, NodeRoom> = nodes.iter().filter(|n| takes_pods(n)).filter_map(empty_room).collect();
    for pod in pods.iter().filter(|p| !is_over(p)) {
        let Some(spec) = &pod.spec else { continue };
        let Some(node) = spec.node_name.as_deref().and_then(|name| rooms.get_mut(name)) else {
            continue;
        };
        let asked = requests(spec);
        match LeaseKey::in_labels(pod.metadata.labels.as_ref()) {
            Some(lease) if chain.is_none_or(|chain| chain == lease.chain) => {
                let leased = node.leased.entry(lease.id).or_default();
                *leased = leased.plus(asked);
            }
            _ => node.room = node.room.minus(asked),
        }
    }
    Inventory {
        nodes: rooms.into_values().collect(),
    }
}

fn empty_room(node: &Node) -> Option<(&str, NodeRoom)> {
    let name = node.metadata.name.as_deref()?;
    let room = amounts(node.status.as_ref()?.allocatable.as_ref()?);
    Some((
        name,
        NodeRoom {
            name: name.to_owned(),
            room,
            ..Default::default()
        },
    ))
}

fn takes_pods(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let repels = spec
        .into_iter()
        .flat_map(|s| s.taints.iter().flatten())
        .any(|t| REPELLING.contains(&t.effect.as_str()));
    let cordoned = spec.and_then(|s| s.unschedulable).unwrap_or(false);
    let conditions = node.status.iter().flat_map(|s| s.conditions.iter().flatten());
    let ready = conditions.into_iter().any(|c| c.type_ == "Ready" && c.status == "True");
    ready && !cordoned && !repels
}

/// A pod that ended holds nothing; one that is ending still does.
fn is_over(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// What the scheduler counts for a pod: containers and sidecars together, or the largest init container if that is more.
fn requests(spec: &PodSpec) -> Amounts {
    let asked = |c: &Container| {
        c.resources
            .as_ref()
            .and_then(|r| r.requests.as_ref())
            .map(amounts)
            .unwrap_or_default()
    };
    let mut running = spec
        .containers
        .iter()
        .map(asked)
        .fold(Amounts::default(), Amounts::plus);
    let mut sidecars = Amounts::default();
    let mut peak = Amounts::default();
    for init in spec.init_containers.iter().flatten() {
        if init.restart_policy.as_deref() == Some("Always") {
            sidecars = sidecars.plus(asked(init));
            peak = peak.zip(sidecars, u64::max);
        } else {
            peak = peak.zip(sidecars.plus(asked(init)), u64::max);
        }
    }
    running = running.plus(sidecars).zip(peak, u64::max);
    let overhead = spec.overhead.as_ref().map(amounts).unwrap_or_default();
    Amounts {
        pods: 1,
        ..running.plus(overhead)
    }
}

fn amounts(of: &BTreeMap<String, Quantity>) -> Amounts {
    let value = |name: &str, unit: i32| of.get(name).and_then(|q| parse_quantity(&q.0, unit)).unwrap_or(0);
    Amounts {
        cpu_milli: value("cpu", -3),
        memory_bytes: value("memory", 0),
        storage_bytes: value("ephemeral-storage", 0),
        gpus: value(GPU, 0),
        pods: value("pods", 0),
    }
}

/// A Kubernetes quantity in units of ten to the power of `unit`, rounded down; `None` for text that is none.
fn parse_quantity(text: &str, unit: i32) -> Option<u64> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (power, binary) = match suffix {
        "" => (0, 0),
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 10),
        "Mi" => (0, 20),
        "Gi" => (0, 30),
        "Ti" => (0, 40),
        "Pi" => (0, 50),
        "Ei" => (0, 60),
        exponent => (exponent.strip_prefix(['e', 'E'])?.parse().ok()?, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let shift: i32 = power - unit - i32::try_from(fraction.len()).ok()?;
    let digits = digits.checked_mul(1u128 << binary)?;
    let factor = 10u128.checked_pow(shift.unsigned_abs())?;
    let value = if shift < 0 {
        digits / factor
    } else {
        digits.checked_mul(factor)?
    };
    u64::try_from(value).ok()
}

#[cfg(test)]
mod tests;
