//! Which ask takes an order, and why the others do not.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::ConstU32, BoundedVec};
use perigee_primitives::{
    AskId, AskTerms, Balance, GpuModel, GroupOrder, Isolation, NamedAsks, PerModel, Place, PriceSchedule, Refusal,
    Requirements, Resources, Standings, Tenants, TermLimits, Tier, Unmet, MAX_GROUPS,
};

const AUDITOR: u64 = OTHER;

fn tenant() -> RuntimeOrigin {
    RuntimeOrigin::signed(TENANT)
}

fn asks(ids: &[AskId]) -> NamedAsks {
    ids.to_vec().try_into().expect("few asks")
}

fn groups(orders: &[GroupOrder<u64>]) -> BoundedVec<GroupOrder<u64>, ConstU32<MAX_GROUPS>> {
    orders.to_vec().try_into().expect("few groups")
}

/// An order at these asks.
fn at(ids: &[AskId]) -> GroupOrder<u64> {
    GroupOrder {
        asks: asks(ids),
        max_rate: 50,
        ..order(2_000)
    }
}

fn requiring(requirements: Requirements<u64>) -> GroupOrder<u64> {
    GroupOrder {
        requirements,
        ..at(&[0])
    }
}

/// `order` names one ask, which refuses it; and nothing is left of the attempt.
fn refused(order: GroupOrder<u64>, refusal: Refusal) {
    let ask = order.asks[0];
    assert_eq!(Marketplace::explain_order(TENANT, order.clone()), [(ask, refusal)]);
    let error = match refusal {
        Refusal::Deposit { .. } => Error::<Test>::DepositTooSmall(0),
        _ => Error::<Test>::NoAskFits(0),
    };
    assert_noop!(deploy_all(&[order]), error);
}

fn deploy_all(orders: &[GroupOrder<u64>]) -> Result<(), sp_runtime::DispatchError> {
    Marketplace::deploy(tenant(), groups(orders))
        .map(|_| ())
        .map_err(|error| error.error)
}

/// `order` is taken by the one ask that it names.
fn taken(order: GroupOrder<u64>) {
    assert_eq!(Marketplace::explain_order(TENANT, order.clone()), []);
    deploy(order);
}

fn text(text: &str) -> perigee_primitives::AttributeText {
    text.as_bytes().to_vec().try_into().expect("short")
}

#[test]
fn an_ask_that_is_not_there_refuses() {
    build_and_execute(|| {
        refused(at(&[99]), Refusal::Gone);
        let brief = publish_on(
            OPERATOR,
            AskTerms {
                valid_until: Some(5),
                ..terms(7)
            },
        );
        jump_to(4);
        taken(at(&[brief]));
        jump_to(5);
        refused(at(&[brief]), Refusal::Gone);
        assert_ok!(Providers::withdraw_ask(RuntimeOrigin::signed(OPERATOR), 0));
        refused(at(&[0]), Refusal::Gone);
    });
}

#[test]
fn an_ask_is_for_its_tenants() {
    build_and_execute(|| {
        let list = || vec![OTHER].try_into().expect("one");
        let on = |tenants| publish_on(OPERATOR, AskTerms { tenants, ..terms(7) });
        let (only, except) = (on(Tenants::Only(list())), on(Tenants::Except(list())));
        refused(at(&[only]), Refusal::Tenant);
        taken(at(&[except]));
        assert_eq!(Marketplace::explain_order(OTHER, at(&[only])), []);
        assert_eq!(
            Marketplace::explain_order(OTHER, at(&[except])),
            [(except, Refusal::Tenant)]
        );
    });
}

#[test]
fn a_term_lies_within_the_limits_of_the_ask() {
    build_and_execute(|| {
        let limits = TermLimits {
            shortest: 20,
            longest: Some(30),
        };
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                terms: limits,
                ..terms(7)
            },
        );
        let lasting = |term| GroupOrder { term, ..at(&[ask]) };
        for term in [None, Some(19), Some(31)] {
            refused(lasting(term), Refusal::Term);
        }
        taken(lasting(Some(20)));
        taken(lasting(Some(30)));
    });
}

#[test]
fn a_price_lies_within_the_tenants_limit() {
    build_and_execute(|| {
        let limited = |max_rate| GroupOrder { max_rate, ..at(&[0]) };
        refused(limited(6), Refusal::Price { rate: Some(7) });
        taken(limited(7));
        let free = publish(OPERATOR, 0);
        refused(at(&[free]), Refusal::Price { rate: Some(0) });
        let model = GpuModel::new(b"nvidia/a100").expect("a name");
        let resources = Resources {
            gpus: PerModel::one(model, 1),
            ..resources(1)
        };
        refused(GroupOrder { resources, ..at(&[0]) }, Refusal::Price { rate: None });
    });
}

#[test]
fn every_requirement_counts() {
    build_and_execute(|| {
        let place = Place {
            country: Some(*b"DE"),
            ..region("eu-west")
        };
        let attributes = vec![(text("capabilities/gpu/t4"), text("true"))];
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                place,
                attributes: attributes.try_into().expect("few"),
                isolation: Isolation::Gvisor,
                ..terms(7)
            },
        );
        Script::stands(
            0,
            Standings {
                availability: 950_000,
                service: 700_000,
            },
        );
        let order = |change: fn(&mut Requirements<u64>)| {
            let mut requirements = Requirements::default();
            change(&mut requirements);
            GroupOrder {
                requirements,
                ..at(&[ask])
            }
        };
        let unmet = |change: fn(&mut Requirements<u64>), unmet| refused(order(change), Refusal::Requirement(unmet));
        unmet(
            |r| {
                let patterns = vec![(text("capabilities/*"), text("true")), (text("tier"), text("one"))];
                r.attributes = patterns.try_into().expect("few");
            },
            Unmet::Attribute(1),
        );
        unmet(
            |r| r.countries.deny = vec![*b"DE"].try_into().expect("one"),
            Unmet::Country,
        );
        unmet(
            |r| r.regions.allow = vec![text("us-east")].try_into().expect("one"),
            Unmet::Region,
        );
        unmet(|r| r.availability = 950_001, Unmet::Availability);
        unmet(|r| r.service = 700_001, Unmet::Service);
        unmet(|r| r.tier = Tier::Premium, Unmet::Tier);
        unmet(|r| r.isolation = Isolation::Kata, Unmet::Isolation);
        unmet(|r| r.all_of = vec![AUDITOR].try_into().expect("one"), Unmet::Audit);
        unmet(|r| r.any_of = vec![AUDITOR].try_into().expect("one"), Unmet::Audit);
        taken(order(|r| {
            r.attributes = vec![(text("*/gpu/*"), text("true"))].try_into().expect("one");
            r.countries.allow = vec![*b"DE"].try_into().expect("one");
            r.regions.allow = vec![text("eu-west")].try_into().expect("one");
            (r.availability, r.service) = (950_000, 700_000);
            (r.tier, r.isolation) = (Tier::Standard, Isolation::Gvisor);
        }));
    });
}

#[test]
fn an_audit_counts_until_it_expires_or_is_revoked() {
    build_and_execute(|| {
        let patterns = || vec![(text("host"), text("akash"))].try_into().expect("one");
        let ask = publish_on(
            OPERATOR,
            AskTerms {
                attributes: patterns(),
                ..terms(7)
            },
        );
        let order = || GroupOrder {
            requirements: Requirements {
                attributes: vec![(text("host"), text("akash"))].try_into().expect("one"),
                any_of: vec![TENANT, AUDITOR].try_into().expect("two"),
                ..Default::default()
            },
            ..at(&[ask])
        };
        refused(order(), Refusal::Requirement(Unmet::Audit));
        let auditor = || RuntimeOrigin::signed(AUDITOR);
        assert_ok!(Providers::sign_attributes(auditor(), 0, patterns(), 9));
        taken(order());
        jump_to(9);
        refused(order(), Refusal::Requirement(Unmet::Audit));
        assert_ok!(Providers::sign_attributes(auditor(), 0, patterns(), 50));
        taken(order());
        assert_ok!(Providers::revoke(auditor(), 0));
        refused(order(), Refusal::Requirement(Unmet::Audit));
    });
}

#[test]
fn standings_that_nobody_asks_for_do_not_matter() {
    build_and_execute(|| {
        Script::stands(0, Standings::default());
        taken(requiring(Requirements::default()));
        refused(
            requiring(Requirements {
                availability: 1,
                ..Default::default()
            }),
            Refusal::Requirement(Unmet::Availability),
        );
    });
}

#[test]
fn capacity_stake_and_bonds_must_be_free() {
    build_and_execute(|| {
        let units = |units: u32| GroupOrder {
            resources: resources(units),
            max_rate: Balance::MAX,
            deposit: 100_000_000,
            ..at(&[0])
        };
        refused(units(11), Refusal::Capacity);
        // The stake backs 50,000 per block, the pool 1,000,000 / 50 blocks = 20,000.
        let costing = |rate| GroupOrder {
            asks: asks(&[publish(OPERATOR, rate)]),
            ..units(1)
        };
        refused(costing(50_001), Refusal::Stake);
        let needed = Some(50_000 * 50);
        refused(costing(50_000), Refusal::Bond { needed });
        taken(costing(20_000));
        refused(units(1), Refusal::Bond { needed: Some(7 * 50) });
        assert_ok!(Providers::fund_bonds(RuntimeOrigin::signed(STASH), 7 * 50));
        taken(units(1));
    });
}

#[test]
fn no_deposit_covers_a_cost_that_overflows() {
    build_and_execute(|| {
        let prices = PriceSchedule {
            cpu_milli: u64::MAX,
            ..Default::default()
        };
        let dearest = publish_on(OPERATOR, AskTerms { prices, ..terms(0) });
        let order = GroupOrder {
            resources: Resources {
                cpu_milli: u64::MAX,
                memory_mib: 1,
                ..Default::default()
            },
            max_rate: Balance::MAX,
            deposit: Balance::MAX,
            term: Some(1 << 31),
            ..at(&[dearest])
        };
        refused(order, Refusal::Deposit { least: None });
    });
}

#[test]
fn a_deposit_covers_w_and_e_at_the_rate_of_the_ask_that_takes_it() {
    build_and_execute(|| {
        let least = 7 * RESERVE;
        let with = |ids: &[AskId], deposit| GroupOrder { deposit, ..at(ids) };
        let refusal = Refusal::Deposit { least: Some(least) };
        refused(with(&[0], least - 1), refusal);
        // Ask 1 is dearer, and one that is cheaper may still take the order.
        let cheap = publish(OPERATOR_1, 6);
        let order = with(&[1, 0, cheap], least - 1);
        let dearer = Refusal::Deposit {
            least: Some(11 * RESERVE),
        };
        assert_eq!(
            Marketplace::explain_order(TENANT, order.clone()),
            [(1, dearer), (0, refusal)]
        );
        let id = deploy(order);
        assert_eq!(state(id).ask, cheap);
        // Where something else is missing at every other ask, the deposit is what the tenant can change.
        assert_noop!(
            deploy_all(&[with(&[99, 0], least - 1)]),
            Error::<Test>::DepositTooSmall(0)
        );
    });
}

#[test]
fn explaining_changes_nothing() {
    build_and_execute(|| {
        let before = sp_io::storage::root(Default::default());
        assert_eq!(
            Marketplace::explain_order(TENANT, at(&[0, 1, 99])),
            [(99, Refusal::Gone)]
        );
        assert_eq!(sp_io::storage::root(Default::default()), before);
    });
}

#[test]
fn a_deployment_has_up_to_eight_groups_each_placed_on_its_own() {
    build_and_execute(|| {
        let orders: Vec<_> = (0..8u64).map(|n| at(&[n % 2])).collect();
        assert_ok!(deploy_all(&orders));
        let deployment = Deployments::<Test>::get(0).expect("a record");
        assert_eq!(deployment.leases.into_inner(), (0..8).collect::<Vec<_>>());
        for id in 0..8 {
            assert_eq!((state(id).ask, state(id).deployment), (id % 2, 0));
        }
        assert_eq!(NextDeploymentId::<Test>::get(), 1);
    });
}

#[test]
fn one_group_without_a_fit_opens_nothing() {
    build_and_execute(|| {
        let too_dear = GroupOrder {
            max_rate: 6,
            ..at(&[0])
        };
        let orders = [at(&[0]), at(&[1]), too_dear, at(&[0])];
        assert_noop!(deploy_all(&orders), Error::<Test>::NoAskFits(2));
        let poor = GroupOrder { deposit: 1, ..at(&[0]) };
        assert_noop!(deploy_all(&[at(&[0]), poor]), Error::<Test>::DepositTooSmall(1));
        assert_noop!(
            deploy_all(&[
                at(&[0]),
                GroupOrder {
                    term: Some(0),
                    ..at(&[0])
                }
            ]),
            Error::<Test>::ZeroTerm
        );
        // The groups share what is free: ten units in all.
        let six = || GroupOrder {
            resources: resources(6),
            ..at(&[0])
        };
        assert_noop!(deploy_all(&[six(), six()]), Error::<Test>::NoAskFits(1));
    });
}

#[test]
fn groups_share_the_due_ends_that_one_call_processes() {
    build_and_execute(|| {
        for ask in [0, 1] {
            for _ in 0..5 {
                deploy(GroupOrder {
                    resources: resources(2),
                    ..at(&[ask])
                });
            }
        }
        jump_to(EXPIRY);
        work_off_agenda();
        jump_to(EXPIRY + GRACE);
        let big = |ask| GroupOrder {
            resources: resources(4),
            ..at(&[ask])
        };
        // Four ends are processed for the first group, none is left for the second.
        assert_noop!(deploy_all(&[big(0), big(1)]), Error::<Test>::NoAskFits(1));
        assert_ok!(deploy_all(&[big(0)]));
        assert_ok!(deploy_all(&[big(1)]));
    });
}

mod spread {
    use super::*;

    fn apart(number: u8, ids: &[AskId]) -> GroupOrder<u64> {
        GroupOrder {
            requirements: Requirements {
                spread: Some(number),
                ..Default::default()
            },
            ..at(ids)
        }
    }

    /// Asks of four providers: in eu, in us, in eu again, and nowhere stated.
    fn world() -> [AskId; 4] {
        let placed = |name| AskTerms {
            place: region(name),
            ..terms(7)
        };
        [
            publish_on(OPERATOR, placed("eu")),
            publish_on(OPERATOR_1, placed("us")),
            register(STASH_2, OPERATOR_2, placed("eu")),
            register(STASH_3, OPERATOR_3, terms(7)),
        ]
    }

    #[test]
    fn replicas_lie_at_distinct_operators_and_regions() {
        build_and_execute(|| {
            let [eu, us, also_eu, nowhere] = world();
            let other_region = publish_on(
                OPERATOR,
                AskTerms {
                    place: region("asia"),
                    ..terms(7)
                },
            );
            for second in [eu, also_eu, other_region, nowhere] {
                assert_noop!(
                    deploy_all(&[apart(1, &[eu]), apart(1, &[second])]),
                    Error::<Test>::NoAskFits(1)
                );
            }
            assert_ok!(deploy_all(&[apart(1, &[eu]), apart(1, &[eu, also_eu, us])]));
            assert_eq!((state(0).ask, state(1).ask), (eu, us));
        });
    }

    #[test]
    fn other_numbers_and_other_deployments_do_not_matter() {
        build_and_execute(|| {
            let [eu, ..] = world();
            assert_ok!(deploy_all(&[apart(1, &[eu]), apart(2, &[eu]), at(&[eu])]));
            assert_ok!(deploy_all(&[apart(1, &[eu])]));
        });
    }

    #[test]
    fn a_region_that_is_not_stated_may_be_any() {
        build_and_execute(|| {
            let [.., nowhere] = world();
            refused(apart(1, &[nowhere]), Refusal::Spread);
        });
    }
}
