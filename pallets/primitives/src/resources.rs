//! Amounts of compute, and what they cost.

use crate::{Balance, PerModel};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Classes of persistent storage. Named in files as Akash does: `beta1`, `beta2`, `beta3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum StorageClass {
    /// Spinning disks, `beta1`.
    #[codec(index = 0)]
    Hdd,
    /// Solid-state disks, `beta2`.
    #[codec(index = 1)]
    Ssd,
    /// NVMe disks, `beta3`.
    #[codec(index = 2)]
    Nvme,
}

/// How many storage classes there are.
pub const STORAGE_CLASSES: usize = 3;

impl StorageClass {
    /// All of them, in the order of their indices.
    pub const ALL: [Self; STORAGE_CLASSES] = [Self::Hdd, Self::Ssd, Self::Nvme];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hdd => "beta1",
            Self::Ssd => "beta2",
            Self::Nvme => "beta3",
        }
    }
}

/// An amount of compute.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Resources {
    /// Thousandths of a CPU core.
    pub cpu_milli: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Ephemeral storage in MiB.
    pub storage_mib: u64,
    /// Persistent storage in MiB, by the index of its [`StorageClass`].
    pub persistent_mib: [u64; STORAGE_CLASSES],
    /// GPU devices by model.
    pub gpus: PerModel<u32>,
    /// Public addresses of its own.
    pub ips: u32,
    /// Endpoints reachable from outside.
    pub endpoints: u32,
}

impl Resources {
    /// Is every amount at most that of `other`?
    pub fn fits(&self, other: &Self) -> bool {
        self.cpu_milli <= other.cpu_milli
            && self.memory_mib <= other.memory_mib
            && self.storage_mib <= other.storage_mib
            && self
                .persistent_mib
                .iter()
                .zip(&other.persistent_mib)
                .all(|(a, b)| a <= b)
            && self.gpus.iter().all(|(model, count)| *count <= other.gpus.get(model))
            && self.ips <= other.ips
            && self.endpoints <= other.endpoints
    }

    /// The sum, or `None` where an amount overflows or the GPUs are of too many models.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let mut gpus = self.gpus;
        for (model, count) in other.gpus.iter() {
            gpus.set(*model, gpus.get(model).checked_add(*count)?)?;
        }
        let mut persistent_mib = self.persistent_mib;
        for (sum, more) in persistent_mib.iter_mut().zip(other.persistent_mib) {
            *sum = sum.checked_add(more)?;
        }
        Some(Self {
            cpu_milli: self.cpu_milli.checked_add(other.cpu_milli)?,
            memory_mib: self.memory_mib.checked_add(other.memory_mib)?,
            storage_mib: self.storage_mib.checked_add(other.storage_mib)?,
            persistent_mib,
            gpus,
            ips: self.ips.checked_add(other.ips)?,
            endpoints: self.endpoints.checked_add(other.endpoints)?,
        })
    }

    /// The difference, zero where `other` holds more.
    pub fn saturating_sub(&self, other: &Self) -> Self {
        let mut persistent_mib = self.persistent_mib;
        for (rest, less) in persistent_mib.iter_mut().zip(other.persistent_mib) {
            *rest = rest.saturating_sub(less);
        }
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory_mib: self.memory_mib.saturating_sub(other.memory_mib),
            storage_mib: self.storage_mib.saturating_sub(other.storage_mib),
            persistent_mib,
            gpus: self
                .gpus
                .map(|model, count| count.saturating_sub(other.gpus.get(model))),
            ips: self.ips.saturating_sub(other.ips),
            endpoints: self.endpoints.saturating_sub(other.endpoints),
        }
    }

    /// Can something run on it at all?
    pub fn is_runnable(&self) -> bool {
        self.cpu_milli > 0 && self.memory_mib > 0
    }
}

/// Micro base units (10⁻⁶ base units) per block, for one unit of each resource.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PriceSchedule {
    /// For a thousandth of a core.
    pub cpu_milli: u64,
    /// For a MiB of memory.
    pub memory_mib: u64,
    /// For a MiB of ephemeral storage.
    pub storage_mib: u64,
    /// For a MiB of persistent storage, by the index of its [`StorageClass`].
    pub persistent_mib: [u64; STORAGE_CLASSES],
    /// For a GPU of each model; a model that is not named is not offered.
    pub gpus: PerModel<u64>,
    /// For an address of its own.
    pub ip: u64,
    /// For an endpoint.
    pub endpoint: u64,
}

impl PriceSchedule {
    /// Rate per block in base units: the ceiling of the summed schedule. `None` on overflow, and for a GPU model that
    /// has no price.
    pub fn rate(&self, r: &Resources) -> Option<Balance> {
        let plain = [
            (self.cpu_milli, r.cpu_milli),
            (self.memory_mib, r.memory_mib),
            (self.storage_mib, r.storage_mib),
            (self.ip, r.ips.into()),
            (self.endpoint, r.endpoints.into()),
        ];
        let persistent = self.persistent_mib.into_iter().zip(r.persistent_mib);
        let mut micro = plain
            .into_iter()
            .chain(persistent)
            .try_fold(0u128, |sum, (price, amount)| {
                sum.checked_add(u128::from(price) * u128::from(amount))
            })?;
        for (model, count) in r.gpus.iter() {
            let price = self.gpus.find(model)?;
            micro = micro.checked_add(u128::from(*price) * u128::from(*count))?;
        }
        Some(micro.div_ceil(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GpuModel;

    fn one() -> Resources {
        Resources {
            cpu_milli: 1,
            memory_mib: 1,
            storage_mib: 1,
            persistent_mib: [1; STORAGE_CLASSES],
            gpus: PerModel::one(model("nvidia/a100"), 1),
            ips: 1,
            endpoints: 1,
        }
    }

    fn model(name: &str) -> GpuModel {
        GpuModel::new(name.as_bytes()).expect("a valid name")
    }

    #[test]
    fn rate_is_the_ceiling_of_the_sum_not_the_sum_of_ceilings() {
        let p = PriceSchedule {
            cpu_milli: 400_000,
            memory_mib: 400_000,
            storage_mib: 400_000,
            gpus: PerModel::one(model("nvidia/a100"), 0),
            ..Default::default()
        };
        assert_eq!(p.rate(&one()), Some(2));
    }

    #[test]
    fn each_resource_has_its_price() {
        let p = PriceSchedule {
            cpu_milli: 1_000_000,
            memory_mib: 10_000_000,
            storage_mib: 100_000_000,
            persistent_mib: [1_000_000_000, 10_000_000_000, 100_000_000_000],
            gpus: PerModel::one(model("nvidia/a100"), 1_000_000_000_000),
            ip: 10_000_000_000_000,
            endpoint: 100_000_000_000_000,
        };
        assert_eq!(p.rate(&one()), Some(111_111_111));
    }

    #[test]
    fn a_gpu_model_without_a_price_has_no_rate() {
        let p = PriceSchedule {
            gpus: PerModel::one(model("nvidia/t4"), 1),
            ..Default::default()
        };
        assert_eq!(p.rate(&one()), None);
    }

    #[test]
    fn rate_overflow_is_none() {
        let p = PriceSchedule {
            cpu_milli: u64::MAX,
            memory_mib: u64::MAX,
            ..Default::default()
        };
        let r = Resources {
            cpu_milli: u64::MAX,
            memory_mib: u64::MAX,
            ..Default::default()
        };
        assert_eq!(p.rate(&r), None);
    }

    #[test]
    fn fits_needs_every_amount() {
        assert!(one().fits(&one()));
        let mut more = one();
        more.persistent_mib[2] = 2;
        assert!(!more.fits(&one()));
        let other_model = Resources {
            gpus: PerModel::one(model("nvidia/t4"), 1),
            ..one()
        };
        assert!(!other_model.fits(&one()));
    }

    #[test]
    fn adding_and_taking_away_keep_models_apart() {
        let other = Resources {
            gpus: PerModel::one(model("nvidia/t4"), 3),
            ..Default::default()
        };
        let sum = one().checked_add(&other).expect("no overflow");
        assert_eq!(sum.gpus.get(&model("nvidia/a100")), 1);
        assert_eq!(sum.gpus.get(&model("nvidia/t4")), 3);
        assert_eq!(sum.saturating_sub(&other), one());
    }
}
