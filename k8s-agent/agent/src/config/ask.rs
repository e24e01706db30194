//! The standing ask: prices, what orders may select by, and on what terms is leased.

use super::Amount;
use perigee_primitives::{GpuModel, Isolation as ChainIsolation, Ppm, MILLION};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// Prices in PRG for 30 days, and the terms.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// A core.
    pub cpu: Amount,
    /// A GiB of memory.
    pub memory: Amount,
    /// A GiB of ephemeral storage.
    pub storage: Amount,
    /// A GiB of persistent storage, by the class's name in manifests.
    pub persistent: BTreeMap<String, Amount>,
    /// A GPU, by model.
    pub gpus: BTreeMap<Model, Amount>,
    /// A public address.
    pub ip: Amount,
    /// An endpoint.
    pub endpoint: Amount,
    /// How tenants are kept apart.
    pub isolation: Isolation,
    /// ISO 3166-1 code of the country, such as `DE`.
    pub country: Option<String>,
    /// Region, such as `eu-west`.
    pub region: Option<String>,
    /// Shortest term in hours.
    pub shortest_hours: u32,
    /// Longest term in hours. With one, leases without a term are not taken.
    pub longest_hours: Option<u32>,
    /// Hours between the provider's notice and the end of a lease; only those in which it is present count.
    pub notice_hours: f64,
    /// Per cent of each day in which the provider promises to be present.
    pub sla_percent: f64,
    /// Addresses of the only tenants that the ask is for.
    pub only: Vec<String>,
    /// Addresses of tenants that it is not for.
    pub except: Vec<String>,
    /// Attributes, for example `host = "akash"`.
    pub attributes: BTreeMap<String, String>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            cpu: Amount::prg(3),
            memory: Amount::prg(1),
            storage: Amount::centi_prg(5),
            persistent: [("beta1", 3), ("beta2", 5), ("beta3", 8)]
                .map(|(class, price)| (class.to_owned(), Amount::centi_prg(price)))
                .into(),
            gpus: BTreeMap::new(),
            ip: Amount::prg(3),
            endpoint: Amount::centi_prg(10),
            isolation: Isolation::SharedKernel,
            country: None,
            region: None,
            shortest_hours: 0,
            longest_hours: None,
            notice_hours: 1.0,
            sla_percent: 99.0,
            only: Vec::new(),
            except: Vec::new(),
            attributes: BTreeMap::new(),
        }
    }
}

impl Ask {
    /// The promise in parts of a million.
    pub fn sla(&self) -> Ppm {
        // Checked to lie between 0 and 100; the cast rounds what is left.
        (self.sla_percent * f64::from(MILLION / 100)).round() as Ppm
    }

    /// What types cannot say, with all `attributes` that the ask would have. The error is the key's path and what is
    /// wrong.
    pub(super) fn check(&self, attributes: &BTreeMap<String, String>) -> Result<(), (String, String)> {
        let wrong = |key: &str, message: &str| Err((format!("ask.{key}"), message.to_owned()));
        if attributes.len() > 32 {
            return wrong(
                "attributes",
                "makes more than the 32 attributes the chain takes, what the cluster offers counted",
            );
        }
        let fits = |text: &str| (1..=64).contains(&text.len()) && text.is_ascii();
        for (key, value) in attributes {
            if !fits(key) || !fits(value) {
                return wrong(
                    &format!("attributes.{key}"),
                    "key and value must be 1 to 64 ASCII characters",
                );
            }
        }
        if self.region.as_ref().is_some_and(|region| !fits(region)) {
            return wrong("region", "must be 1 to 64 ASCII characters");
        }
        let is_code = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        if self.country.as_ref().is_some_and(|code| !is_code(code)) {
            return wrong("country", "is not a country's code of two capital letters, such as DE");
        }
        if self.longest_hours.is_some_and(|longest| longest < self.shortest_hours) {
            return wrong("longest_hours", "is less than shortest_hours");
        }
        if !(0.0..=100.0).contains(&self.sla_percent) {
            return wrong("sla_percent", "must lie between 0 and 100");
        }
        if !self.only.is_empty() && !self.except.is_empty() {
            return wrong("except", "stands beside `only`; name one of them");
        }
        if self.only.len().max(self.except.len()) > 16 {
            return wrong("only", "a list of tenants holds 16 addresses at most");
        }
        crate::core::pricing::schedule(self)
            .map(drop)
            .map_err(|part| (format!("ask.{part}"), "is more than the chain can count".into()))
    }
}

/// Vendor and model of a GPU, as in `nvidia/a100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Model(pub GpuModel);

impl TryFrom<String> for Model {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        GpuModel::new(name.as_bytes())
            .map(Self)
            .ok_or_else(|| format!("`{name}` is not vendor/model in lower case, 24 characters at most"))
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// How tenants are kept apart, as the config spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Containers on one kernel.
    #[default]
    SharedKernel,
    /// A user-space kernel per pod.
    Gvisor,
    /// A virtual machine per pod.
    Kata,
}

impl From<Isolation> for ChainIsolation {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::SharedKernel => Self::SharedKernel,
            Isolation::Gvisor => Self::Gvisor,
            Isolation::Kata => Self::Kata,
        }
    }
}
