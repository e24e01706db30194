//! Amounts of money: read, written, converted. The only place that knows units.

use perigee_primitives::{Balance, Ppm, PRG, UPRG};
use std::{fmt, str::FromStr};

/// Digits after the point in one PRG.
const PRG_DIGITS: usize = 12;

/// Parts of a million as people read them: `99.95 %`.
pub fn per_cent(ppm: Ppm) -> String {
    format!("{:.2} %", f64::from(ppm) / 10_000.0)
}

/// An exact decimal number, zero or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: u128,
    /// Digits after the point.
    scale: u32,
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("'{0}' is not a decimal number")]
    NotANumber(String),
    /// The unit is not known.
    #[error("'{0}' has no known unit: write for example 5prg, 250mprg or 40uprg")]
    Unit(String),
    /// Nothing.
    #[error("'{0}' is nothing: name an amount above zero")]
    Zero(String),
    /// Smaller than the smallest unit.
    #[error("'{0}' is finer than a base unit (10⁻¹² PRG)")]
    TooFine(String),
    /// Larger than an amount can be.
    #[error("'{0}' is too large")]
    TooLarge(String),
}

impl Decimal {
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// A whole number.
    pub fn whole(value: u128) -> Self {
        Self {
            mantissa: value,
            scale: 0,
        }
    }

    /// The product, `None` on overflow.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = Self {
            mantissa: self.mantissa.checked_mul(other.mantissa)?,
            scale: self.scale.checked_add(other.scale)?,
        };
        Some(product.reduced())
    }

    /// The sum, `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let mantissa = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Some(Self { mantissa, scale }.reduced())
    }

    fn at_scale(self, scale: u32) -> Option<u128> {
        self.mantissa.checked_mul(10u128.checked_pow(scale - self.scale)?)
    }

    /// The whole part.
    pub fn floor(self) -> u128 {
        10u128.checked_pow(self.scale).map_or(0, |unit| self.mantissa / unit)
    }

    /// The value if it is whole.
    pub fn as_whole(self) -> Option<u128> {
        (self.reduced().scale == 0).then_some(self.reduced().mantissa)
    }

    /// The same number with as few digits after the point as possible.
    fn reduced(self) -> Self {
        let mut value = self;
        while value.scale > 0 && value.mantissa.is_multiple_of(10) {
            value.mantissa /= 10;
            value.scale -= 1;
        }
        value
    }
}

impl FromStr for Decimal {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let not_a_number = || AmountError::NotANumber(text.into());
        let digits = text.replace('_', "");
        let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
        let ascii = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let empty = whole.is_empty() && part.is_empty();
        if empty || !ascii(whole) || !ascii(part) {
            return Err(not_a_number());
        }
        let part = part.trim_end_matches('0');
        let all = format!("{whole}{part}");
        let mantissa = all.parse().map_err(|_| AmountError::TooLarge(text.into()))?;
        Ok(Self {
            mantissa,
            scale: part.len() as u32,
        })
    }
}

impl<'de> serde::Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// Config files may write a number or, to be exact, a text.
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(u64),
            Float(f64),
            Text(String),
        }
        let text = match Written::deserialize(from)? {
            Written::Whole(n) => n.to_string(),
            Written::Float(n) => n.to_string(),
            Written::Text(s) => s,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount as people write it, above zero: `5prg`, `5 PRG`, `250mprg`, `40uprg`, `0.5prg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Balance);

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(end);
        let unit = match unit.to_ascii_lowercase().as_str() {
            "prg" => PRG,
            "mprg" => PRG / 1_000,
            "uprg" => UPRG,
            _ => return Err(AmountError::Unit(text.into())),
        };
        let number: Decimal = number.trim().parse()?;
        let base = number
            .checked_mul(Decimal::whole(unit))
            .ok_or_else(|| AmountError::TooLarge(text.into()))?;
        match base.as_whole() {
            Some(0) => Err(AmountError::Zero(text.into())),
            Some(amount) => Ok(Self(amount)),
            None => Err(AmountError::TooFine(text.into())),
        }
    }
}

impl fmt::Display for Amount {
    /// In PRG: exact below a precision is a row of zeros nobody reads, so six significant digits are kept, and always
    /// two after the point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / PRG;
        let part = format!("{:0PRG_DIGITS$}", self.0 % PRG);
        let leading = part.len() - part.trim_start_matches('0').len();
        let wanted = if whole > 0 { 4 } else { leading + 4 };
        let shown = part[..wanted.clamp(2, PRG_DIGITS)].trim_end_matches('0');
        let text = format!("{whole}.{shown:0<2} PRG");
        f.pad(&text)
    }
}

/// With all its digits: `3.100000000000 PRG`.
pub fn exact(amount: Balance) -> String {
    format!("{}.{:0PRG_DIGITS$} PRG", amount / PRG, amount % PRG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Result<u128, AmountError> {
        text.parse::<Amount>().map(|a| a.0)
    }

    #[test]
    fn amounts_are_read_in_every_unit() {
        assert_eq!(amount("5prg"), Ok(5 * PRG));
        assert_eq!(amount("5 PRG"), Ok(5 * PRG));
        assert_eq!(amount("0.5prg"), Ok(PRG / 2));
        assert_eq!(amount(".5prg"), Ok(PRG / 2));
        assert_eq!(amount("250mprg"), Ok(PRG / 4));
        assert_eq!(amount("40uprg"), Ok(40 * UPRG));
        assert_eq!(amount("1_000prg"), Ok(1_000 * PRG));
        assert_eq!(amount("0.000000000001prg"), Ok(1));
    }

    #[test]
    fn wrong_amounts_are_told_apart() {
        assert_eq!(amount("5"), Err(AmountError::Unit("5".into())));
        assert_eq!(amount("5 eur"), Err(AmountError::Unit("5 eur".into())));
        assert_eq!(amount("-5prg"), Err(AmountError::NotANumber("-5".into())));
        assert_eq!(amount("0.0prg"), Err(AmountError::Zero("0.0prg".into())));
        assert_eq!(amount("prg"), Err(AmountError::NotANumber("".into())));
        assert_eq!(amount("1.2.3prg"), Err(AmountError::NotANumber("1.2.3".into())));
        assert_eq!(
            amount("0.0000000000001prg"),
            Err(AmountError::TooFine("0.0000000000001prg".into()))
        );
        let huge = "9".repeat(40);
        assert_eq!(amount(&format!("{huge}prg")), Err(AmountError::TooLarge(huge)));
        let large = format!("{}prg", "9".repeat(38));
        assert_eq!(amount(&large), Err(AmountError::TooLarge(large)));
    }

    #[test]
    fn amounts_are_shown_with_the_digits_that_matter() {
        assert_eq!(Amount(0).to_string(), "0.00 PRG");
        assert_eq!(Amount(5 * PRG).to_string(), "5.00 PRG");
        assert_eq!(Amount(5 * PRG + PRG / 5).to_string(), "5.20 PRG");
        assert_eq!(Amount(PRG / 3).to_string(), "0.3333 PRG");
        assert_eq!(Amount(123_456).to_string(), "0.0000001234 PRG");
        assert_eq!(Amount(1).to_string(), "0.000000000001 PRG");
    }

    #[test]
    fn exact_amounts_lose_nothing() {
        assert_eq!(exact(PRG / 3), "0.333333333333 PRG");
        assert_eq!(exact(1), "0.000000000001 PRG");
        assert_eq!(exact(3 * PRG + PRG / 10), "3.100000000000 PRG");
    }

    #[test]
    fn decimals_multiply_exactly() {
        let a: Decimal = "10.000000000000000000".parse().unwrap();
        let b: Decimal = "0.35".parse().unwrap();
        let product = a.checked_mul(b).unwrap();
        assert_eq!(product.floor(), 3);
        assert_eq!(product.as_whole(), None);
        assert_eq!(product.checked_mul(Decimal::whole(2)).unwrap().as_whole(), Some(7));
    }
}
