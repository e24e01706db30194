//! Benchmarks of the calls and of the agenda.

use crate::*;
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{fungible::Mutate, Get},
    weights::WeightMeter,
    BoundedVec,
};
use frame_system::RawOrigin;
use perigee_primitives::{traits::Availability, Ask, Balance, DeclineReason, LeaseId, PriceSchedule, Resources};
use sp_runtime::SaturatedConversion;

/// Far above any existential deposit.
const RICH: Balance = 1 << 90;
/// Rate per block of the orders made here.
const RATE: Balance = 1_000_000_000;

const ONE: Resources = Resources {
    cpu_milli: 1,
    memory_mib: 1,
    storage_mib: 0,
    gpus: 0,
    endpoints: 0,
};

fn endowed<T: Config>(name: &'static str) -> T::AccountId
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let who = account(name, 0, 0);
    <T as Config>::Currency::set_balance(&who, RICH);
    who
}

/// A provider with plenty of capacity and one ask. Returns its operator.
fn provider<T: Config + pallet_providers::Config>() -> T::AccountId
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let operator = endowed::<T>("operator");
    let record = pallet_providers::Provider {
        stash: endowed::<T>("stash"),
        operator: operator.clone(),
        heartbeat_key: [1; 32],
        pins: BoundedVec::truncate_from(vec![[1; 32]; 2]),
        gateway: BoundedVec::truncate_from(b"gateway.example:8443".to_vec()),
        stake: T::MinStake::get(),
        capacity: Resources {
            cpu_milli: 1_000,
            memory_mib: 1_000,
            ..ONE
        },
        leased: Resources::default(),
        registered_at: 0,
    };
    let prices = PriceSchedule {
        cpu_milli: (RATE * 1_000_000) as u64,
        ..Default::default()
    };
    let ask = Ask {
        provider: 0,
        prices,
        attributes: Default::default(),
        isolation: Default::default(),
    };
    pallet_providers::Providers::<T>::insert(0, record);
    pallet_providers::Asks::<T>::insert(0, ask);
    operator
}

/// The last of four named asks is the one that exists.
fn order<T: Config>() -> GroupOrder {
    let blocks = billing::judgement::<T::Availability>(0).reserve();
    GroupOrder {
        resources: ONE,
        commitment: [1; 32],
        asks: BoundedVec::truncate_from(vec![3, 2, 1, 0]),
        max_rate: RATE,
        deposit: RATE.saturating_mul(blocks.into()),
        term: None,
    }
}

/// Opens a lease of the tenant. Returns both.
fn open<T: Config>() -> Result<(T::AccountId, LeaseId), BenchmarkError>
where
    <T as Config>::Currency: Mutate<T::AccountId>,
{
    let (tenant, lease) = (endowed::<T>("tenant"), NextLeaseId::<T>::get());
    Pallet::<T>::do_deploy(tenant.clone(), vec![order::<T>()]).map_err(|error| error.error)?;
    Ok((tenant, lease))
}

/// Goes `blocks` further.
fn pass<T: Config>(blocks: u32) {
    let now = Pallet::<T>::now().saturating_add(blocks);
    frame_system::Pallet::<T>::set_block_number(now.saturated_into());
}

#[benchmarks(where T: pallet_providers::Config, <T as Config>::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn deploy() -> Result<(), BenchmarkError> {
        provider::<T>();
        let tenant = endowed::<T>("tenant");
        let groups = BoundedVec::truncate_from(vec![order::<T>()]);

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), groups);

        assert_eq!(NextLeaseId::<T>::get(), 1);
        Ok(())
    }

    #[benchmark]
    fn activate() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (_, lease) = open::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), lease);

        Ok(())
    }

    #[benchmark]
    fn decline() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (_, lease) = open::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), lease, DeclineReason::TenantWorkload);

        Ok(())
    }

    #[benchmark]
    fn close() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (tenant, lease) = open::<T>()?;
        Pallet::<T>::do_activate(operator, lease)?;
        pass::<T>(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), 0);

        Ok(())
    }

    #[benchmark]
    fn give_notice() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (_, lease) = open::<T>()?;
        Pallet::<T>::do_activate(operator.clone(), lease)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), lease);

        Ok(())
    }

    #[benchmark]
    fn deposit() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (tenant, lease) = open::<T>()?;
        Pallet::<T>::do_activate(operator, lease)?;
        pass::<T>(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), lease, RATE);

        Ok(())
    }

    /// The agenda finds a lease whose end, final settlement and payouts are all due.
    #[benchmark]
    fn advance() -> Result<(), BenchmarkError> {
        provider::<T>();
        let (_, lease) = open::<T>()?;
        pass::<T>(T::ActivationWindow::get());

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        assert!(Leases::<T>::get(lease).is_some_and(|lease| lease.has_ended()));
        Ok(())
    }

    #[benchmark]
    fn agenda_peek() -> Result<(), BenchmarkError> {
        provider::<T>();
        open::<T>()?;

        #[block]
        {
            Pallet::<T>::run_agenda(&mut WeightMeter::new());
        }

        Ok(())
    }

    #[benchmark]
    fn settle() -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let (tenant, lease) = open::<T>()?;
        Pallet::<T>::do_activate(operator, lease)?;
        pass::<T>(T::Availability::times().window());

        #[extrinsic_call]
        _(RawOrigin::Signed(tenant), lease);

        Ok(())
    }

    #[benchmark]
    fn torn_down(n: Linear<1, MAX_TORN_DOWN>) -> Result<(), BenchmarkError> {
        let operator = provider::<T>();
        let mut leases = vec![];
        for _ in 0..n {
            let (tenant, lease) = open::<T>()?;
            let deployment = NextDeploymentId::<T>::get() - 1;
            Pallet::<T>::do_close(tenant, deployment).map_err(|error| error.error)?;
            leases.push(lease);
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), BoundedVec::truncate_from(leases));

        assert_eq!(LeasesByProvider::<T>::iter_keys().count(), 0);
        Ok(())
    }
}
