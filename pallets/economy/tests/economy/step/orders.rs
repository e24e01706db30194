//! What tenants order, and what asks say to meet it.

use super::*;
use frame_support::{traits::ConstU32, BoundedVec};
use perigee_primitives::{
    AttributePatterns, AttributeText, Attributes, Country, Filter, Isolation, Place, Region, Requirements, Tier,
    MAX_AUDITORS,
};

const COUNTRIES: [Country; 3] = [*b"DE", *b"FR", *b"US"];
const REGIONS: [&str; 3] = ["eu-north", "eu-west", "us-east"];
/// Keys in their order, and what they may say.
const KEYS_AND_VALUES: [(&str, [&str; 2]); 4] = [
    ("capabilities/gpu/a100", ["true", "false"]),
    ("capabilities/storage/ssd", ["true", "false"]),
    ("host", ["akash", "own iron"]),
    ("tier", ["community", "bare metal"]),
];
/// What orders ask for: patterns that some of the keys match, and one that none does.
const PATTERNS: [(&str, &str); 10] = [
    ("*", "community"),
    ("host", "akash"),
    ("host*", "akash"),
    ("h*t", "own iron"),
    ("tier", "bare metal"),
    ("capabilities/*", "true"),
    ("capabilities/gpu/*", "true"),
    ("*/ssd", "true"),
    ("c*a*a*0", "false"),
    ("capabilities/gpu", "true"),
];

impl Steps {
    pub(super) fn deploy(&mut self, model: &Model) -> Step {
        let owner = self.one_of(&TENANTS);
        let groups = if self.0.gen_ratio(1, 4) { 2 } else { 1 };
        let mut groups: Vec<_> = (0..groups).map(|_| self.order(model)).collect();
        // Those that are to be apart have the same number.
        if groups.len() > 1 && self.0.gen_ratio(1, 2) {
            groups.iter_mut().for_each(|order| order.requirements.spread = Some(1));
        }
        call(
            self.caller(owner),
            Market::deploy {
                groups: groups.try_into().expect("few groups"),
            },
        )
    }

    fn order(&mut self, model: &Model) -> GroupOrder<Who> {
        let standing: Vec<_> = model.asks.keys().copied().collect();
        let asks: Vec<_> = (0..self.0.gen_range(1..5)).map(|_| self.ask(&standing)).collect();
        let asks = if self.often() { asks } else { vec![] };
        let units = if self.often() { self.0.gen_range(1..4) } else { 0 };
        let term = match self.0.gen_range(0..6) {
            0 | 1 => Some(self.0.gen_range(0..90)),
            _ => None,
        };
        let dearest = asks.iter().filter_map(|ask| model.asks.get(ask));
        let dearest = dearest
            .map(|ask| ask.terms.prices.cpu_milli / 10_000)
            .max()
            .unwrap_or(1);
        let rate = Balance::from(dearest) * Balance::from(units);
        let least = rate * Balance::from(RESERVE + term.unwrap_or(0));
        let deposit = match self.0.gen_range(0..20) {
            0 => self.amount(500),
            1..=6 => least,
            _ => least + self.0.gen_range(0..=rate * 120),
        };
        GroupOrder {
            resources: resources(units),
            commitment: [self.0.gen(); 32],
            asks: asks.try_into().expect("few asks"),
            max_rate: if self.often() { 200 } else { self.0.gen_range(0..30) },
            deposit,
            term,
            requirements: self.requirements(),
        }
    }

    pub(super) fn ask(&mut self, standing: &[AskId]) -> AskId {
        if standing.is_empty() || !self.often() {
            return self.0.gen_range(0..30);
        }
        self.one_of(standing)
    }

    /// Mostly none; otherwise one or two.
    fn requirements(&mut self) -> Requirements<Who> {
        let mut asked = Requirements::default();
        let count = if self.0.gen_ratio(1, 3) {
            self.0.gen_range(1..3)
        } else {
            0
        };
        for _ in 0..count {
            match self.0.gen_range(0..11) {
                0..=1 => asked.attributes = self.patterns(),
                2 => asked.countries = self.filter(&COUNTRIES),
                3 => asked.regions = self.filter(&REGIONS.map(text)),
                4 => asked.availability = self.one_of(&[1, 500_000, 700_000, 800_000, 1_000_000]),
                5 => asked.service = self.one_of(&[1, 150_000, 300_000, 500_000]),
                6 => asked.tier = self.one_of(&[Tier::Standard, Tier::Premium]),
                7 => asked.isolation = self.one_of(&[Isolation::Gvisor, Isolation::Kata]),
                8 => asked.spread = Some(self.0.gen_range(0..2)),
                9 => asked.all_of = self.auditors(),
                _ => asked.any_of = self.auditors(),
            }
        }
        asked
    }

    fn patterns(&mut self) -> AttributePatterns {
        let count = self.0.gen_range(1..3);
        let patterns = (0..count).map(|_| {
            let (key, value) = self.one_of(&PATTERNS);
            (text(key), text(value))
        });
        AttributePatterns::truncate_from(patterns.collect())
    }

    fn filter<V: Clone>(&mut self, all: &[V]) -> Filter<V> {
        let mut some = || {
            let count = self.0.gen_range(0..3);
            BoundedVec::truncate_from(all.choose_multiple(&mut self.0, count).cloned().collect())
        };
        Filter {
            allow: some(),
            deny: some(),
        }
    }

    fn auditors(&mut self) -> BoundedVec<Who, ConstU32<MAX_AUDITORS>> {
        let count = self.0.gen_range(1..3);
        BoundedVec::truncate_from(AUDITORS.choose_multiple(&mut self.0, count).copied().collect())
    }

    /// What an ask says of itself, or an auditor of a provider: now and then something that nobody may say.
    pub(super) fn attributes(&mut self) -> Attributes {
        let all = KEYS_AND_VALUES.map(|(key, values)| (text(key), text(self.one_of(&values))));
        let mut some: Vec<_> = all.into_iter().filter(|_| self.0.gen_ratio(3, 4)).collect();
        if !self.often() {
            match self.0.gen_range(0..4) {
                0 => some.reverse(),
                1 => some.push((text(""), text("true"))),
                2 => some.push((text("with space"), text("true"))),
                _ => some.push((text("zone"), text("\u{7}"))),
            }
        }
        Attributes::truncate_from(some)
    }

    /// Where an ask says that it lies.
    pub(super) fn place(&mut self) -> Place {
        let country = self.one_of(&COUNTRIES);
        let region = self.one_of(&REGIONS);
        let (country, region) = if self.often() {
            (country, region)
        } else {
            (*b"de", "in space")
        };
        Place {
            country: self.0.gen_ratio(7, 8).then_some(country),
            region: if self.0.gen_ratio(7, 8) {
                text(region)
            } else {
                Region::default()
            },
        }
    }

    pub(super) fn isolation(&mut self) -> Isolation {
        self.one_of(&[Isolation::SharedKernel, Isolation::Gvisor, Isolation::Kata])
    }
}

fn text(text: &str) -> AttributeText {
    AttributeText::truncate_from(text.as_bytes().to_vec())
}
