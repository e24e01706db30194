//! Benchmarks of the calls and of the agenda: records as long as they can be, the last of all that is looked at fits.

mod running;

use crate::{place::DueEnds, *};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, EnsureOrigin, Get},
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use perigee_primitives::{
    is_met, receipt_message,
    traits::{Availability, ProviderInspect, MAX_DEPOSITORS},
    Ask, AskId, AskTerms, AttributePatterns, AttributeText, Attributes, Balance, CloseReason, DeclineReason, Filter,
    GroupOrder, LeaseId, NamedAsks, Place, PriceSchedule, ProviderId, Requirements, Resources, Tenants, Tier, MAX_ASKS,
    MAX_GROUPS, MAX_PATTERNS,
};
use sp_runtime::{traits::Zero, KeyTypeId, SaturatedConversion};

/// Keys of benchmarks only.
const KEYS: KeyTypeId = KeyTypeId(*b"benc");
/// Far above any existential deposit.
const RICH: Balance = 1 << 90;
/// Rate per block of the orders made here.
const RATE: Balance = 1_000_000_000;
/// Attributes that an ask has at most.
const MAX_ATTRIBUTES: u32 = 32;
/// Regions that an order lists at most: allowed and denied ones.
const MAX_REGIONS: u32 = 32;
/// Longest text of an attribute.
const TEXT: usize = 64;

/// What an order asks for.
fn little() -> Resources {
    Resources {
        cpu_milli: 1,
        memory_mib: 1,
        ..Default::default()
    }
}

fn endowed<T: Config>(name: &'static str, n: u32) -> T::AccountId
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let who = account(name, n, 0);
    <T as Config>::Currency::set_balance(&who, RICH);
    who
}

/// The longest text that ends so.
fn text(last: u8) -> AttributeText {
    let mut text = vec![b'a'; TEXT];
    text[TEXT - 1] = last;
    AttributeText::truncate_from(text)
}

/// As many attributes as there may be, whose keys differ in the last byte.
fn attributes() -> Attributes {
    Attributes::truncate_from((b'A'..b'A' + 32).map(|last| (text(last), text(b'v'))).collect())
}

/// Matches the last of the attributes only, and is tried from every byte of the others on.
fn starred() -> (AttributeText, AttributeText) {
    let key = [b"*".to_vec(), vec![b'a'; 40], vec![b'A' + 31]].concat();
    (AttributeText::truncate_from(key), text(b'v'))
}

fn region(last: u8) -> AttributeText {
    text(last)
}

/// Requires so many patterns without stars, so many regions, and all countries that there may be.
fn requirements<AccountId>(patterns: u32, listed: u32, spread: u8) -> Requirements<AccountId> {
    let plain = (text(b'A' + 31), text(b'v'));
    let countries = |first: u8| (0..16).map(|n| [first, b'A' + n]).collect();
    let allowed = listed.min(MAX_REGIONS / 2) as u8;
    let denied = listed as u8 - allowed;
    // The one that asks are in comes last.
    let regions = |first: u8, number: u8| (16 - number..16).map(|n| region(first + n)).collect();
    Requirements {
        attributes: AttributePatterns::truncate_from(vec![plain; patterns as usize]),
        countries: Filter {
            allow: BoundedVec::truncate_from(countries(b'D')),
            deny: BoundedVec::truncate_from(countries(b'X')),
        },
        regions: Filter {
            allow: BoundedVec::truncate_from(regions(b'A', allowed)),
            deny: BoundedVec::truncate_from(regions(b'a', denied)),
        },
        spread: Some(spread),
        ..Default::default()
    }
}

/// A provider and its ask.
struct Shop<AccountId> {
    provider: ProviderId,
    operator: AccountId,
    ask: AskId,
}

/// A provider with plenty of capacity and stake, and one ask on the longest terms. Without bonds it refuses last of all.
fn shop<T: Config + pallet_providers::Config>(n: u32, bonded: bool) -> Result<Shop<T::AccountId>, BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let (stash, operator) = (endowed::<T>("stash", n), endowed::<T>("operator", n));
    let provider = pallet_providers::NextProviderId::<T>::get();
    let record = pallet_providers::Provider {
        stash: stash.clone(),
        operator: operator.clone(),
        heartbeat_key: [n as u8; 32],
        previous_key: None,
        pins: BoundedVec::truncate_from(vec![[1; 32]; 2]),
        gateway: BoundedVec::truncate_from(vec![b'g'; 128]),
        abuse_contact: BoundedVec::truncate_from(vec![b'c'; 128]),
        stake: RICH,
        capacity: Resources {
            cpu_milli: 1_000,
            memory_mib: 1_000,
            ..Default::default()
        },
        leased: Resources::default(),
        leased_rate: 0,
        registered_at: 0,
    };
    pallet_providers::NextProviderId::<T>::put(provider.saturating_add(1));
    pallet_providers::Providers::<T>::insert(provider, record);
    pallet_providers::ByStash::<T>::insert(&stash, provider);
    pallet_providers::ByOperator::<T>::insert(&operator, provider);
    if bonded {
        pallet_providers::Pallet::<T>::fund_bonds(RawOrigin::Signed(stash).into(), RICH / 2)?;
    }
    let ask = pallet_providers::NextAskId::<T>::get();
    pallet_providers::NextAskId::<T>::put(ask.saturating_add(1));
    pallet_providers::Asks::<T>::insert(
        ask,
        Ask {
            provider,
            terms: terms(),
        },
    );
    Ok(Shop {
        provider,
        operator,
        ask,
    })
}

/// The longest terms, at `RATE` for a little.
fn terms<AccountId: codec::Decode>() -> AskTerms<AccountId> {
    AskTerms {
        prices: PriceSchedule {
            cpu_milli: (RATE * 1_000_000) as u64,
            ..Default::default()
        },
        attributes: attributes(),
        place: Place {
            country: Some([b'D', b'A' + 15]),
            region: region(b'A' + 15),
        },
        isolation: Default::default(),
        terms: Default::default(),
        valid_until: None,
        tenants: Tenants::Except(BoundedVec::truncate_from(
            (0..16).map(|n| account("stranger", n, 0)).collect(),
        )),
        notice: 1,
        sla: 0,
    }
}

/// An order at these asks that requires as much as one may.
fn order<T: Config>(asks: &[AskId], spread: u8) -> GroupOrder<T::AccountId> {
    let blocks = T::Availability::times().reserve();
    GroupOrder {
        resources: little(),
        commitment: [1; 32],
        asks: NamedAsks::truncate_from(asks.to_vec()),
        max_rate: RATE,
        deposit: RATE.saturating_mul(blocks.into()),
        term: None,
        requirements: requirements(MAX_PATTERNS, MAX_REGIONS, spread),
    }
}

/// Orders for `n` groups, each of which the first of four asks takes.
fn orders<T: Config>(n: u32, ask: AskId) -> Vec<GroupOrder<T::AccountId>> {
    (0..n)
        .map(|group| order::<T>(&[ask; MAX_ASKS as usize], group as u8))
        .collect()
}

/// Such orders that name no patterns and no regions.
fn short_orders<T: Config>(n: u32, ask: AskId) -> Vec<GroupOrder<T::AccountId>> {
    let mut orders = orders::<T>(n, ask);
    for (group, order) in (0..).zip(&mut orders) {
        order.requirements = requirements(0, 0, group);
    }
    orders
}

/// Opens a deployment of the tenant with `n` groups at a shop. Returns tenant, operator and the first lease.
fn open<T: Config + pallet_providers::Config>(
    n: u32,
) -> Result<(T::AccountId, Shop<T::AccountId>, LeaseId), BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let shop = shop::<T>(0, true)?;
    let (tenant, lease) = (endowed::<T>("tenant", 0), NextLeaseId::<T>::get());
    Pallet::<T>::do_deploy(tenant.clone(), orders::<T>(n, shop.ask)).map_err(|error| error.error)?;
    Ok((tenant, shop, lease))
}

/// Goes `blocks` further.
fn pass<T: Config>(blocks: u32) {
    let now = Pallet::<T>::now().saturating_add(blocks);
    frame_system::Pallet::<T>::set_block_number(now.saturated_into());
}

/// Fills the deployment of `lease` up with leases that have ended in the same region.
fn crowd<T: Config>(lease: LeaseId) -> Result<(), BenchmarkError> {
    let template = Leases::<T>::get(lease).ok_or("an open lease")?;
    let mut deployment = Deployments::<T>::get(template.deployment).ok_or("its deployment")?;
    for id in (1 << 40)..(1 << 40) + u64::from(MAX_LEASES) - 2 {
        let mut ended = template.clone();
        ended.stage = Stage::Ended {
            since: None,
            at: 1,
            reason: CloseReason::NoShow,
            processed_at: 1,
            totals: None,
        };
        Leases::<T>::insert(id, ended);
        deployment.leases.try_push(id).map_err(|_| "there is room")?;
    }
    Deployments::<T>::insert(template.deployment, deployment);
    Ok(())
}

#[benchmarks(
    where
        T: pallet_providers::Config + pallet_escrow::Config,
        <T as Config>::Currency: Mutate<T::AccountId>,
)]
mod benchmarks {
    use super::{
        running::{exhausted, nearly_out, ordinary, running},
        *,
    };

    #[benchmark]
    fn deploy(n: Linear<1, MAX_GROUPS>) -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, true)?;
        // Its account costs nothing here: every transaction is charged for that of its signer.
        let tenant: T::AccountId = whitelisted_caller();
        <T as Config>::Currency::set_balance(&tenant, RICH);
        let before = NextLeaseId::<T>::get();
        let groups = BoundedVec::truncate_from(short_orders::<T>(n, shop.ask));

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), groups);

        assert_eq!(NextLeaseId::<T>::get(), before + u64::from(n));
        Ok(())
    }

    /// The first of as many orders as there may be names `p` patterns and `r` regions. The lease that it becomes is read
    /// for each of the others, which must be apart from it.
    #[benchmark]
    fn require(p: Linear<0, MAX_PATTERNS>, r: Linear<0, MAX_REGIONS>) -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, true)?;
        let tenant = endowed::<T>("tenant", 0);
        let before = NextLeaseId::<T>::get();
        let mut groups = short_orders::<T>(MAX_GROUPS, shop.ask);
        groups[0].requirements = requirements(p, r, 0);

        #[extrinsic_call]
        deploy(RawOrigin::Signed(tenant), BoundedVec::truncate_from(groups));

        assert_eq!(NextLeaseId::<T>::get(), before + u64::from(MAX_GROUPS));
        Ok(())
    }

    /// What an ask with `a` attributes offers.
    #[benchmark]
    fn read_ask(a: Linear<0, MAX_ATTRIBUTES>) -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, false)?;
        pallet_providers::Asks::<T>::mutate_extant(shop.ask, |ask| ask.terms.attributes.truncate(a as usize));
        let offer;

        #[block]
        {
            offer = <T as Config>::Providers::offer(shop.ask);
        }

        assert!(offer.is_some_and(|offer| offer.terms.attributes.len() == a as usize));
        Ok(())
    }

    /// Availability, service score and tier.
    #[benchmark]
    fn check_standings() -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, false)?;
        let requirements = Requirements {
            availability: 1,
            service: 1,
            tier: Tier::Premium,
            ..Default::default()
        };

        #[block]
        {
            Pallet::<T>::known_of(shop.provider, &requirements);
        }

        Ok(())
    }

    #[benchmark]
    fn look_at_ask() -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, false)?;
        let (owner, order) = (endowed::<T>("tenant", 0), order::<T>(&[shop.ask], 0));
        let wanted = Wanted {
            lease: NextLeaseId::<T>::get(),
            owner: &owner,
            order: &order,
            siblings: &[],
        };
        let placed;

        #[block]
        {
            placed = Pallet::<T>::place(&wanted, &mut DueEnds::none(), 0).is_ok();
        }

        assert!(!placed);
        Ok(())
    }

    #[benchmark]
    fn match_pattern() {
        let (pattern, attributes) = (starred(), attributes());
        let met;

        #[block]
        {
            met = is_met(&pattern, &attributes);
        }

        assert!(met);
    }

    #[benchmark]
    fn check_audit() -> Result<(), BenchmarkError> {
        let shop = shop::<T>(0, false)?;
        let auditor = endowed::<T>("auditor", 0);
        let origin = RawOrigin::Signed(auditor.clone()).into();
        pallet_providers::Pallet::<T>::sign_attributes(origin, shop.provider, attributes(), u32::MAX)?;
        let patterns = AttributePatterns::truncate_from(attributes().into_inner());
        let signed;

        #[block]
        {
            signed = <T as Config>::Providers::has_signed(&auditor, shop.provider, &patterns);
        }

        assert!(signed);
        Ok(())
    }

    /// The lease that takes over must be apart from as many as a deployment may have.
    #[benchmark]
    fn take_over() -> Result<(), BenchmarkError> {
        let (_, _, lease) = open::<T>(1)?;
        crowd::<T>(lease)?;
        let ended = Leases::<T>::get(lease).ok_or("an open lease")?;
        let next = shop::<T>(1, true)?;
        let order = order::<T>(&[next.ask], 0);

        #[block]
        {
            Pallet::<T>::take_over(lease, &ended, order, &mut DueEnds::none())?;
        }

        let leases = Deployments::<T>::get(ended.deployment).map(|deployment| deployment.leases.len());
        assert_eq!(leases, Some(MAX_LEASES as usize));
        Ok(())
    }

    #[benchmark]
    fn activate() -> Result<(), BenchmarkError> {
        let (_, shop, lease) = open::<T>(1)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(shop.operator), lease);

        Ok(())
    }

    #[benchmark]
    fn decline() -> Result<(), BenchmarkError> {
        let (_, shop, lease) = open::<T>(1)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(shop.operator), lease, DeclineReason::TenantWorkload);

        Ok(())
    }

    /// The receipt ends the lease, and the bond pays.
    #[benchmark]
    fn file_receipt() -> Result<(), BenchmarkError> {
        let (tenant, shop, lease) = open::<T>(1)?;
        let public = sp_io::crypto::ed25519_generate(KEYS, None);
        pallet_providers::Providers::<T>::mutate(shop.provider, |provider| {
            if let Some(provider) = provider {
                provider.heartbeat_key = public.0;
            }
        });
        Leases::<T>::mutate(lease, |lease| {
            if let Some(lease) = lease {
                lease.rest = None;
            }
        });
        let received_at = Pallet::<T>::now();
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let genesis = genesis.as_ref().try_into().unwrap_or_default();
        let message = receipt_message(&genesis, lease, &[1; 32], received_at);
        let signature = sp_io::crypto::ed25519_sign(KEYS, &public, &message).ok_or("the keystore signs")?;
        pass::<T>(T::ActivationDeadline::get());

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), lease, received_at, signature.0);

        assert!(Leases::<T>::get(lease).is_some_and(|lease| lease.has_ended()));
        Ok(())
    }

    #[benchmark]
    fn close(n: Linear<1, MAX_GROUPS>) -> Result<(), BenchmarkError> {
        let all = running::<T>(n, MAX_DEPOSITORS, 0, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), all.deployment, None);

        Ok(())
    }

    #[benchmark]
    fn give_notice() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.shop.operator), lease);

        Ok(())
    }

    #[benchmark]
    fn deposit() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, RATE);

        Ok(())
    }

    /// The agenda finds a lease whose funds ended long ago: it is billed, its SLA counted, and what it owes is paid to
    /// eight payees out of the money of each of `d` depositors, to whom the rest goes back. Each question about its
    /// provider's absences reads `s` runs.
    #[benchmark]
    fn advance(d: Linear<1, MAX_DEPOSITORS>, s: Linear<0, MAX_SEARCH_STEPS>) -> Result<(), BenchmarkError> {
        let lease = exhausted::<T>(d, s)?;

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        let found = Leases::<T>::get(lease).ok_or("the record stays")?;
        assert!(found.is_final());
        // Everybody was paid.
        assert!(!pallet_escrow::Accounts::<T>::contains_key(lease));
        Ok(())
    }

    /// The agenda finds a lease that is billed and goes on, but not for long.
    #[benchmark]
    fn look(s: Linear<0, MAX_SEARCH_STEPS>) -> Result<(), BenchmarkError> {
        let lease = nearly_out::<T>(s)?;

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        let found = Leases::<T>::get(lease).ok_or("the record stays")?;
        assert!(found.is_active() && found.bill.billed_until == T::Availability::judged_until());
        assert!(Pallet::<T>::sla_is_counted(&found));
        Ok(())
    }

    /// The last lease of a deployment.
    #[benchmark]
    fn prune() -> Result<(), BenchmarkError> {
        let (tenant, shop, lease) = open::<T>(1)?;
        let deployment = NextDeploymentId::<T>::get().saturating_sub(1);
        Pallet::<T>::do_close(tenant, deployment, None).map_err(|error| error.error)?;
        Pallet::<T>::do_torn_down(shop.operator, &[lease])?;
        pass::<T>(T::RetentionBlocks::get());

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        assert!(!Deployments::<T>::contains_key(deployment));
        Ok(())
    }

    #[benchmark]
    fn agenda_peek() -> Result<(), BenchmarkError> {
        open::<T>(1)?;

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        Ok(())
    }

    #[benchmark]
    fn show_backlog() {
        pass::<T>(T::BacklogAge::get().saturating_add(2));

        #[block]
        {
            Pallet::<T>::show_backlog(1, &mut WeightMeter::new());
        }

        assert!(BacklogShown::<T>::exists());
    }

    #[benchmark]
    fn settle() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease);

        Ok(())
    }

    #[benchmark]
    fn settle_many(n: Linear<1, MAX_GROUPS>) -> Result<(), BenchmarkError> {
        let all = running::<T>(n, MAX_DEPOSITORS, 0, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), BoundedVec::truncate_from(all.leases));

        Ok(())
    }

    #[benchmark]
    fn withdraw() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, RATE);

        Ok(())
    }

    #[benchmark]
    fn resize() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(1)?;
        let lease = all.first();
        let more = Resources {
            cpu_milli: 2,
            ..little()
        };

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, more, [2; 32], 2 * RATE);

        assert!(Leases::<T>::get(lease).is_some_and(|lease| lease.rate == 2 * RATE));
        Ok(())
    }

    #[benchmark]
    fn update() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, [2; 32]);

        Ok(())
    }

    #[benchmark]
    fn extend() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();
        let ends_at = Pallet::<T>::now().saturating_add(10);
        Leases::<T>::mutate_extant(lease, |lease| {
            if let Stage::Active { since, term_end, .. } = &mut lease.stage {
                *term_end = Some(ends_at);
                lease.term = Some(ends_at.saturating_sub(*since));
            }
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, 1);

        Ok(())
    }

    /// It begins and ends a segment.
    #[benchmark]
    fn pause() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(2)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease, T::MaxPause::get());

        Ok(())
    }

    #[benchmark]
    fn resume() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(2)?;
        let lease = all.first();
        Pallet::<T>::do_pause(all.tenant.clone(), lease, T::MaxPause::get())?;

        #[extrinsic_call]
        _(RawOrigin::Signed(all.tenant), lease);

        Ok(())
    }

    /// It leaves room for another change.
    #[benchmark]
    fn set_ready() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(2)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.shop.operator), lease, false);

        Ok(())
    }

    #[benchmark]
    fn stop_for_abuse() -> Result<(), BenchmarkError> {
        let all = ordinary::<T>(0)?;
        let lease = all.first();

        #[extrinsic_call]
        _(RawOrigin::Signed(all.shop.operator), lease, [1; 32]);

        Ok(())
    }

    #[benchmark]
    fn take_down() -> Result<(), BenchmarkError> {
        let lease = ordinary::<T>(0)?.first();
        let origin = T::TakedownOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, lease, [1; 32]);

        Ok(())
    }

    #[benchmark]
    fn offer_transfer() -> Result<(), BenchmarkError> {
        let (tenant, ..) = open::<T>(MAX_GROUPS)?;
        let deployment = NextDeploymentId::<T>::get().saturating_sub(1);
        let to = endowed::<T>("next owner", 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), deployment, to);

        Ok(())
    }

    #[benchmark]
    fn cancel_transfer() -> Result<(), BenchmarkError> {
        let (tenant, ..) = open::<T>(MAX_GROUPS)?;
        let deployment = NextDeploymentId::<T>::get().saturating_sub(1);
        Pallet::<T>::do_offer_transfer(tenant.clone(), deployment, endowed::<T>("next owner", 0))?;

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), deployment);

        Ok(())
    }

    #[benchmark]
    fn accept_transfer(n: Linear<1, MAX_GROUPS>) -> Result<(), BenchmarkError> {
        let all = running::<T>(n, MAX_DEPOSITORS, 0, 0)?;
        let to = endowed::<T>("next owner", 0);
        Pallet::<T>::do_offer_transfer(all.tenant, all.deployment, to.clone())?;

        #[extrinsic_call]
        _(RawOrigin::Signed(to), all.deployment);

        Ok(())
    }

    #[benchmark]
    fn torn_down(n: Linear<1, MAX_TORN_DOWN>) -> Result<(), BenchmarkError> {
        let (tenant, shop, mut lease) = open::<T>(1)?;
        let mut leases = vec![];
        for _ in 0..n {
            let deployment = NextDeploymentId::<T>::get() - 1;
            Pallet::<T>::do_close(tenant.clone(), deployment, None).map_err(|error| error.error)?;
            leases.push(lease);
            lease = NextLeaseId::<T>::get();
            Pallet::<T>::do_deploy(tenant.clone(), orders::<T>(1, shop.ask)).map_err(|error| error.error)?;
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(shop.operator), BoundedVec::truncate_from(leases));

        // The last one was opened and runs.
        assert_eq!(LeasesByProvider::<T>::iter_key_prefix((shop.provider,)).count(), 1);
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
