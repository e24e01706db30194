//! The off-chain worker: from the node's record to one report per epoch.

use crate::{AuthorityId, Call, Config, HighWater, Pallet, Reports, Times, Validators, LOG_TARGET};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::fmt;
use frame_system::offchain::SubmitTransaction;
use perigee_heartbeat::{record_key, EpochRecord, Gaps, GapsError, Report};
use perigee_primitives::{AttestationEpoch, AttestationTimes, BlockNumber};
use sp_application_crypto::RuntimeAppPublic;
use sp_runtime::offchain::storage::{MutateStorageError, StorageRetrievalError, StorageValueRef};

/// Blocks to wait for a report to be included before it is sent again.
const INCLUSION_BLOCKS: BlockNumber = 3;
/// Where the worker notes, per validator index, what it sent.
const SENT_PREFIX: &[u8] = b"perigee/attestation-sent/";

/// What was sent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Sent {
    epoch: AttestationEpoch,
    at: BlockNumber,
}

/// Why there is no report this time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Abstained {
    /// The node has not stored a record, or has not stored it yet.
    NoRecord,
    /// The node did not listen in all slots, so it cannot tell who was absent.
    Incomplete(u16),
    /// Too many are absent to list.
    Unlistable(GapsError),
    /// Sent a moment ago.
    AwaitingInclusion(BlockNumber),
    /// Another run of the worker is sending.
    Busy,
    /// The keystore did not sign.
    NotSigned,
    /// The transaction pool refused the report.
    NotSubmitted,
}

impl fmt::Display for Abstained {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::NoRecord => write!(f, "the heartbeat service has stored no record"),
            Self::Incomplete(slots) => write!(f, "the node did not listen in all slots ({slots:010b})"),
            Self::Unlistable(error) => write!(f, "absent providers cannot be listed: {error:?}"),
            Self::AwaitingInclusion(at) => write!(f, "sent at block {at}, not included yet"),
            Self::Busy => write!(f, "another run is sending"),
            Self::NotSigned => write!(f, "the keystore did not sign"),
            Self::NotSubmitted => write!(f, "the transaction pool refused the report"),
        }
    }
}

impl Abstained {
    /// Is it the ordinary course of things, rather than something an operator should know?
    fn is_ordinary(&self) -> bool {
        matches!(self, Self::NoRecord | Self::AwaitingInclusion(_) | Self::Busy)
    }
}

impl<T: Config> Pallet<T> {
    /// Reports about the last epoch with every session key of the snapshot that this node holds.
    pub(crate) fn report_as_validator(now: BlockNumber) {
        if !sp_io::offchain::is_validator() {
            return;
        }
        // A report that is sent now is included in the next block at the earliest.
        let (Some(times), Some(epoch)) = (Times::<T>::get(), Self::open_epoch(now.saturating_add(1))) else {
            return;
        };
        if now < times.end_of(epoch) {
            return;
        }
        for (validator, key) in Self::own_keys(epoch) {
            if Reports::<T>::contains_key(epoch, validator) {
                continue;
            }
            match Self::send_report(now, epoch, validator, &key, &times) {
                Ok(()) => log::info!(target: LOG_TARGET, "reported on epoch {epoch} as validator {validator}"),
                Err(why) if why.is_ordinary() => {
                    log::debug!(target: LOG_TARGET, "no report on epoch {epoch} at block {now}: {why}")
                }
                Err(why) => log::warn!(target: LOG_TARGET, "abstaining on epoch {epoch} at block {now}: {why}"),
            }
        }
    }

    /// Keys of the epoch's snapshot that are in this node's keystore, with their indices.
    fn own_keys(epoch: AttestationEpoch) -> Vec<(u32, AuthorityId)> {
        let mut own = AuthorityId::all();
        own.sort();
        let validators = Validators::<T>::get(epoch).unwrap_or_default();
        let indexed = (0u32..).zip(validators);
        indexed.filter(|(_, key)| own.binary_search(key).is_ok()).collect()
    }

    pub(crate) fn send_report(
        now: BlockNumber,
        epoch: AttestationEpoch,
        validator: u32,
        key: &AuthorityId,
        times: &AttestationTimes,
    ) -> Result<(), Abstained> {
        let record = Self::complete_record(epoch)?;
        Self::once(now, epoch, validator, || {
            let report = Report {
                epoch,
                validator,
                finalised: record.finalised,
                absent: Self::absent_by(&record, epoch, times).map_err(Abstained::Unlistable)?,
            };
            let signature = key
                .sign(&report.signed_bytes(&Self::genesis()))
                .ok_or(Abstained::NotSigned)?;
            let call = Call::report { report, signature };
            let transaction = T::create_authorized_transaction(call.into());
            SubmitTransaction::<T, Call<T>>::submit_transaction(transaction).map_err(|_| Abstained::NotSubmitted)
        })
    }

    fn complete_record(epoch: AttestationEpoch) -> Result<EpochRecord, Abstained> {
        let stored = StorageValueRef::persistent(&record_key(epoch)).get::<EpochRecord>();
        let record = stored.ok().flatten().ok_or(Abstained::NoRecord)?;
        if record.is_complete() {
            Ok(record)
        } else {
            Err(Abstained::Incomplete(record.observed))
        }
    }

    /// Those who are judged in `epoch` and were not seen often enough.
    fn absent_by(record: &EpochRecord, epoch: AttestationEpoch, times: &AttestationTimes) -> Result<Gaps, GapsError> {
        let known = 0..HighWater::<T>::get(epoch);
        Gaps::from_ids(known.filter(|p| !record.is_present(*p) && Self::is_judged_in(*p, epoch, times)))
    }

    /// Runs `send` unless the report was sent a moment ago. Workers of successive blocks run side by side, so the note
    /// is made before sending, and taken back when sending fails.
    fn once(
        now: BlockNumber,
        epoch: AttestationEpoch,
        validator: u32,
        send: impl FnOnce() -> Result<(), Abstained>,
    ) -> Result<(), Abstained> {
        let key = (SENT_PREFIX, validator).encode();
        let note = StorageValueRef::persistent(&key);
        let noted = note.mutate(|last: Result<Option<Sent>, StorageRetrievalError>| match last {
            Ok(Some(sent)) if sent.epoch == epoch && now < sent.at.saturating_add(INCLUSION_BLOCKS) => {
                Err(Abstained::AwaitingInclusion(sent.at))
            }
            _ => Ok(Sent { epoch, at: now }),
        });
        match noted {
            Err(MutateStorageError::ValueFunctionFailed(why)) => return Err(why),
            Err(MutateStorageError::ConcurrentModification(_)) => return Err(Abstained::Busy),
            Ok(_) => {}
        }
        send().inspect_err(|_| {
            let mut note = note;
            note.clear();
        })
    }
}
