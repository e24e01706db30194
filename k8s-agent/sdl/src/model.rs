//! An SDL document as typed values: what a parsed file means, and what a program builds to print one.
//!
//! Every type has public fields and a `Default` or a constructor, so that a document is built with struct updates or
//! with [`crate::builder`]. [`Document::check`] is the judge of both kinds.

pub use crate::manifest::{HttpOptions, Protocol};
use crate::quantity::Decimal;
use std::collections::BTreeMap;

/// A whole SDL file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Version of the format.
    pub version: Version,
    /// Files that an early version of the format included. Without effect.
    pub include: Vec<String>,
    /// Services by name.
    pub services: BTreeMap<String, Service>,
    /// What services may need, by name.
    pub compute: BTreeMap<String, Compute>,
    /// Where they may run, by name.
    pub placement: BTreeMap<String, Placement>,
    /// Which service runs where: service → placement → how.
    pub deployment: BTreeMap<String, BTreeMap<String, Deployment>>,
    /// Leased addresses by name.
    pub endpoints: BTreeMap<String, EndpointKind>,
    /// Least notice of a provider who wants the resources back, for instance `24h`.
    pub reclamation: Option<String>,
}

/// Version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 2.0.
    #[default]
    V2_0,
    /// 2.1: e-mail of credentials kept, credentials trimmed, no read-only volumes in memory.
    V2_1,
}

impl Version {
    /// As it is written in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
        }
    }
}

/// Kind of an endpoint. There is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointKind {
    /// An IP address of its own.
    #[default]
    Ip,
}

/// A container image and how it is run and reached. Empty lists mean "not given".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Container image.
    pub image: String,
    /// Entry point.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment, `NAME=value` each.
    pub env: Vec<String>,
    /// Ports.
    pub expose: Vec<Expose>,
    /// Services named as dependencies. Without effect.
    pub dependencies: Vec<String>,
    /// Mounts, permissions, confidential computing.
    pub params: Option<Params>,
    /// Login of a private registry.
    pub credentials: Option<Credentials>,
}

/// A port and who may reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expose {
    /// Port of the container.
    pub port: u16,
    /// Port seen from outside, where it is another.
    pub as_port: Option<u16>,
    /// Transport protocol.
    pub proto: Protocol,
    /// Host names that the ingress routes here.
    pub accept: Vec<String>,
    /// Who may reach it.
    pub to: Vec<ExposeTo>,
    /// How the ingress proxies.
    pub http_options: HttpOptions,
}

impl Default for Expose {
    /// Port 80, for nobody.
    fn default() -> Self {
        let http_options = HttpOptions::default();
        Self {
            port: 80,
            as_port: None,
            proto: Protocol::Tcp,
            accept: Vec::new(),
            to: Vec::new(),
            http_options,
        }
    }
}

impl Expose {
    /// The port seen from outside.
    pub fn outside_port(&self) -> u16 {
        self.as_port.unwrap_or(self.port)
    }
}

/// Who may reach a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExposeTo {
    /// One service of the deployment.
    pub service: Option<String>,
    /// Everybody.
    pub global: bool,
    /// Everybody, by this leased address.
    pub ip: Option<String>,
}

/// Mounts, permissions, confidential computing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// Mounts by volume.
    pub storage: BTreeMap<String, Mount>,
    /// What the service may read of its deployment.
    pub permissions: Option<Vec<Permission>>,
    /// Confidential computing.
    pub tee: Option<Tee>,
}

/// Where a volume is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Absolute path; none for the container's own disk.
    pub mount: Option<String>,
    /// Without write access?
    pub read_only: bool,
}

/// What a service may read of its deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// The deployment itself.
    Deployment,
    /// Logs.
    Logs,
    /// Events.
    Events,
}

impl Permission {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Logs => "logs",
            Self::Events => "events",
        }
    }
}

/// Confidential computing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tee {
    /// Processor and memory.
    Cpu,
    /// Processor, memory and GPU.
    CpuGpu,
}

impl Tee {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::CpuGpu => "cpu-gpu",
        }
    }
}

/// Login of a private registry.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Registry host.
    pub host: String,
    /// E-mail.
    pub email: Option<String>,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What one replica of a service needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Processor architecture, where it matters.
    pub cpu_arch: Option<String>,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Volumes, in the order of the manifest.
    pub storage: Vec<Volume>,
    /// GPU devices.
    pub gpu: Option<Gpu>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// The name a service mounts it by; `default` is the container's own disk.
    pub name: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Class and persistence, where given.
    pub attributes: Option<VolumeAttributes>,
}

/// Name of the volume that is the container's own disk.
pub const DEFAULT_VOLUME: &str = "default";

impl Default for Volume {
    /// The container's own disk, of no size yet.
    fn default() -> Self {
        Self {
            name: DEFAULT_VOLUME.into(),
            size_bytes: 0,
            attributes: None,
        }
    }
}

/// Class and persistence of a volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VolumeAttributes {
    /// Storage class; a persistent volume without one gets `default`.
    pub class: Option<StorageClass>,
    /// Does it outlive the container?
    pub persistent: bool,
}

/// Storage class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StorageClass {
    /// The provider's choice.
    Default,
    /// Hard disks.
    Beta1,
    /// Solid-state disks.
    Beta2,
    /// NVMe.
    Beta3,
    /// Memory.
    Ram,
}

impl StorageClass {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Default, Self::Beta1, Self::Beta2, Self::Beta3, Self::Ram];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => crate::resources::DEFAULT_CLASS,
            Self::Beta1 => "beta1",
            Self::Beta2 => "beta2",
            Self::Beta3 => "beta3",
            Self::Ram => crate::resources::RAM_CLASS,
        }
    }
}

/// GPU devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// Devices.
    pub units: u64,
    /// NVIDIA models that will do; an empty list is any.
    pub models: Vec<GpuModel>,
}

/// A GPU model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuModel {
    /// For instance `a100`.
    pub model: String,
    /// Memory of the device, for instance `80Gi`.
    pub ram: Option<String>,
    /// How it is attached.
    pub interface: Option<GpuInterface>,
}

/// How a GPU is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpuInterface {
    /// PCI Express.
    Pcie,
    /// SXM.
    Sxm,
}

impl GpuInterface {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pcie => "pcie",
            Self::Sxm => "sxm",
        }
    }
}

/// Where services may run, and for how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// What the provider must state of itself.
    pub attributes: BTreeMap<String, String>,
    /// Auditors of whom all must vouch for it.
    pub all_of: Vec<String>,
    /// Auditors of whom one must vouch for it.
    pub any_of: Vec<String>,
    /// Most that is paid per replica and block, by compute profile.
    pub pricing: BTreeMap<String, Price>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// What it is counted in.
    pub denom: String,
    /// How much.
    pub amount: Decimal,
}

/// How a service runs at a placement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Compute profile.
    pub profile: String,
    /// Replicas.
    pub count: u32,
}
