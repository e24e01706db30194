//! Can a manifest be run here? Everything that is not understood is refused, never ignored.

use super::{
    expose::{self, NODE_PORT_SUFFIX},
    registry,
};
use crate::{
    images::{self, ImageError},
    settings::Settings,
};
use perigee_sdl::{
    resources::{Storage, DEFAULT_CLASS},
    ManifestGroup, Service,
};
use std::{collections::BTreeSet, net::IpAddr};

/// Services of one lease.
const MAX_SERVICES: usize = 32;
/// Replicas of one service.
const MAX_REPLICAS: u32 = 100;
/// Ports of one service; Kubernetes has no such limit, enforcers of policies do.
const MAX_PORTS: usize = 64;
/// Host names that one lease may bring.
const MAX_HOSTS: usize = 64;
/// A DNS label.
const MAX_LABEL: usize = 63;
/// A DNS name.
const MAX_HOST: usize = 253;
/// How a GPU attribute ends that names no model.
const GPU_WILDCARD: &str = "/*";

/// Can `group` be run as lease `lease` with these settings?
pub fn check(lease: u64, group: &ManifestGroup, settings: &Settings) -> Result<(), BuildError> {
    let count = group.services.len();
    if count == 0 || count > MAX_SERVICES {
        return Err(BuildError::Services { count });
    }
    check_names(group)?;
    for service in &group.services {
        check_service(lease, service, settings)?;
    }
    let exposed: usize = group
        .services
        .iter()
        .map(|s| s.expose.iter().filter(|e| e.global).count())
        .sum();
    if exposed as u64 > group.total().endpoints {
        return Err(BuildError::Endpoints {
            exposed,
            leased: group.total().endpoints,
        });
    }
    check_hosts(group, settings)
}

/// Names of services are names of objects: each must be a label and stand for one object only.
fn check_names(group: &ManifestGroup) -> Result<(), BuildError> {
    let mut taken = BTreeSet::new();
    for service in &group.services {
        let name = service.name.as_str();
        if !is_label(name) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(BuildError::Name(name.to_owned()));
        }
        let node_port = expose::by_port(service)
            .next()
            .map(|_| format!("{name}{NODE_PORT_SUFFIX}"));
        for object in std::iter::once(name.to_owned()).chain(node_port) {
            if object.len() > MAX_LABEL || !taken.insert(object) {
                return Err(BuildError::Name(name.to_owned()));
            }
        }
    }
    Ok(())
}

fn check_service(lease: u64, service: &Service, settings: &Settings) -> Result<(), BuildError> {
    let refuse = |problem| {
        Err(BuildError::Service {
            service: service.name.clone(),
            problem,
        })
    };
    images::check(&service.image, &settings.allowed_registries)?;
    if service.count == 0 || service.count > MAX_REPLICAS {
        return refuse(Problem::Replicas(service.count));
    }
    if let Some(params) = &service.params {
        if params.tee.is_some() {
            return refuse(Problem::Tee);
        }
        if params
            .permissions
            .as_ref()
            .is_some_and(|p| p.read.as_ref().is_some_and(|read| !read.is_empty()))
        {
            return refuse(Problem::Permissions);
        }
    }
    check_credentials(service)
        .and_then(|()| check_environment(service))
        .and_then(|()| check_resources(service, settings))
        .and_then(|()| check_ports(lease, service, settings))
        .or_else(refuse)
}

/// A login is for the registry of the image: elsewhere it would be of no use, and shows that one of the two is a mistake.
fn check_credentials(service: &Service) -> Result<(), Problem> {
    let (Some(login), Ok(image)) = (&service.credentials, images::host(&service.image)) else {
        return Ok(());
    };
    match registry::host(&login.host) {
        host if host == image => Ok(()),
        host => Err(Problem::Credentials { host, image }),
    }
}

fn check_environment(service: &Service) -> Result<(), Problem> {
    for entry in service.env.iter().flatten() {
        let name = entry.split_once('=').map_or(entry.as_str(), |(name, _)| name);
        let ordinary = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(ordinary) {
            return Err(Problem::Environment(name.to_owned()));
        }
    }
    Ok(())
}

fn check_resources(service: &Service, settings: &Settings) -> Result<(), Problem> {
    let resources = &service.resources;
    if resources.cpu.units.val == 0 || resources.memory.size.val == 0 {
        return Err(Problem::NoResources);
    }
    let named = resources.gpu.attributes.iter().any(|a| !a.key.ends_with(GPU_WILDCARD));
    if resources.gpu.units.val > 0 && named {
        return Err(Problem::GpuModel);
    }
    let mut names = BTreeSet::new();
    for volume in &resources.storage {
        if !is_label(&volume.name) || !names.insert(&volume.name) {
            return Err(Problem::VolumeName(volume.name.clone()));
        }
        check_volume(service, volume, settings)?;
    }
    check_mounts(service, &names)
}

fn check_volume(service: &Service, volume: &Storage, settings: &Settings) -> Result<(), Problem> {
    if !volume.is_persistent() {
        return Ok(());
    }
    let class = volume.class().unwrap_or(DEFAULT_CLASS);
    if !settings.storage_classes.contains_key(class) {
        return Err(Problem::StorageClass(class.to_owned()));
    }
    let mounts = service.params.iter().flat_map(|p| p.storage.iter().flatten());
    match mounts
        .into_iter()
        .find(|m| m.name == volume.name && !m.mount.is_empty())
    {
        Some(_) => Ok(()),
        None => Err(Problem::NotMounted(volume.name.clone())),
    }
}

fn check_mounts(service: &Service, volumes: &BTreeSet<&String>) -> Result<(), Problem> {
    let mut paths = BTreeSet::new();
    for mount in service.params.iter().flat_map(|p| p.storage.iter().flatten()) {
        if !volumes.contains(&mount.name) {
            return Err(Problem::VolumeName(mount.name.clone()));
        }
        if mount.mount.is_empty() {
            continue;
        }
        let strange = mount.mount.contains([':', '\0']) || mount.mount.split('/').any(|part| part == "..");
        if !mount.mount.starts_with('/') || mount.mount == "/" || strange || !paths.insert(&mount.mount) {
            return Err(Problem::Mount(mount.mount.clone()));
        }
    }
    Ok(())
}

fn check_ports(lease: u64, service: &Service, settings: &Settings) -> Result<(), Problem> {
    if service.expose.len() > MAX_PORTS {
        return Err(Problem::TooManyPorts(service.expose.len()));
    }
    let mut targets = std::collections::BTreeMap::new();
    for exposed in &service.expose {
        if exposed.port == 0 {
            return Err(Problem::PortZero);
        }
        if !exposed.ip.is_empty() {
            return Err(Problem::LeasedIp);
        }
        let key = (exposed.outside_port(), exposed.proto);
        if *targets.entry(key).or_insert(exposed.port) != exposed.port {
            return Err(Problem::PortTwice(exposed.outside_port()));
        }
        if exposed.global && !exposed.is_ingress() && settings.node_port_host.is_none() {
            return Err(Problem::NodePort {
                port: exposed.outside_port(),
                proto: exposed.proto.as_str(),
            });
        }
    }
    let label = format!("{}-{lease}", service.name);
    if expose::by_host(service).next().is_some() && label.len() > MAX_LABEL {
        return Err(Problem::HostTooLong);
    }
    Ok(())
}

/// Names that tenants bring must be names, once each, and not the provider's own: a name below our domain would be
/// another lease's front door.
fn check_hosts(group: &ManifestGroup, settings: &Settings) -> Result<(), BuildError> {
    let mut taken = BTreeSet::new();
    for host in expose::hosts_of(group) {
        let refuse = |why| {
            Err(BuildError::Host {
                host: host.to_owned(),
                why,
            })
        };
        if host.len() > MAX_HOST || !host.split('.').all(is_label) || host.parse::<IpAddr>().is_ok() {
            return refuse("it is not a host name in lower case");
        }
        if !host.contains('.') || host.ends_with(".localhost") && !settings.domain.ends_with("localhost") {
            return refuse("it is not a public host name");
        }
        if host == settings.domain || host.ends_with(&format!(".{}", settings.domain)) {
            return refuse("it is below the provider's own domain");
        }
        if !taken.insert(host) || taken.len() > MAX_HOSTS {
            return refuse("it is there twice, or there are too many");
        }
    }
    Ok(())
}

fn is_label(text: &str) -> bool {
    let ordinary = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= MAX_LABEL
        && text.chars().all(ordinary)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Why a manifest cannot be run here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// None, or too many.
    #[error("the manifest has {count} services; 1 to {MAX_SERVICES} can run in a lease")]
    Services {
        /// How many.
        count: usize,
    },
    /// A name that is none, or stands for two things.
    #[error("`{0}` cannot be the name of a service: it is no DNS label, or it is taken")]
    Name(String),
    /// More is exposed than was leased.
    #[error("{exposed} ports are exposed; {leased} endpoints are in the manifest's resources")]
    Endpoints {
        /// Exposed.
        exposed: usize,
        /// In the resources.
        leased: u64,
    },
    /// An image from where images are not taken.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A host name that cannot be had.
    #[error("host name `{host}` is refused: {why}")]
    Host {
        /// The name.
        host: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something about one service.
    #[error("service `{service}`: {problem}")]
    Service {
        /// Which one.
        service: String,
        /// What.
        problem: Problem,
    },
}

/// What is wrong with a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// None, or too many.
    #[error("{0} replicas; 1 to {MAX_REPLICAS} can run")]
    Replicas(u32),
    /// A login for another registry than the image's.
    #[error("its credentials are for `{host}`, but its image comes from `{image}`")]
    Credentials {
        /// What the login is for.
        host: String,
        /// Where the image is.
        image: String,
    },
    /// Confidential computing.
    #[error("confidential computing (params.tee) is not offered by this provider")]
    Tee,
    /// Reading its own deployment.
    #[error("reading its own deployment (params.permissions) is not offered by this provider")]
    Permissions,
    /// A name no variable can have.
    #[error("`{0}` cannot be the name of an environment variable")]
    Environment(String),
    /// Nothing can run on nothing.
    #[error("it needs CPU and memory")]
    NoResources,
    /// A certain model of GPU.
    #[error("this provider cannot pin a GPU model; leave the model out")]
    GpuModel,
    /// A volume's name.
    #[error("`{0}` cannot be the name of a volume: it is no DNS label, it is there twice, or there is no such volume")]
    VolumeName(String),
    /// A class that the provider does not have.
    #[error("storage class `{0}` is not offered by this provider")]
    StorageClass(String),
    /// A lasting volume that nothing uses.
    #[error("persistent volume `{0}` is mounted nowhere")]
    NotMounted(String),
    /// A path that cannot be mounted to.
    #[error("`{0}` cannot be a mount: it must be an absolute path, and used once")]
    Mount(String),
    /// Too many ports.
    #[error("{0} ports are exposed; at most {MAX_PORTS} can be")]
    TooManyPorts(usize),
    /// Port 0.
    #[error("port 0 cannot be exposed")]
    PortZero,
    /// Two containers' ports behind one.
    #[error("port {0} is exposed twice, for different ports of the container")]
    PortTwice(u16),
    /// An address of its own.
    #[error("leased IP addresses are not offered by this provider")]
    LeasedIp,
    /// A port of the nodes.
    #[error("{proto} port {port} cannot be reached from outside here; only HTTP on port 80 can")]
    NodePort {
        /// The port.
        port: u16,
        /// TCP or UDP.
        proto: &'static str,
    },
    /// The generated host name has a label that is too long.
    #[error("its name is too long for a host name")]
    HostTooLong,
}

impl BuildError {
    /// Stable name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Image(_) => "image_host",
            Self::Host { .. } => "host_name",
            Self::Service { problem, .. } if problem.is_not_offered() => "not_offered",
            _ => "manifest_refused",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Image(_) => "use an image from a public registry, for example docker.io or ghcr.io",
            Self::Host { .. } => "use a host name of your own, in lower case",
            Self::Service { problem, .. } if problem.is_not_offered() => {
                "close the deployment and choose another provider, or change the file"
            }
            _ => "change the file and deploy again",
        }
    }
}

impl Problem {
    fn is_not_offered(&self) -> bool {
        matches!(
            self,
            Self::Tee
                | Self::Permissions
                | Self::GpuModel
                | Self::StorageClass(_)
                | Self::LeasedIp
                | Self::NodePort { .. }
        )
    }
}
