//! Benchmarks of the call, its authorisation, and the steps of judging.

use crate::{
    availability, Authorities, AuthorityId, AuthoritySignature, Call, Config, DecidedBefore, HighWater, JudgedUntil,
    Pallet, StoredReport, Times, Validators, WeightInfo,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{Authorize, Get},
    weights::WeightMeter,
    WeakBoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use perigee_heartbeat::{Gaps, Report, MAX_GAP_BYTES};
use perigee_primitives::{
    traits::{Outcome, ProviderInspect, Scores},
    AttestationTimes, BlockNumber, UnbilledKind, Verdict,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::{transaction_validity::TransactionSource, SaturatedConversion};

const TIMES: AttestationTimes = AttestationTimes {
    epoch: 300,
    deadline: 60,
    margin: 30,
};
/// The epoch that is reported on.
const EPOCH: u32 = 1;

/// The first block after the epoch, with a snapshot of `validators` keys of which one is this node's.
fn after_the_epoch<T: Config>(validators: u32) -> AuthorityId {
    Times::<T>::put(TIMES);
    JudgedUntil::<T>::put(TIMES.start_of(EPOCH));
    let now: BlockNumberFor<T> = TIMES.end_of(EPOCH).saturated_into();
    frame_system::Pallet::<T>::set_block_number(now);
    let own = AuthorityId::generate_pair(None);
    let keys: Vec<_> = core::iter::repeat_n(own.clone(), validators as usize).collect();
    Validators::<T>::insert(EPOCH, WeakBoundedVec::<_, T::MaxValidators>::force_from(keys, None));
    HighWater::<T>::insert(EPOCH, MAX_GAP_BYTES);
    own
}

/// A list of `bytes` bytes.
fn list(bytes: u32) -> Gaps {
    Gaps::from_ids(0..bytes).unwrap_or_default()
}

fn signed_report<T: Config>(bytes: u32) -> Result<(Report, AuthoritySignature), BenchmarkError> {
    let key = after_the_epoch::<T>(T::MaxValidators::get());
    let report = Report {
        epoch: EPOCH,
        validator: T::MaxValidators::get() - 1,
        finalised: TIMES.end_of(EPOCH),
        absent: list(bytes),
    };
    let signature = key.sign(&report.signed_bytes(&Pallet::<T>::genesis()));
    Ok((report, signature.ok_or("the benchmark's keystore signs")?))
}

/// An outcome at block `at`.
fn note_one<T: Config>(tenant: u32, at: BlockNumber) {
    let tenant: T::AccountId = account("tenant", tenant, 0);
    <Pallet<T> as Scores<T::AccountId>>::note(0, &tenant, Outcome::Kept, T::TypicalFee::get(), at);
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark(pov_mode = Ignored)]
    fn report(b: Linear<0, { MAX_GAP_BYTES }>) -> Result<(), BenchmarkError> {
        let (sent, signature) = signed_report::<T>(b)?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, sent, signature);

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn authorize_report(b: Linear<0, { MAX_GAP_BYTES }>) -> Result<(), BenchmarkError> {
        let (sent, signature) = signed_report::<T>(b)?;
        let call = Call::<T>::report {
            report: sent,
            signature,
        };

        #[block]
        {
            call.authorize(TransactionSource::InBlock)
                .ok_or("reports are authorised")?
                .map_err(|_| "the report is valid")?;
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn snapshot(v: Linear<1, { T::MaxValidators::get() }>) -> Result<(), BenchmarkError> {
        let key = after_the_epoch::<T>(1);
        let keys: Vec<_> = core::iter::repeat_n(key, v as usize).collect();
        Authorities::<T>::put(WeakBoundedVec::<_, T::MaxValidators>::force_from(keys, None));

        #[block]
        {
            Pallet::<T>::take_snapshot(TIMES.end_of(EPOCH));
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn look() -> Result<(), BenchmarkError> {
        after_the_epoch::<T>(1);

        #[block]
        {
            Pallet::<T>::judge_what_is_due(TIMES.end_of(EPOCH), &mut WeightMeter::new());
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn tally(
        v: Linear<1, { T::MaxValidators::get() }>,
        r: Linear<1, { T::MaxValidators::get() }>,
    ) -> Result<(), BenchmarkError> {
        after_the_epoch::<T>(v);
        for validator in 0..r {
            let stored = StoredReport {
                finalised: TIMES.end_of(EPOCH),
                absent: list(MAX_GAP_BYTES),
            };
            crate::Reports::<T>::insert(EPOCH, validator, stored);
        }
        crate::ReportCount::<T>::insert(EPOCH, r);
        let due: BlockNumber = TIMES.end_of(EPOCH) + TIMES.deadline + 1;
        let weight = T::WeightInfo::look() + T::WeightInfo::tally(v, r);

        #[block]
        {
            Pallet::<T>::judge_what_is_due(due, &mut WeightMeter::with_limit(weight));
            Pallet::<T>::conclude(EPOCH, &TIMES, Verdict::Void);
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn apply() -> Result<(), BenchmarkError> {
        Times::<T>::put(TIMES);
        Pallet::<T>::miss(0, EPOCH - 1, &TIMES, UnbilledKind::Absent);
        let months_later = EPOCH + 100 * T::DayBlocks::get() / TIMES.epoch;

        #[block]
        {
            Pallet::<T>::is_judged_in(0, EPOCH, &TIMES);
            Pallet::<T>::miss(0, months_later, &TIMES, UnbilledKind::Absent);
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn standings() -> Result<(), BenchmarkError> {
        Times::<T>::put(TIMES);
        let judged = availability::longest_window(&TIMES, T::DayBlocks::get());
        JudgedUntil::<T>::put(TIMES.start_of(judged));
        DecidedBefore::<T>::insert(judged, judged);
        Pallet::<T>::miss(0, judged - 1, &TIMES, UnbilledKind::Absent);
        note_one::<T>(0, 0);
        let now: BlockNumberFor<T> = TIMES.end_of(judged).saturated_into();
        frame_system::Pallet::<T>::set_block_number(now);

        #[block]
        {
            T::Providers::registered_at(0);
            Pallet::<T>::standings_since(0, 0);
        }

        Ok(())
    }

    #[benchmark(pov_mode = Ignored)]
    fn note() -> Result<(), BenchmarkError> {
        note_one::<T>(0, 0);

        #[block]
        {
            // Aged by eleven multiplications, the most there are.
            note_one::<T>(1, 2_047 * T::DayBlocks::get());
        }

        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::externalities(), crate::mock::Test);
}
