//! How services are reached: inside the lease by name, from outside by host name or by a port of the nodes.

use super::Scope;
use crate::settings::Settings;
use k8s_openapi::{
    api::{
        core::v1::{Service as KubeService, ServicePort, ServiceSpec},
        networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
            IngressSpec, ServiceBackendPort,
        },
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use perigee_sdl::{ManifestGroup, Service, ServiceExpose};
use std::collections::BTreeMap;

/// Ending of the second Service of a service that is reached by ports of the nodes.
pub(super) const NODE_PORT_SUFFIX: &str = "-np";

/// What is exposed by host name through the ingress.
pub(super) fn by_host(service: &Service) -> impl Iterator<Item = &ServiceExpose> {
    service.expose.iter().filter(|e| e.is_ingress())
}

/// What is exposed by a port of the nodes.
pub(super) fn by_port(service: &Service) -> impl Iterator<Item = &ServiceExpose> {
    service.expose.iter().filter(|e| e.global && !e.is_ingress())
}

/// The host name that `service` of lease `lease` gets.
pub fn host_of(service: &str, lease: u64, settings: &Settings) -> String {
    format!("{service}-{lease}.{}", settings.domain)
}

/// All host names that lead to lease `lease`: those it gets, and those its tenant brought.
pub fn hosts(lease: u64, group: &ManifestGroup, settings: &Settings) -> Vec<String> {
    let exposed = group.services.iter().filter(|s| by_host(s).next().is_some());
    let own = exposed.map(|s| host_of(&s.name, lease, settings));
    own.chain(hosts_of(group).map(str::to_owned)).collect()
}

/// Host names that tenants brought themselves.
pub(super) fn hosts_of(group: &ManifestGroup) -> impl Iterator<Item = &str> {
    group
        .services
        .iter()
        .flat_map(by_host)
        .flat_map(|e| e.hosts.iter().flatten())
        .map(String::as_str)
}

/// The Services of a service: one for its name inside, one for ports of the nodes if it needs them.
pub(super) fn services(scope: &Scope<'_>, service: &Service) -> Vec<KubeService> {
    let inside = ports(service.expose.iter());
    let outside = ports(by_port(service));
    let cluster_ip = (!inside.is_empty()).then(|| kube_service(scope, service, "", "ClusterIP", inside));
    let node_port = (!outside.is_empty()).then(|| kube_service(scope, service, NODE_PORT_SUFFIX, "NodePort", outside));
    cluster_ip.into_iter().chain(node_port).collect()
}

fn kube_service(
    scope: &Scope<'_>,
    service: &Service,
    suffix: &str,
    kind: &str,
    ports: Vec<ServicePort>,
) -> KubeService {
    KubeService {
        metadata: scope.service_meta(format!("{}{suffix}", service.name), &service.name),
        spec: Some(ServiceSpec {
            type_: Some(kind.to_owned()),
            selector: Some(scope.selector(&service.name)),
            ports: Some(ports),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// One port per number and protocol: a port may be exposed to several others.
fn ports<'a>(exposed: impl Iterator<Item = &'a ServiceExpose>) -> Vec<ServicePort> {
    let by_number: BTreeMap<_, _> = exposed.map(|e| ((e.outside_port(), e.proto), e.port)).collect();
    let port = |((outside, proto), target): ((u16, perigee_sdl::manifest::Protocol), u16)| ServicePort {
        name: Some(format!("{}-{outside}", proto.as_str().to_lowercase())),
        port: outside.into(),
        target_port: Some(IntOrString::Int(target.into())),
        protocol: Some(proto.as_str().to_owned()),
        ..Default::default()
    };
    by_number.into_iter().map(port).collect()
}

/// The Ingress of a service that is exposed by host name.
pub(super) fn ingress(scope: &Scope<'_>, service: &Service) -> Option<Ingress> {
    let exposed = by_host(service).next()?;
    let own = host_of(&service.name, scope.lease.key.id, scope.settings);
    let brought = by_host(service).flat_map(|e| e.hosts.iter().flatten()).cloned();
    let rules = std::iter::once(own)
        .chain(brought)
        .map(|host| rule(&service.name, exposed.outside_port(), host))
        .collect();
    let mut metadata = scope.service_meta(&service.name, &service.name);
    metadata
        .annotations
        .get_or_insert_default()
        .extend(proxy_annotations(exposed));
    Some(Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: Some(scope.settings.ingress_class.clone()),
            rules: Some(rules),
            ..Default::default()
        }),
        ..Default::default()
    })
}

fn rule(service: &str, port: u16, host: String) -> IngressRule {
    let backend = IngressServiceBackend {
        name: service.to_owned(),
        port: Some(ServiceBackendPort {
            number: Some(port.into()),
            ..Default::default()
        }),
    };
    IngressRule {
        host: Some(host),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                path: Some("/".into()),
                path_type: "Prefix".into(),
                backend: IngressBackend {
                    service: Some(backend),
                    ..Default::default()
                },
            }],
        }),
    }
}

/// HTTP options, as the most common controller reads them; others ignore them.
fn proxy_annotations(exposed: &ServiceExpose) -> [(String, String); 3] {
    let options = &exposed.http_options;
    let seconds = |milliseconds: u32| milliseconds.div_ceil(1000).to_string();
    [
        ("proxy-body-size", options.max_body_size.to_string()),
        ("proxy-read-timeout", seconds(options.read_timeout)),
        ("proxy-send-timeout", seconds(options.send_timeout)),
    ]
    .map(|(key, value)| (format!("nginx.ingress.kubernetes.io/{key}"), value))
}

/// Ports of a Service that is reached by ports of the nodes.
pub(crate) fn node_port_service_of(service: &KubeService) -> Option<&Vec<ServicePort>> {
    let spec = service.spec.as_ref()?;
    spec.ports
        .as_ref()
        .filter(|_| spec.type_.as_deref() == Some("NodePort"))
}
