//! Amounts of compute, and what they cost.

use crate::Balance;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

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
    /// GPU devices.
    pub gpus: u32,
    /// Endpoints reachable from outside.
    pub endpoints: u32,
}

impl Resources {
    /// Is every amount at most that of `other`?
    pub fn fits(&self, other: &Self) -> bool {
        self.cpu_milli <= other.cpu_milli
            && self.memory_mib <= other.memory_mib
            && self.storage_mib <= other.storage_mib
            && self.gpus <= other.gpus
            && self.endpoints <= other.endpoints
    }

    /// The sum, or `None` where an amount overflows.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            cpu_milli: self.cpu_milli.checked_add(other.cpu_milli)?,
            memory_mib: self.memory_mib.checked_add(other.memory_mib)?,
            storage_mib: self.storage_mib.checked_add(other.storage_mib)?,
            gpus: self.gpus.checked_add(other.gpus)?,
            endpoints: self.endpoints.checked_add(other.endpoints)?,
        })
    }

    /// The difference, zero where `other` holds more.
    pub fn saturating_sub(&self, other: &Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory_mib: self.memory_mib.saturating_sub(other.memory_mib),
            storage_mib: self.storage_mib.saturating_sub(other.storage_mib),
            gpus: self.gpus.saturating_sub(other.gpus),
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
    /// For a GPU.
    pub gpu: u64,
    /// For an endpoint.
    pub endpoint: u64,
}

impl PriceSchedule {
    /// Rate per block in base units: the ceiling of the summed schedule. `None` on overflow.
    pub fn rate(&self, r: &Resources) -> Option<Balance> {
        let parts = [
            (self.cpu_milli, r.cpu_milli),
            (self.memory_mib, r.memory_mib),
            (self.storage_mib, r.storage_mib),
            (self.gpu, r.gpus.into()),
            (self.endpoint, r.endpoints.into()),
        ];
        let micro = parts.into_iter().try_fold(0u128, |sum, (price, amount)| {
            sum.checked_add(u128::from(price) * u128::from(amount))
        })?;
        Some(micro.div_ceil(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Resources = Resources {
        cpu_milli: 1,
        memory_mib: 1,
        storage_mib: 1,
        gpus: 1,
        endpoints: 1,
    };

    #[test]
    fn rate_is_the_ceiling_of_the_sum_not_the_sum_of_ceilings() {
        let p = PriceSchedule {
            cpu_milli: 400_000,
            memory_mib: 400_000,
            storage_mib: 400_000,
            ..Default::default()
        };
        assert_eq!(p.rate(&ONE), Some(2));
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
        assert!(ONE.fits(&ONE));
        assert!(!Resources { gpus: 2, ..ONE }.fits(&ONE));
    }
}
