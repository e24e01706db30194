//! Numbers as SDL files write them, read exactly: no floating point, so that no size depends on rounding.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Decimals that a price carries, on chain and in JSON.
const DECIMALS: u32 = 18;
/// 10¹⁸.
const ONE: u128 = 1_000_000_000_000_000_000;
/// More digits than any number of the format can use; longer ones are refused before any arithmetic.
const MAX_DIGITS: usize = 38;
/// Beyond this the power of ten alone is out of every range.
const MAX_EXPONENT: i32 = 60;

/// A non-negative decimal number with at most 18 decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    /// The number × 10¹⁸.
    atto: u128,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { atto: 0 };

    /// Reads `12`, `0.5`, `1e3`. `None` for anything else, for more than 18 decimals and for what is too large.
    pub fn parse(text: &str) -> Option<Self> {
        let number = Number::parse(unsigned(text))?;
        let atto = number.scaled(DECIMALS)?;
        atto.exact.then_some(Self { atto: atto.value })
    }

    /// A whole number.
    pub fn from_integer(value: u64) -> Self {
        Self {
            atto: u128::from(value) * ONE,
        }
    }

    /// The number × 10^`decimals`, rounded up: an amount in units of which 10^`decimals` make one. `None` when it is
    /// too large.
    pub fn in_units(&self, decimals: u32) -> Option<u128> {
        let factor = 10u128.checked_pow(decimals)?;
        let (whole, part) = (self.atto / ONE, self.atto % ONE);
        let whole = whole.checked_mul(factor)?;
        // `part` is below 10¹⁸, so this only overflows for factors above 10²⁰.
        let part = part.checked_mul(factor)?.div_ceil(ONE);
        whole.checked_add(part)
    }

    /// The sum, unless it is too large.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            atto: self.atto.checked_add(other.atto)?,
        })
    }

    /// The number `count` times, unless it is too large.
    pub fn checked_mul(self, count: u32) -> Option<Self> {
        Some(Self {
            atto: self.atto.checked_mul(u128::from(count))?,
        })
    }

    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        self.atto == 0
    }
}

impl fmt::Display for Decimal {
    /// Without trailing zeros: `12`, `0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.atto / ONE, self.atto % ONE);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{part:018}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    /// With all 18 decimals, as Akash's chain types write them.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut whole, mut part) = (itoa::Buffer::new(), itoa::Buffer::new());
        // The digit in front keeps the zeros.
        let part = &part.format(ONE + self.atto % ONE)[1..];
        serializer.collect_str(&format_args!("{}.{part}", whole.format(self.atto / ONE)))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("expected a decimal number, found {text:?}")))
    }
}

/// A whole number that was read, and what the reader should say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub value: u64,
    pub remark: Option<Remark>,
}

/// Something odd about a quantity that is accepted all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The amount is no whole number of the smallest unit.
    RoundedUp,
    /// No unit: bytes.
    Bytes,
    /// A unit that the strict grammar does not know, read as this one.
    ReadAs(&'static str),
    /// Letters after the number of cores, which are ignored.
    LettersIgnored,
}

/// Why a quantity is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuantityError {
    /// Not a number with a unit.
    Malformed,
    /// A minus sign.
    Negative,
    /// More than 2⁶⁴ − 1 of the smallest unit.
    TooLarge,
}

/// Reads a whole number, which `1.0` and `1e3` are. `None` where it is none; an error where it is too large.
pub(crate) fn parse_integer(text: &str) -> Option<Result<i64, ()>> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > MAX_DIGITS && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Err(()));
    }
    match Number::parse(text)?.scaled(0) {
        Some(scaled) if !scaled.exact => None,
        Some(scaled) => Some(i64::try_from(scaled.value).map_err(|_| ())),
        None => Some(Err(())),
    }
}

/// Reads CPU units (`0.5`, `500m`) as thousandths of a core.
pub(crate) fn parse_cpu(text: &str) -> Result<Reading, QuantityError> {
    let (number, unit) = split_unit(text)?;
    let milli = unit.eq_ignore_ascii_case("m");
    let scaled = number
        .scaled(if milli { 0 } else { 3 })
        .ok_or(QuantityError::TooLarge)?;
    let remark = match unit {
        "" | "m" => (!scaled.exact).then_some(Remark::RoundedUp),
        "M" => Some(Remark::ReadAs("m")),
        _ => Some(Remark::LettersIgnored),
    };
    scaled.reading(remark)
}

/// Reads a size (`512Mi`, `1.5Gi`, `10GB`) as bytes, rounded up.
///
/// The grammar knows `k`, `M`, `G`, `T`, `P`, `E` (powers of 1000) and these with `i` (powers of 1024). Akash's
/// TypeScript tools ignore case, and take every letter after the prefix other than a lone `i` for powers of 1000;
/// files rely on `GB`, so it is read the same way here, with a remark.
pub(crate) fn parse_bytes(text: &str) -> Result<Reading, QuantityError> {
    let (number, unit) = split_unit(text)?;
    let mut letters = unit.chars();
    let Some(prefix) = letters.next() else {
        let scaled = number.scaled(0).ok_or(QuantityError::TooLarge)?;
        return scaled.reading(Some(Remark::Bytes));
    };
    let suffix = letters.as_str();
    let Some(power) = "kmgtpe".find(prefix.to_ascii_lowercase()).map(|at| at as u32 + 1) else {
        let bytes = unit.eq_ignore_ascii_case("b");
        let scaled = number.scaled(0).ok_or(QuantityError::TooLarge)?;
        return if bytes {
            scaled.reading(Some(Remark::Bytes))
        } else {
            Err(QuantityError::Malformed)
        };
    };
    let binary = suffix.eq_ignore_ascii_case("i");
    let scaled = if binary {
        number.times(1024u128.pow(power))
    } else {
        number.scaled(3 * power)
    };
    let scaled = scaled.ok_or(QuantityError::TooLarge)?;
    let canonical = canonical_unit(power, binary);
    let remark = if unit == canonical {
        (!scaled.exact).then_some(Remark::RoundedUp)
    } else {
        Some(Remark::ReadAs(canonical))
    };
    scaled.reading(remark)
}

fn canonical_unit(power: u32, binary: bool) -> &'static str {
    const DECIMAL: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let names = if binary { BINARY } else { DECIMAL };
    names.get(power as usize - 1).copied().unwrap_or_default()
}

/// Prints bytes with the largest binary unit that leaves a whole number.
pub(crate) fn print_bytes(bytes: u64) -> String {
    for power in (1..=6u32).rev() {
        let unit = 1u64 << (10 * power);
        if bytes != 0 && bytes.is_multiple_of(unit) {
            return format!("{}{}", bytes / unit, canonical_unit(power, true));
        }
    }
    bytes.to_string()
}

/// Splits `1.5Gi` into number and letters.
fn split_unit(text: &str) -> Result<(Number, &str), QuantityError> {
    if text.starts_with('-') {
        return Err(QuantityError::Negative);
    }
    let text = unsigned(text);
    let (digits, unit) = text.split_at(number_length(text));
    if !unit.chars().all(|c| c.is_ascii_alphabetic()) {
        return Err(QuantityError::Malformed);
    }
    if digits.len() > MAX_DIGITS {
        return Err(QuantityError::TooLarge);
    }
    Number::parse(digits)
        .map(|number| (number, unit))
        .ok_or(QuantityError::Malformed)
}

/// A plus sign says nothing.
fn unsigned(text: &str) -> &str {
    text.strip_prefix('+').unwrap_or(text)
}

/// How much of a text is its number: in `1e3Mi` the exponent belongs to it, in `1Ei` the `E` is a unit.
fn number_length(text: &str) -> usize {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let exponent = rest.strip_prefix(['e', 'E']).unwrap_or_default();
    let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let unit = power.trim_start_matches(|c: char| c.is_ascii_digit());
    text.len()
        - if unit.len() < power.len() {
            unit.len()
        } else {
            rest.len()
        }
}

/// `mantissa` × 10^`exponent`.
#[derive(Clone, Copy, Debug)]
struct Number {
    mantissa: u128,
    exponent: i32,
}

/// A number times a power, rounded up.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    value: u128,
    exact: bool,
}

impl Scaled {
    fn reading(self, remark: Option<Remark>) -> Result<Reading, QuantityError> {
        let value = u64::try_from(self.value).map_err(|_| QuantityError::TooLarge)?;
        Ok(Reading { value, remark })
    }
}

impl Number {
    /// Digits with at most one point, at least one digit, perhaps an exponent.
    fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let count = whole.len() + part.len();
        let all_digits = whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
        if !all_digits || count == 0 || count > MAX_DIGITS || exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let mantissa = whole
            .bytes()
            .chain(part.bytes())
            .fold(0u128, |sum, b| sum * 10 + u128::from(b - b'0'));
        Some(Self {
            mantissa,
            exponent: exponent - part.len() as i32,
        })
    }

    /// The number × 10^`power`.
    fn scaled(self, power: u32) -> Option<Scaled> {
        Self {
            mantissa: self.mantissa,
            exponent: self.exponent + power as i32,
        }
        .times(1)
    }

    /// The number × `factor`.
    fn times(self, factor: u128) -> Option<Scaled> {
        let product = self.mantissa.checked_mul(factor)?;
        let power = 10u128.checked_pow(self.exponent.unsigned_abs());
        if self.exponent >= 0 {
            let value = if product == 0 { 0 } else { product.checked_mul(power?)? };
            return Some(Scaled { value, exact: true });
        }
        // A divisor beyond the range is larger than every product.
        let Some(power) = power else {
            return Some(Scaled {
                value: u128::from(product > 0),
                exact: product == 0,
            });
        };
        Some(Scaled {
            value: product.div_ceil(power),
            exact: product % power == 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Result<u64, QuantityError> {
        parse_bytes(text).map(|r| r.value)
    }

    fn cpu(text: &str) -> Result<u64, QuantityError> {
        parse_cpu(text).map(|r| r.value)
    }

    #[test]
    fn sizes_are_powers_of_1000_or_1024() {
        assert_eq!(bytes("512Mi"), Ok(512 << 20));
        assert_eq!(bytes("1Gi"), Ok(1 << 30));
        assert_eq!(bytes("1k"), Ok(1000));
        assert_eq!(bytes("10G"), Ok(10_000_000_000));
        assert_eq!(bytes("1.5Gi"), Ok(3 << 29));
        assert_eq!(bytes(".5Gi"), Ok(1 << 29));
        assert_eq!(bytes("15Ei"), Ok(15 << 60));
        assert_eq!(bytes("1024"), Ok(1024));
    }

    #[test]
    fn signs_and_exponents_belong_to_the_number() {
        assert_eq!(bytes("+1Gi"), Ok(1 << 30));
        assert_eq!(bytes("1e3Mi"), Ok(1000 << 20));
        assert_eq!(bytes("25E-1k"), Ok(2500));
        assert_eq!(bytes("1E"), Ok(1_000_000_000_000_000_000));
        assert_eq!(bytes("1Ei"), Ok(1 << 60));
        assert_eq!(cpu("+0.5"), Ok(500));
        assert_eq!(cpu("1e2m"), Ok(100));
        assert_eq!(Decimal::parse("+1.5"), Decimal::parse("1.5"));
    }

    #[test]
    fn part_of_a_byte_is_rounded_up() {
        assert_eq!(bytes("1.3Gi"), Ok(1_395_864_372));
        assert_eq!(parse_bytes("1.3Gi").unwrap().remark, Some(Remark::RoundedUp));
        assert_eq!(bytes("0.0001k"), Ok(1));
    }

    #[test]
    fn loose_units_are_read_as_akash_reads_them() {
        for text in ["10GB", "10Gb", "10gb", "10g"] {
            assert_eq!(
                parse_bytes(text),
                Ok(Reading {
                    value: 10_000_000_000,
                    remark: Some(Remark::ReadAs("G"))
                })
            );
        }
        assert_eq!(bytes("10gi"), Ok(10 << 30));
        assert_eq!(bytes("10GiB"), Ok(10_000_000_000));
        assert_eq!(bytes("10Gigs"), Ok(10_000_000_000));
    }

    #[test]
    fn decimal_sizes_have_no_rounding_error() {
        // 8.3 × 10⁹ is no whole number in binary floating point.
        assert_eq!(bytes("8.3G"), Ok(8_300_000_000));
        assert_eq!(cpu("16.1"), Ok(16_100));
    }

    #[test]
    fn sizes_that_are_none_are_refused() {
        for text in [
            "",
            "Gi",
            "1 Gi",
            "1.2.3Gi",
            "1x",
            "++1Gi",
            "1_000",
            "0x10",
            "1e-Gi",
            "1e3_Gi",
            ".",
            "1e999999999999",
        ] {
            assert_eq!(bytes(text), Err(QuantityError::Malformed), "{text}");
        }
        assert_eq!(bytes("-1Gi"), Err(QuantityError::Negative));
        for text in [
            "16Ei",
            "99999999999999999999Gi",
            "1e30",
            "99999999999999999999999999999999999999Ei",
        ] {
            assert_eq!(bytes(text), Err(QuantityError::TooLarge), "{text}");
        }
        assert_eq!(bytes(&"9".repeat(1000)), Err(QuantityError::TooLarge));
    }

    #[test]
    fn cpu_is_cores_or_thousandths() {
        assert_eq!(cpu("1"), Ok(1000));
        assert_eq!(cpu("1.0"), Ok(1000));
        assert_eq!(cpu("0.1"), Ok(100));
        assert_eq!(cpu("100m"), Ok(100));
        assert_eq!(cpu("1e2"), Ok(100_000));
        assert_eq!(
            parse_cpu("0.0005").unwrap(),
            Reading {
                value: 1,
                remark: Some(Remark::RoundedUp)
            }
        );
        assert_eq!(cpu("-1"), Err(QuantityError::Negative));
        assert_eq!(cpu("many"), Err(QuantityError::Malformed));
    }

    #[test]
    fn decimals_print_as_they_were_read() {
        for text in ["0", "12", "0.5", "1000.25", "0.000000000000000001"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::parse("1e3"), Some(Decimal::from_integer(1000)));
        assert_eq!(Decimal::parse("0.0000000000000000001"), None);
        assert_eq!(Decimal::parse("1e38"), None);
        assert_eq!(
            serde_json::to_string(&Decimal::from_integer(200)).unwrap(),
            "\"200.000000000000000000\""
        );
    }

    #[test]
    fn decimals_convert_to_smaller_units_rounding_up() {
        assert_eq!(Decimal::parse("1.5").unwrap().in_units(6), Some(1_500_000));
        assert_eq!(Decimal::parse("0.0000001").unwrap().in_units(6), Some(1));
        assert_eq!(Decimal::parse("7").unwrap().in_units(0), Some(7));
        assert_eq!(Decimal::from_integer(u64::MAX).in_units(30), None);
    }

    #[test]
    fn printed_sizes_read_back() {
        for val in [0, 1, 1000, 1024, 1 << 30, 3 << 29, u64::MAX] {
            assert_eq!(bytes(&print_bytes(val)), Ok(val));
        }
    }
}
