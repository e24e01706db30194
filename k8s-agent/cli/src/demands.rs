//! What is asked of providers beside what an SDL file can say. Pure.

use crate::{error::CliError, money::Decimal};
use clap::{Args, ValueEnum};
use perigee_chain::Requirements;
use perigee_primitives::{Country, Filter, Isolation, Ppm, Region, Tier, MILLION};
use std::str::FromStr;

/// Options of `deploy` and `price`. They hold for every placement of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Which providers will do")]
pub struct Demands {
    /// Least tier
    #[arg(long, value_enum, value_name = "TIER")]
    pub min_tier: Option<LeastTier>,
    /// Least attested presence in the last 30 days, in per cent, for example 99.5
    #[arg(long, value_name = "PERCENT")]
    pub min_availability: Option<Percent>,
    /// Least service score by its lower bound, in per cent
    #[arg(long, value_name = "PERCENT")]
    pub min_service: Option<Percent>,
    /// Least separation from other tenants
    #[arg(long, value_enum)]
    pub isolation: Option<LeastIsolation>,
    /// Only in these countries, for example DE,FR
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    pub country: Vec<CountryCode>,
    /// Not in these countries
    #[arg(long, value_name = "CODE,…", value_delimiter = ',')]
    pub not_country: Vec<CountryCode>,
    /// Only in these regions, for example eu-west
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub region: Vec<RegionName>,
    /// Not in these regions
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub not_region: Vec<RegionName>,
    /// Each placement at another operator and in another region than the others
    #[arg(long)]
    pub spread: bool,
}

/// A tier that is more than the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LeastTier {
    /// More stake, and attested for some time
    Standard,
    /// For what must not stop
    Premium,
}

/// An isolation that is more than containers on one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LeastIsolation {
    /// A user-space kernel per pod
    Gvisor,
    /// A virtual machine per pod
    Kata,
}

/// `99.5`, as parts of a million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub Ppm);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a percentage from 0 to 100 with four digits after the point at most");
        let number: Decimal = text.trim().trim_end_matches('%').trim().parse().map_err(|_| wrong())?;
        let ppm = number.checked_mul(Decimal::whole(10_000)).and_then(Decimal::as_whole);
        let ppm = ppm
            .and_then(|ppm| Ppm::try_from(ppm).ok())
            .filter(|ppm| *ppm <= MILLION);
        ppm.map(Self).ok_or_else(wrong)
    }
}

/// Two letters, as ISO 3166-1 has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryCode(pub Country);

impl FromStr for CountryCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(format!("'{text}' is not a country code of two letters, such as DE")),
        }
    }
}

/// Name of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionName(pub Region);

impl FromStr for RegionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().as_bytes().to_vec();
        if name.is_empty() {
            return Err("the name of a region is empty".into());
        }
        let bounded = name.try_into();
        bounded
            .map(Self)
            .map_err(|_| format!("the region '{text}' is longer than the 64 bytes the chain takes"))
    }
}

impl Demands {
    /// Adds them to what the file asks for.
    pub fn add_to(&self, requirements: &mut Requirements) -> Result<(), CliError> {
        if let Some(tier) = self.min_tier {
            requirements.tier = tier.into();
        }
        if let Some(isolation) = self.isolation {
            requirements.isolation = isolation.into();
        }
        requirements.availability = self.min_availability.map_or(0, |Percent(ppm)| ppm);
        requirements.service = self.min_service.map_or(0, |Percent(ppm)| ppm);
        requirements.countries = filter("countries", &self.country, &self.not_country, |code| code.0)?;
        requirements.regions = filter("regions", &self.region, &self.not_region, |name| name.0.clone())?;
        requirements.spread = self.spread.then_some(0);
        Ok(())
    }
}

fn filter<T, V>(what: &str, allow: &[T], deny: &[T], value: impl Fn(&T) -> V) -> Result<Filter<V>, CliError> {
    let list = |all: &[T]| {
        let values: Vec<_> = all.iter().map(&value).collect();
        let count = values.len();
        let too_many = || CliError::usage(format!("{count} {what} are named; an order takes 16 at most"));
        values.try_into().map_err(|_| too_many())
    };
    Ok(Filter {
        allow: list(allow)?,
        deny: list(deny)?,
    })
}

impl From<LeastTier> for Tier {
    fn from(tier: LeastTier) -> Self {
        match tier {
            LeastTier::Standard => Self::Standard,
            LeastTier::Premium => Self::Premium,
        }
    }
}

impl From<LeastIsolation> for Isolation {
    fn from(isolation: LeastIsolation) -> Self {
        match isolation {
            LeastIsolation::Gvisor => Self::Gvisor,
            LeastIsolation::Kata => Self::Kata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact_and_bounded() {
        let parts = |text: &str| text.parse::<Percent>().map(|percent| percent.0);
        assert_eq!(parts("99.5"), Ok(995_000));
        assert_eq!(parts("99.95 %"), Ok(999_500));
        assert_eq!(parts("100"), Ok(MILLION));
        assert_eq!(parts("0"), Ok(0));
        for wrong in ["100.0001", "99.00001", "-1", "much", ""] {
            assert!(parts(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn countries_are_two_letters_of_any_case() {
        assert_eq!("de".parse(), Ok(CountryCode(*b"DE")));
        assert!("Germany".parse::<CountryCode>().unwrap_err().contains("'Germany'"));
        assert!("D1".parse::<CountryCode>().is_err());
    }

    #[test]
    fn regions_fit_the_chain() {
        assert!("eu-west".parse::<RegionName>().is_ok());
        assert!("".parse::<RegionName>().is_err());
        assert!("x".repeat(65).parse::<RegionName>().is_err());
    }

    #[test]
    fn every_demand_reaches_the_order() {
        let demands = Demands {
            min_tier: Some(LeastTier::Premium),
            min_availability: Some(Percent(995_000)),
            min_service: Some(Percent(700_000)),
            isolation: Some(LeastIsolation::Kata),
            country: vec![CountryCode(*b"DE")],
            not_country: vec![CountryCode(*b"US")],
            region: vec!["eu-west".parse().unwrap()],
            not_region: vec!["eu-east".parse().unwrap()],
            spread: true,
        };
        let mut order = Requirements::default();
        demands.add_to(&mut order).unwrap();
        assert_eq!((order.tier, order.isolation), (Tier::Premium, Isolation::Kata));
        assert_eq!(
            (order.availability, order.service, order.spread),
            (995_000, 700_000, Some(0))
        );
        assert!(order.countries.admits(Some(b"DE")) && !order.countries.admits(Some(b"FR")));
        assert_eq!(order.countries.deny.as_slice(), [*b"US"]);
        assert_eq!((order.regions.allow.len(), order.regions.deny.len()), (1, 1));
    }

    #[test]
    fn who_demands_nothing_changes_nothing() {
        let mut order = Requirements::default();
        Demands::default().add_to(&mut order).unwrap();
        assert_eq!(order, Requirements::default());
    }

    #[test]
    fn more_than_an_order_takes_are_counted() {
        let demands = Demands {
            country: vec![CountryCode(*b"DE"); 17],
            ..Default::default()
        };
        let error = demands.add_to(&mut Requirements::default()).unwrap_err();
        assert!(error.to_string().contains("17 countries"), "{error}");
    }
}
