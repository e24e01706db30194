//! Amounts of compute as Akash's JSON writes them; shared by manifests and group specs. Texts are a `String`, or
//! borrow from the document while bytes are made of it.

use serde::{Deserialize, Serialize};

/// One mebibyte, the unit in which the chain counts memory and storage.
pub const MIB: u64 = 1 << 20;

/// Storage class of a volume that lives in memory.
pub const RAM_CLASS: &str = "ram";

/// Storage class of a persistent volume that names none.
pub const DEFAULT_CLASS: &str = "default";

/// A whole number, written as decimal text so that no JSON reader rounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// The number.
    #[serde(with = "decimal_text")]
    pub val: u64,
}

impl From<u64> for Quantity {
    fn from(val: u64) -> Self {
        Self { val }
    }
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute<S = String> {
    /// The key, for instance `vendor/nvidia/model/a100`.
    pub key: S,
    /// The value.
    pub value: S,
}

impl<S> Attribute<S> {
    /// An attribute of this key and value.
    pub fn new(key: impl Into<S>, value: impl Into<S>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

/// The value of an attribute, where there is one.
pub fn attribute<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    attributes.iter().find(|a| a.key == key).map(|a| a.value.as_str())
}

/// Processor time, in thousandths of a core.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cpu<S = String> {
    /// What the processor must be, for instance `arch`.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute<S>>,
    /// Thousandths of a core.
    pub units: Quantity,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory<S = String> {
    /// Never set by the format today.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute<S>>,
    /// Bytes.
    pub size: Quantity,
}

/// One volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage<S = String> {
    /// `class` and `persistent`.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute<S>>,
    /// The name a service refers to; `default` is the container's own disk.
    pub name: S,
    /// Bytes.
    pub size: Quantity,
}

impl Storage {
    /// Does the volume outlive its container?
    pub fn is_persistent(&self) -> bool {
        attribute(&self.attributes, "persistent") == Some("true")
    }

    /// The storage class, where one is named.
    pub fn class(&self) -> Option<&str> {
        attribute(&self.attributes, "class")
    }

    /// Does the volume live in memory?
    pub fn is_ram(&self) -> bool {
        self.class() == Some(RAM_CLASS)
    }
}

/// GPU devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu<S = String> {
    /// Models that will do, for instance `vendor/nvidia/model/a100/ram/80Gi`.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute<S>>,
    /// Devices.
    pub units: Quantity,
}

/// How an endpoint is reached from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointKind {
    /// By host name through the provider's ingress, on port 80.
    #[default]
    SharedHttp,
    /// By a port that the provider picks.
    RandomPort,
    /// By an address of its own.
    LeasedIp,
}

impl EndpointKind {
    /// The number that stands for the kind in JSON.
    pub fn number(self) -> u8 {
        match self {
            Self::SharedHttp => 0,
            Self::RandomPort => 1,
            Self::LeasedIp => 2,
        }
    }

    fn is_shared_http(&self) -> bool {
        *self == Self::SharedHttp
    }
}

impl Serialize for EndpointKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for EndpointKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(Self::SharedHttp),
            1 => Ok(Self::RandomPort),
            2 => Ok(Self::LeasedIp),
            other => Err(serde::de::Error::custom(format!(
                "endpoint kind {other} is not known (0, 1 or 2)"
            ))),
        }
    }
}

/// One way in from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// How it is reached; left out of JSON for the shared ingress.
    #[serde(default, skip_serializing_if = "EndpointKind::is_shared_http")]
    pub kind: EndpointKind,
    /// Which leased address, from 1; 0 for the other kinds.
    pub sequence_number: u32,
}

/// What one replica needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources<S = String> {
    /// Processor time.
    pub cpu: Cpu<S>,
    /// Ways in from outside.
    pub endpoints: Vec<Endpoint>,
    /// GPU devices.
    pub gpu: Gpu<S>,
    /// Number of the resource unit within its group, from 1.
    pub id: u32,
    /// Memory.
    pub memory: Memory<S>,
    /// Volumes.
    pub storage: Vec<Storage<S>>,
}

/// What a whole group needs. Sums stop at the largest number instead of wrapping, so that a hostile manifest is too
/// big for every lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Bytes of memory, with volumes of class `ram`, which live there.
    pub memory_bytes: u64,
    /// Bytes of all other volumes.
    pub storage_bytes: u64,
    /// GPU devices.
    pub gpus: u64,
    /// Ways in from outside. Replicas share them.
    pub endpoints: u64,
}

impl Totals {
    /// Adds `count` replicas of these resources.
    pub(crate) fn add(&mut self, resources: &Resources, count: u32) {
        let volumes = resources
            .storage
            .iter()
            .map(|volume| (volume.is_ram(), volume.size.val));
        let units = [resources.cpu.units, resources.memory.size, resources.gpu.units];
        self.add_amounts(units.map(|units| units.val), volumes, count);
        self.endpoints = self.endpoints.saturating_add(resources.endpoints.len() as u64);
    }

    /// Adds `count` times thousandths of a core, bytes of memory and GPUs, and volumes: is it in memory, and its bytes.
    pub(crate) fn add_amounts(
        &mut self,
        [cpu_milli, memory_bytes, gpus]: [u64; 3],
        volumes: impl Iterator<Item = (bool, u64)>,
        count: u32,
    ) {
        let add = |sum: &mut u64, val: u64| *sum = sum.saturating_add(val.saturating_mul(u64::from(count)));
        add(&mut self.cpu_milli, cpu_milli);
        add(&mut self.memory_bytes, memory_bytes);
        add(&mut self.gpus, gpus);
        for (in_memory, bytes) in volumes {
            match in_memory {
                true => add(&mut self.memory_bytes, bytes),
                false => add(&mut self.storage_bytes, bytes),
            }
        }
    }

    /// Memory in MiB, rounded up.
    pub fn memory_mib(&self) -> u64 {
        self.memory_bytes.div_ceil(MIB)
    }

    /// Storage in MiB, rounded up.
    pub fn storage_mib(&self) -> u64 {
        self.storage_bytes.div_ceil(MIB)
    }

    /// Is every amount at most that of `other`?
    pub fn fits(&self, other: &Self) -> bool {
        self.cpu_milli <= other.cpu_milli
            && self.memory_bytes <= other.memory_bytes
            && self.storage_bytes <= other.storage_bytes
            && self.gpus <= other.gpus
            && self.endpoints <= other.endpoints
    }
}

/// A `u64` as decimal text.
mod decimal_text {
    use serde::{de::Error, Deserialize, Deserializer, Serializer};
    use std::borrow::Cow;

    pub fn serialize<S: Serializer>(val: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(itoa::Buffer::new().format(*val))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // `parse` alone would also take "+5" and "05", which would not print as they were read.
        match text.parse::<u64>() {
            Ok(val) if val.to_string() == text => Ok(val),
            _ => Err(D::Error::custom(format!(
                "expected a whole number as text, found {text:?}"
            ))),
        }
    }
}
