//! Money: units and rates.

use codec::{Decode, DecodeWithMemTracking, Encode, Error, Input, MaxEncodedLen};
use scale_info::TypeInfo;

/// An amount in base units.
pub type Balance = u128;

/// Base units of one uprg.
pub const UPRG: Balance = 1_000_000;
/// Base units of one PRG.
pub const PRG: Balance = 1_000_000 * UPRG;

/// Parts of a million; fee rates are given in it.
pub type Ppm = u32;
/// A whole, in parts of a million.
pub const MILLION: Ppm = 1_000_000;

/// One escrow account. There is one per lease, and it carries the lease's id.
pub type EscrowId = u64;

/// The fee's rate: part of what is settled, 3 to 5 %. No value outside exists: neither the constructor nor decoding
/// makes one, so no origin can leave the bounds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(try_from = "Ppm", into = "Ppm"))]
pub struct FeeRate(Ppm);

impl FeeRate {
    /// The lowest rate.
    pub const MIN: Self = Self(30_000);
    /// The highest rate.
    pub const MAX: Self = Self(50_000);

    /// The rate of so many parts of a million, `None` outside the bounds.
    pub const fn new(ppm: Ppm) -> Option<Self> {
        if ppm < Self::MIN.0 || ppm > Self::MAX.0 {
            return None;
        }
        Some(Self(ppm))
    }

    /// In parts of a million.
    pub const fn ppm(self) -> Ppm {
        self.0
    }
}

impl Decode for FeeRate {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Self::new(Ppm::decode(input)?).ok_or_else(|| "fee rate outside its bounds".into())
    }
}

impl TryFrom<Ppm> for FeeRate {
    type Error = &'static str;

    fn try_from(ppm: Ppm) -> Result<Self, Self::Error> {
        Self::new(ppm).ok_or("a fee rate lies between 30000 and 50000 parts of a million")
    }
}

impl From<FeeRate> for Ppm {
    fn from(fee: FeeRate) -> Self {
        fee.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prg_is_a_million_uprg_of_a_million_units() {
        assert_eq!(UPRG, 10u128.pow(6));
        assert_eq!(PRG, 10u128.pow(12));
    }

    #[test]
    fn no_fee_rate_exists_outside_its_bounds() {
        for ppm in [0, 29_999, 50_001, Ppm::MAX] {
            assert_eq!(FeeRate::new(ppm), None);
            assert!(FeeRate::try_from(ppm).is_err());
            assert!(FeeRate::decode(&mut &ppm.encode()[..]).is_err());
        }
        for ppm in [30_000, 40_000, 50_000] {
            let fee = FeeRate::new(ppm).expect("within the bounds");
            assert_eq!((fee.ppm(), Ppm::from(fee)), (ppm, ppm));
            assert_eq!(FeeRate::decode(&mut &fee.encode()[..]), Ok(fee));
        }
    }
}
