//! Who may talk to whom: nothing in, nothing out, and what is allowed after all.

use super::{expose, select, Scope};
use crate::settings::{NetworkFacts, Settings};
use ipnet::IpNet;
use k8s_openapi::{
    api::networking::v1::{
        IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
        NetworkPolicyPort, NetworkPolicySpec,
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use perigee_sdl::{ManifestGroup, Service};
use std::sync::LazyLock;

/// Networks that are not the public internet: private, shared, link-local with cloud metadata, special purposes.
/// IPv4-mapped addresses are not among them: they never travel, and Kubernetes reads such a network as an IPv4 one.
const SPECIAL: [&str; 25] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",          // unspecified, loopback, IPv4-compatible
    "64:ff9b::/96",   // NAT64: private IPv4 behind it
    "64:ff9b:1::/48", // NAT64, local use
    "100::/64",
    "2001::/23", // Teredo and other protocols that carry IPv4
    "2001:db8::/32",
    "2002::/16", // 6to4: private IPv4 behind it
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// [`SPECIAL`], parsed.
pub(crate) fn special_networks() -> &'static [IpNet] {
    static PARSED: LazyLock<Vec<IpNet>> = LazyLock::new(|| SPECIAL.iter().filter_map(|net| net.parse().ok()).collect());
    &PARSED
}

/// All policies of a lease.
pub(super) fn policies(scope: &Scope<'_>, group: &ManifestGroup, facts: &NetworkFacts) -> Vec<NetworkPolicy> {
    let fixed = [deny_all(scope), inside(scope), dns(scope), internet(scope, facts)];
    let per_service = group.services.iter().flat_map(|service| {
        [from_ingress(scope, service), from_anywhere(scope, service)]
            .into_iter()
            .flatten()
    });
    fixed.into_iter().chain(per_service).collect()
}

fn policy(scope: &Scope<'_>, name: &str, spec: NetworkPolicySpec) -> NetworkPolicy {
    NetworkPolicy {
        metadata: scope.meta(name),
        spec: Some(spec),
    }
}

fn types(types: &[&str]) -> Option<Vec<String>> {
    Some(types.iter().map(|t| (*t).to_owned()).collect())
}

/// Selects every pod.
fn everything() -> Option<LabelSelector> {
    Some(LabelSelector::default())
}

fn deny_all(scope: &Scope<'_>) -> NetworkPolicy {
    let spec = NetworkPolicySpec {
        pod_selector: everything(),
        policy_types: types(&["Ingress", "Egress"]),
        ..Default::default()
    };
    policy(scope, "deny-all", spec)
}

/// Pods of one lease talk to each other.
fn inside(scope: &Scope<'_>) -> NetworkPolicy {
    let own = || {
        Some(vec![NetworkPolicyPeer {
            pod_selector: everything(),
            ..Default::default()
        }])
    };
    let spec = NetworkPolicySpec {
        pod_selector: everything(),
        policy_types: types(&["Ingress", "Egress"]),
        ingress: Some(vec![NetworkPolicyIngressRule {
            from: own(),
            ports: None,
        }]),
        egress: Some(vec![NetworkPolicyEgressRule { to: own(), ports: None }]),
    };
    policy(scope, "inside", spec)
}

fn dns(scope: &Scope<'_>) -> NetworkPolicy {
    let servers = NetworkPolicyPeer {
        namespace_selector: Some(select(
            [("kubernetes.io/metadata.name".into(), "kube-system".into())].into(),
        )),
        pod_selector: Some(select([("k8s-app".into(), "kube-dns".into())].into())),
        ..Default::default()
    };
    let rule = NetworkPolicyEgressRule {
        to: Some(vec![servers]),
        ports: Some(vec![port("UDP", 53, None), port("TCP", 53, None)]),
    };
    let spec = NetworkPolicySpec {
        pod_selector: everything(),
        policy_types: types(&["Egress"]),
        egress: Some(vec![rule]),
        ..Default::default()
    };
    policy(scope, "dns", spec)
}

/// The public internet, and only it.
fn internet(scope: &Scope<'_>, facts: &NetworkFacts) -> NetworkPolicy {
    let closed = closed_networks(scope.settings, facts);
    let ports = open_ports(&scope.settings.closed_ports);
    let rule = |all: &str, v4: bool| {
        let except: Vec<_> = closed.iter().filter(|net| net.addr().is_ipv4() == v4).collect();
        // An exception must be smaller than the whole; a provider that denies all has no internet to give.
        let some_left = except.iter().all(|net| net.prefix_len() > 0);
        some_left.then(|| NetworkPolicyEgressRule {
            to: Some(vec![NetworkPolicyPeer {
                ip_block: Some(IPBlock {
                    cidr: all.to_owned(),
                    except: Some(except.iter().map(ToString::to_string).collect()),
                }),
                ..Default::default()
            }]),
            ports: Some(ports.clone()),
        })
    };
    let spec = NetworkPolicySpec {
        pod_selector: everything(),
        policy_types: types(&["Egress"]),
        egress: Some(
            [rule("0.0.0.0/0", true), rule("::/0", false)]
                .into_iter()
                .flatten()
                .collect(),
        ),
        ..Default::default()
    };
    policy(scope, "internet", spec)
}

/// What workloads must not reach, without repetition, in order.
fn closed_networks(settings: &Settings, facts: &NetworkFacts) -> Vec<IpNet> {
    let own = facts
        .nodes
        .iter()
        .chain(&facts.api)
        .map(|address| IpNet::from(*address));
    let denied = settings.deny_cidrs.iter().map(IpNet::trunc);
    IpNet::aggregate(&special_networks().iter().copied().chain(own).chain(denied).collect())
}

/// All ports but `closed` for TCP, all for UDP.
fn open_ports(closed: &[u16]) -> Vec<NetworkPolicyPort> {
    let mut closed: Vec<u16> = closed.iter().copied().filter(|port| *port > 0).collect();
    closed.sort_unstable();
    closed.dedup();
    let mut ports = Vec::new();
    let mut from = Some(1u16);
    for port in closed {
        push_range(&mut ports, from, port - 1);
        from = port.checked_add(1);
    }
    push_range(&mut ports, from, u16::MAX);
    ports.push(port("UDP", 1, Some(u16::MAX)));
    ports
}

fn push_range(ports: &mut Vec<NetworkPolicyPort>, from: Option<u16>, to: u16) {
    if let Some(from) = from.filter(|from| *from <= to) {
        ports.push(port("TCP", from, Some(to)));
    }
}

fn port(protocol: &str, from: u16, to: Option<u16>) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(from.into())),
        end_port: to.map(i32::from),
    }
}

/// The ingress controller reaches what is exposed by host name.
fn from_ingress(scope: &Scope<'_>, service: &Service) -> Option<NetworkPolicy> {
    let ports: Vec<_> = expose::by_host(service).map(|e| port("TCP", e.port, None)).collect();
    let controller = NetworkPolicyPeer {
        namespace_selector: Some(select(scope.settings.ingress_namespace_labels.clone())),
        ..Default::default()
    };
    inward(scope, service, "from-ingress", Some(vec![controller]), ports)
}

/// Everybody reaches what is exposed by a port of the nodes.
fn from_anywhere(scope: &Scope<'_>, service: &Service) -> Option<NetworkPolicy> {
    let ports: Vec<_> = expose::by_port(service)
        .map(|e| port(e.proto.as_str(), e.port, None))
        .collect();
    inward(scope, service, "from-anywhere", None, ports)
}

fn inward(
    scope: &Scope<'_>,
    service: &Service,
    suffix: &str,
    from: Option<Vec<NetworkPolicyPeer>>,
    ports: Vec<NetworkPolicyPort>,
) -> Option<NetworkPolicy> {
    if ports.is_empty() {
        return None;
    }
    let spec = NetworkPolicySpec {
        pod_selector: Some(select(scope.selector(&service.name))),
        policy_types: types(&["Ingress"]),
        ingress: Some(vec![NetworkPolicyIngressRule {
            from,
            ports: Some(ports),
        }]),
        ..Default::default()
    };
    Some(NetworkPolicy {
        metadata: scope.service_meta(format!("{}-{suffix}", service.name), &service.name),
        spec: Some(spec),
    })
}
