//! Amounts of PRG as people write them.

use perigee_primitives::{Balance, PRG};
use serde::{de, Deserialize, Deserializer};
use std::{fmt, str::FromStr};

/// Decimals of PRG.
const DECIMALS: usize = 12;

/// An amount of PRG, exact to the base unit. In a config: `3`, `0.05` or `"0.05"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Balance);

impl Amount {
    /// Whole PRG.
    pub const fn prg(amount: u32) -> Self {
        Self(amount as Balance * PRG)
    }

    /// Hundredths of a PRG.
    pub const fn centi_prg(amount: u32) -> Self {
        Self(amount as Balance * PRG / 100)
    }

    /// So many base units.
    pub const fn from_base_units(amount: Balance) -> Self {
        Self(amount)
    }

    /// In base units.
    pub fn base_units(self) -> Balance {
        self.0
    }
}

impl From<Balance> for Amount {
    fn from(base_units: Balance) -> Self {
        Self(base_units)
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().trim_end_matches("PRG").trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(format!("`{text}` is not an amount of PRG like 3 or 0.05"));
        }
        if fraction.len() > DECIMALS {
            return Err(format!("`{text}` has more than the {DECIMALS} decimals of PRG"));
        }
        // Digits only, so that the number is the base units once the decimals are filled up.
        format!("{whole}{fraction:0<DECIMALS$}")
            .parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is more PRG than can be counted"))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:0DECIMALS$}", self.0 / PRG, self.0 % PRG);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of PRG like 3 or 0.05")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, amount: u64) -> Result<Amount, E> {
        self.visit_str(&amount.to_string())
    }

    fn visit_i64<E: de::Error>(self, amount: i64) -> Result<Amount, E> {
        self.visit_str(&amount.to_string())
    }

    // The shortest text that reads back as the same number is what the person wrote.
    fn visit_f64<E: de::Error>(self, amount: f64) -> Result<Amount, E> {
        self.visit_str(&amount.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_base_unit() {
        let base = |text: &str| text.parse::<Amount>().map(Amount::base_units);
        assert_eq!(base("3"), Ok(3 * PRG));
        assert_eq!(base("0.000000000001"), Ok(1));
        assert_eq!(base(" 1.5 PRG"), Ok(PRG + PRG / 2));
        assert_eq!(base(".5"), Ok(PRG / 2));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "",
            ".",
            "-1",
            "1e3",
            "1.0000000000001",
            "one",
            "1,5",
            "999999999999999999999999999999999",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_print_as_they_are_written() {
        for text in ["3", "0.05", "0.000000000001", "0"] {
            assert_eq!(text.parse::<Amount>().map(|a| a.to_string()), Ok(text.to_string()));
        }
    }
}
