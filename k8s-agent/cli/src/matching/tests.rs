use super::*;
use perigee_chain::{AskTerms, Provider};
use perigee_primitives::PriceSchedule;

fn small() -> Resources {
    Resources {
        cpu_milli: 100,
        memory_mib: 64,
        storage_mib: 64,
        endpoints: 1,
        ..Default::default()
    }
}

fn wanted(max_rate: Balance) -> Wanted {
    Wanted {
        name: "anywhere".into(),
        resources: small(),
        max_rate,
        requirements: Requirements::default(),
        needs: BTreeSet::new(),
        apart_from: Vec::new(),
    }
}

/// An ask whose rate for `small` is `rate`.
fn candidate(id: AskId, provider: ProviderId, rate: u64) -> Candidate {
    let prices = PriceSchedule {
        endpoint: rate * 1_000_000,
        ..Default::default()
    };
    let terms = AskTerms {
        prices,
        attributes: Default::default(),
        place: Default::default(),
        isolation: Isolation::SharedKernel,
        terms: Default::default(),
        valid_until: None,
        tenants: Default::default(),
        notice: 30,
        sla: MILLION,
    };
    let ask = Ask { provider, terms };
    Candidate {
        id,
        ask,
        free: small(),
        backed: Backed {
            by_stake: Balance::MAX,
            by_bonds: Balance::MAX,
        },
    }
}

/// A provider with this stake, and nothing else to its name.
pub fn provider(stake: Balance) -> Provider {
    Provider {
        id: 1,
        stash: AccountId([1; 32]),
        operator: AccountId([2; 32]),
        heartbeat_key: [3; 32],
        pins: Vec::new(),
        gateway: "provider.example:8443".into(),
        abuse_contact: String::new(),
        stake,
        leased_rate: 0,
        capacity: Resources::default(),
        leased: Resources::default(),
        registered_at: 1,
    }
}

fn with_attribute(mut candidate: Candidate, key: &str, value: &str) -> Candidate {
    let text = |s: &str| s.as_bytes().to_vec().try_into().unwrap();
    candidate.ask.terms.attributes = vec![(text(key), text(value))].try_into().unwrap();
    candidate
}

fn asking(max_rate: Balance, key: &str, value: &str) -> Wanted {
    let mut wanted = wanted(max_rate);
    let text = |s: &str| s.as_bytes().to_vec().try_into().unwrap();
    wanted.requirements.attributes = vec![(text(key), text(value))].try_into().unwrap();
    wanted
}

#[test]
fn the_cheapest_comes_first() {
    let offers = choose(
        &wanted(100),
        &[candidate(1, 0, 30), candidate(2, 1, 10), candidate(3, 2, 20)],
    )
    .unwrap();
    assert_eq!(offers.iter().map(|o| o.ask).collect::<Vec<_>>(), [2, 3, 1]);
}

#[test]
fn a_provider_is_named_once_with_its_cheapest_ask() {
    let offers = choose(
        &wanted(100),
        &[candidate(1, 0, 30), candidate(2, 0, 10), candidate(3, 0, 20)],
    )
    .unwrap();
    assert_eq!(
        offers,
        [Offer {
            provider: 0,
            ask: 2,
            rate: 10
        }]
    );
}

#[test]
fn at_most_four_are_named() {
    let all: Vec<_> = (0..9).map(|i| candidate(i, i as u32, 10 + i)).collect();
    assert_eq!(choose(&wanted(100), &all).unwrap().len(), MAX_ASKS);
}

#[test]
fn a_rate_at_the_maximum_fits_and_one_above_does_not() {
    assert!(choose(&wanted(10), &[candidate(1, 0, 10)]).is_ok());
    let why = choose(&wanted(9), &[candidate(1, 0, 10)]).unwrap_err();
    assert_eq!(why.failed, [(Condition::Price, 1)].into());
    assert_eq!(why.cheapest, Some(10));
    assert!(why.to_string().contains("1 of 1 providers: price"));
}

#[test]
fn a_price_beyond_all_numbers_does_not_fit() {
    let mut dear = candidate(1, 0, 1);
    dear.ask.terms.prices = PriceSchedule {
        cpu_milli: u64::MAX,
        ..Default::default()
    };
    let mut much = wanted(Balance::MAX);
    much.resources.cpu_milli = u64::MAX;
    dear.free = much.resources;
    dear.ask.terms.prices.memory_mib = u64::MAX;
    much.resources.memory_mib = u64::MAX;
    dear.free = much.resources;
    assert!(choose(&much, &[dear]).is_err());
}

#[test]
fn missing_capacity_is_named_with_figures() {
    let mut full = candidate(1, 0, 10);
    full.free.memory_mib = 32;
    let why = choose(&wanted(100), &[full]).unwrap_err().to_string();
    assert!(why.contains("wants 64 MiB of memory, at most 32 are free"), "{why}");
}

#[test]
fn capacity_scattered_over_providers_is_explained() {
    let (mut a, mut b) = (candidate(1, 0, 10), candidate(2, 1, 10));
    a.free.memory_mib = 0;
    b.free.cpu_milli = 0;
    let why = choose(&wanted(100), &[a, b]).unwrap_err().to_string();
    assert!(why.contains("2 of 2 providers: capacity: no single provider"), "{why}");
}

#[test]
fn attributes_select() {
    let eu = asking(100, "region", "eu");
    let asks = [candidate(1, 0, 10), with_attribute(candidate(2, 1, 20), "region", "eu")];
    assert_eq!(choose(&eu, &asks).unwrap()[0].ask, 2);
    let why = choose(
        &eu,
        &[candidate(1, 0, 10), with_attribute(candidate(2, 1, 20), "region", "us")],
    )
    .unwrap_err();
    assert!(
        why.to_string().contains("2 of 2 providers: attribute region=eu"),
        "{why}"
    );
}

fn in_place(mut candidate: Candidate, country: &[u8; 2], region: &str) -> Candidate {
    candidate.ask.terms.place.country = Some(*country);
    candidate.ask.terms.place.region = region.as_bytes().to_vec().try_into().unwrap();
    candidate
}

#[test]
fn places_are_named_where_they_do_not_fit() {
    let asks = [in_place(candidate(1, 0, 10), b"US", "us-east"), candidate(2, 1, 10)];
    let mut european = wanted(100);
    european.requirements.countries.allow = vec![*b"DE", *b"FR"].try_into().unwrap();
    let why = choose(&european, &asks).unwrap_err().to_string();
    assert!(why.contains("2 of 2 providers: country: not DE or FR"), "{why}");
    let mut elsewhere = wanted(100);
    elsewhere.requirements.regions.deny = vec![b"us-east".to_vec().try_into().unwrap()].try_into().unwrap();
    let why = choose(&elsewhere, &asks).unwrap_err().to_string();
    assert!(
        why.contains("2 of 2 providers: region: us-east, or not stated"),
        "{why}"
    );
}

#[test]
fn a_weaker_isolation_is_named_with_what_is_asked_for() {
    let mut strict = wanted(100);
    strict.requirements.isolation = Isolation::Kata;
    let why = choose(&strict, &[candidate(1, 0, 10)]).unwrap_err().to_string();
    assert!(
        why.contains("1 of 1 providers: isolation: tenants are kept apart less than by kata"),
        "{why}"
    );
}

#[test]
fn what_is_spread_goes_to_another_operator_and_another_region() {
    let region = |name: &str| name.as_bytes().to_vec().try_into().unwrap();
    let mut second = wanted(100);
    second.requirements.spread = Some(0);
    second.apart_from = vec![(0, region("eu-west"))];
    let asks = [
        in_place(candidate(1, 0, 10), b"DE", "eu-east"),
        in_place(candidate(2, 1, 10), b"FR", "eu-west"),
        candidate(3, 2, 10),
    ];
    let why = choose(&second, &asks).unwrap_err().to_string();
    let expected = "3 of 3 providers: spread: not apart from the other placements, at provider 0 in eu-west";
    assert!(why.contains(expected), "{why}");
    let apart = in_place(candidate(4, 3, 20), b"FR", "eu-south");
    assert_eq!(choose(&second, &[&asks[..], &[apart]].concat()).unwrap()[0].ask, 4);
}

#[test]
fn what_a_provider_does_not_have_is_said_before_anybody_pays() {
    let mut lasting = wanted(100);
    lasting.needs = [Need::NodePorts, Need::Volumes("beta2".into())].into();
    let (key, value) = Need::NodePorts.attribute();
    let why = choose(&lasting, &[with_attribute(candidate(1, 0, 10), &key, &value)]).unwrap_err();
    assert_eq!(why.failed, [(Condition::Need(Need::Volumes("beta2".into())), 1)].into());
    let why = why.to_string();
    assert!(
        why.contains("1 of 1 providers: persistent volumes of class `beta2`: not offered"),
        "{why}"
    );
    lasting.needs = [Need::NodePorts].into();
    assert!(choose(&lasting, &[with_attribute(candidate(1, 0, 10), &key, &value)]).is_ok());
}

#[test]
fn the_ask_that_comes_closest_explains_its_provider() {
    let eu = asking(5, "region", "eu");
    let asks = [candidate(1, 0, 10), with_attribute(candidate(2, 0, 20), "region", "eu")];
    let why = choose(&eu, &asks).unwrap_err();
    assert_eq!(why.failed, [(Condition::Price, 1)].into());
    assert_eq!(why.cheapest, Some(20));
}

#[test]
fn nobody_at_all_is_said_plainly() {
    assert_eq!(
        choose(&wanted(1), &[]).unwrap_err().to_string(),
        "no provider has a standing ask"
    );
}

/// An ask of a provider with room for several leases of `small`.
fn roomy(id: AskId, provider: ProviderId, rate: u64, backed: Backed) -> Candidate {
    Candidate {
        free: Resources {
            cpu_milli: 1_000,
            memory_mib: 640,
            storage_mib: 640,
            endpoints: 10,
            ..Default::default()
        },
        backed,
        ..candidate(id, provider, rate)
    }
}

/// Where two placements go one after the other, as the market chooses for them.
fn both(mut candidates: Vec<Candidate>) -> [Result<ProviderId, Box<NoFit>>; 2] {
    let first = choose(&wanted(100), &candidates).map(|offers| offers[0]);
    if let Ok(offer) = &first {
        let theirs = candidates.iter_mut().filter(|c| c.ask.provider == offer.provider);
        theirs.for_each(|candidate| candidate.take(&small(), offer.rate));
    }
    let second = choose(&wanted(100), &candidates).map(|offers| offers[0]);
    [first, second].map(|offer| offer.map(|offer| offer.provider))
}

#[test]
fn two_placements_go_where_stake_and_bonds_answer_for_both() {
    let backed = |by_stake, by_bonds| Backed { by_stake, by_bonds };
    // The first provider is cheaper, and answers for one lease at 10 but not for two.
    for scarce in [backed(19, 100), backed(100, 19)] {
        let [first, second] = both(vec![roomy(1, 1, 10, scarce), roomy(2, 2, 20, backed(100, 100))]);
        assert_eq!((first.unwrap(), second.unwrap()), (1, 2));
    }
    let [first, second] = both(vec![roomy(1, 1, 10, backed(20, 20)), roomy(2, 2, 20, backed(100, 100))]);
    assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
}

#[test]
fn all_asks_of_a_provider_share_its_stake_and_its_pool() {
    let scarce = Backed {
        by_stake: 19,
        by_bonds: 19,
    };
    let [first, second] = both(vec![roomy(1, 1, 10, scarce), roomy(2, 1, 10, scarce)]);
    assert_eq!(first.unwrap(), 1);
    let why = second.unwrap_err();
    let short = Shortage { rate: 10, backed: 9 };
    let expected = [(Condition::Stake(short), 1), (Condition::Bonds(short), 1)];
    assert_eq!(why.failed, expected.into());
    assert_eq!(why.providers, 1);
}

#[test]
fn a_lease_that_is_not_backed_is_refused_with_figures() {
    let backed = Backed {
        by_stake: 4_000_000_000,
        by_bonds: Balance::MAX,
    };
    let wanted = wanted(Balance::MAX);
    let why = choose(&wanted, &[roomy(1, 1, 5_000_000_000, backed)]).unwrap_err();
    assert_eq!(
        why.to_string(),
        "no ask fits\n  1 of 1 providers: stake: the lease costs 0.005 PRG per block, what is left answers for 0.004 PRG"
    );
}
