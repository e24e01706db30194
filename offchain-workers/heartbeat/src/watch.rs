//! The pure state machine of a node's heartbeat service.

use crate::{EpochRecord, GenesisHash, HeartbeatPublic, SignedHeartbeat};
use core::{fmt, time::Duration};
use perigee_primitives::{AttestationEpoch, AttestationTimes, BlockNumber, ProviderId, SLOTS};
use std::collections::BTreeMap;

/// Blocks around an epoch's boundary in which sender and receiver may disagree about the epoch: as far as a sender that
/// follows the chain through an RPC connection trails. At least a slot is always granted.
const BOUNDARY_BLOCKS: BlockNumber = 3;

/// Part of a slot's nominal length that must be listened for to have observed the slot. A node that catches up runs
/// through slots faster; one that is late with a block does not.
const OBSERVED_PART: u32 = 8;

/// Why a heartbeat does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// This node knows no block yet.
    NotReady,
    /// It claims an epoch that is over.
    WrongEpoch,
    /// It claims an epoch that has not begun.
    Future,
    /// No provider has registered the sender's key.
    UnknownKey,
    /// The sender's key belongs to another provider than the heartbeat names.
    ForeignKey,
    /// It comes from before the agent's last restart.
    OldIncarnation,
    /// It, or a later one, was received before.
    OldSequence,
    /// The signature is not the sender's, or not for this chain.
    BadSignature,
}

impl Rejection {
    /// Can only malice or a defect explain it? The rest happens to honest senders whose view trails.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::ForeignKey | Self::BadSignature)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::NotReady => "no block is known yet",
            Self::WrongEpoch => "its attestation epoch is over",
            Self::Future => "its attestation epoch has not begun",
            Self::UnknownKey => "no provider has registered its key",
            Self::ForeignKey => "its key belongs to another provider",
            Self::OldIncarnation => "it is from before the agent's last restart",
            Self::OldSequence => "it or a later one was received before",
            Self::BadSignature => "its signature is wrong",
        })
    }
}

/// Where the node is in time.
#[derive(Clone, Copy, Debug)]
struct Clock {
    best: BlockNumber,
    /// When `best` became the best block.
    since: Duration,
}

/// What was seen in one epoch.
#[derive(Clone, Debug, Default)]
struct Tally {
    listened: [Duration; SLOTS as usize],
    seen: BTreeMap<ProviderId, u16>,
}

/// Which of the heartbeats under one key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stamp {
    incarnation: u32,
    sequence: u64,
}

/// Accepts or rejects heartbeats, counts them by slot, and makes the records of epochs.
///
/// It holds a few words per provider that is registered and sends, and the last two epochs.
pub struct Watch {
    genesis: GenesisHash,
    times: AttestationTimes,
    block_time: Duration,
    clock: Option<Clock>,
    epochs: BTreeMap<AttestationEpoch, Tally>,
    /// The newest heartbeat of a provider, and the key it came under.
    newest: BTreeMap<ProviderId, (HeartbeatPublic, Stamp)>,
}

impl Watch {
    /// A watch that has seen nothing, for the chain of `genesis`.
    pub fn new(genesis: GenesisHash, times: AttestationTimes, block_time: Duration) -> Self {
        Self {
            genesis,
            times,
            block_time,
            clock: None,
            epochs: BTreeMap::new(),
            newest: BTreeMap::new(),
        }
    }

    /// Takes note of a new best block, seen at `now` on a clock that never goes back. Returns the records of epochs that
    /// `best` is past; a record that is returned again, after a reorganisation, replaces the earlier one.
    pub fn advance(
        &mut self,
        best: BlockNumber,
        finalised: BlockNumber,
        now: Duration,
    ) -> Vec<(AttestationEpoch, EpochRecord)> {
        let before = self.clock.replace(Clock { best, since: now });
        let epoch = self.times.epoch_of(best);
        let mut left = epoch;
        if let Some(Clock { best: last, since }) = before {
            left = self.times.epoch_of(last);
            let tally = self.epochs.entry(left).or_default();
            tally.listened[self.times.slot_of(last) as usize] += now.saturating_sub(since);
        }
        let over = self.epochs.range(left.min(epoch)..epoch);
        let records = over.map(|(e, tally)| (*e, self.record(tally, finalised))).collect();
        // The last epoch stays: a reorganisation may lead back into it.
        self.epochs.retain(|e, _| e.saturating_add(1) >= epoch);
        records
    }

    /// Counts a heartbeat that `key` sent, or says why not. `provider_of` finds the provider that registered a key.
    pub fn accept(
        &mut self,
        key: &HeartbeatPublic,
        message: &SignedHeartbeat,
        provider_of: impl FnOnce(&HeartbeatPublic) -> Option<ProviderId>,
    ) -> Result<(), Rejection> {
        let best = self.clock.ok_or(Rejection::NotReady)?.best;
        let heartbeat = &message.heartbeat;
        self.check_epoch(heartbeat.epoch, best)?;
        let provider = provider_of(key).ok_or(Rejection::UnknownKey)?;
        if provider != heartbeat.provider {
            return Err(Rejection::ForeignKey);
        }
        let this = Stamp {
            incarnation: heartbeat.incarnation,
            sequence: heartbeat.sequence,
        };
        self.check_is_new(provider, key, this)?;
        // Dear, therefore last. Nothing is noted before it.
        if !message.is_signed_by(key, &self.genesis) {
            return Err(Rejection::BadSignature);
        }
        self.newest.insert(provider, (*key, this));
        let tally = self.epochs.entry(self.times.epoch_of(best)).or_default();
        *tally.seen.entry(provider).or_default() |= 1 << self.times.slot_of(best);
        Ok(())
    }

    /// The sender may be an epoch behind or ahead, close to the boundary.
    fn check_epoch(&self, claimed: AttestationEpoch, best: BlockNumber) -> Result<(), Rejection> {
        let epoch = self.times.epoch_of(best);
        let near = (self.times.epoch / SLOTS).max(BOUNDARY_BLOCKS);
        let just_began = best - self.times.start_of(epoch) < near;
        let nearly_over = self.times.end_of(epoch) - best <= near;
        match i64::from(claimed) - i64::from(epoch) {
            0 => Ok(()),
            -1 if just_began => Ok(()),
            1 if nearly_over => Ok(()),
            ahead if ahead > 0 => Err(Rejection::Future),
            _ => Err(Rejection::WrongEpoch),
        }
    }

    /// A new key begins anew: whatever was sent under the one before, by whoever got hold of it, is no bar.
    fn check_is_new(&self, provider: ProviderId, key: &HeartbeatPublic, this: Stamp) -> Result<(), Rejection> {
        match self.newest.get(&provider).filter(|(last, _)| last == key) {
            Some((_, newest)) if this.incarnation < newest.incarnation => Err(Rejection::OldIncarnation),
            Some((_, newest)) if this <= *newest => Err(Rejection::OldSequence),
            _ => Ok(()),
        }
    }

    fn record(&self, tally: &Tally, finalised: BlockNumber) -> EpochRecord {
        let nominal = self.block_time * (self.times.epoch / SLOTS);
        let observed = tally.listened.iter().map(|time| *time >= nominal / OBSERVED_PART);
        EpochRecord {
            observed: observed
                .zip(0..)
                .fold(0, |bits, (yes, slot)| bits | u16::from(yes) << slot),
            finalised,
            seen: tally.seen.iter().map(|(provider, slots)| (*provider, *slots)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Heartbeat, HeartbeatKey};
    use codec::Encode;

    const GENESIS: GenesisHash = [7; 32];
    const TIMES: AttestationTimes = AttestationTimes {
        epoch: 50,
        deadline: 5,
        margin: 5,
    };
    const BLOCK: Duration = Duration::from_secs(2);
    const PROVIDER: ProviderId = 3;

    fn key() -> HeartbeatKey {
        HeartbeatKey::from_seed(&[1; 32])
    }

    /// A watch at `block`.
    fn watch_at(block: BlockNumber) -> Watch {
        let mut watch = Watch::new(GENESIS, TIMES, BLOCK);
        watch.advance(block, 0, BLOCK * block);
        watch
    }

    fn beat(epoch: AttestationEpoch, incarnation: u32, sequence: u64) -> SignedHeartbeat {
        let heartbeat = Heartbeat {
            provider: PROVIDER,
            epoch,
            incarnation,
            sequence,
            finalised: [0; 32],
        };
        key().sign_heartbeat(heartbeat, &GENESIS)
    }

    fn accept(watch: &mut Watch, message: &SignedHeartbeat) -> Result<(), Rejection> {
        let registered = key().public();
        watch.accept(&key().public(), message, |k| (*k == registered).then_some(PROVIDER))
    }

    /// Runs block by block to `until` at two seconds each, with a heartbeat in blocks that `sends` picks.
    fn run(watch: &mut Watch, until: BlockNumber, sends: impl Fn(BlockNumber) -> bool) -> Vec<(u32, EpochRecord)> {
        let from = watch.clock.expect("started").best;
        let mut records = Vec::new();
        for block in from..until {
            if sends(block) {
                accept(watch, &beat(TIMES.epoch_of(block), 1, block.into())).expect("valid");
            }
            records.extend(watch.advance(block + 1, block, BLOCK * (block + 1)));
        }
        records
    }

    #[test]
    fn before_the_first_block_nothing_counts() {
        let mut watch = Watch::new(GENESIS, TIMES, BLOCK);
        assert_eq!(accept(&mut watch, &beat(0, 1, 1)), Err(Rejection::NotReady));
    }

    #[test]
    fn bad_signature_is_rejected_and_leaves_no_trace() {
        let mut watch = watch_at(125);
        let mut forged = beat(2, 9, 9);
        forged.signature[0] ^= 1;
        assert_eq!(accept(&mut watch, &forged), Err(Rejection::BadSignature));
        assert_eq!(accept(&mut watch, &beat(2, 1, 1)), Ok(()));
    }

    #[test]
    fn signature_for_another_chain_is_rejected() {
        let mut watch = watch_at(125);
        let foreign = key().sign_heartbeat(beat(2, 1, 1).heartbeat, &[8; 32]);
        assert_eq!(accept(&mut watch, &foreign), Err(Rejection::BadSignature));
    }

    #[test]
    fn unknown_key_is_rejected() {
        let mut watch = watch_at(125);
        let stranger = HeartbeatKey::from_seed(&[2; 32]);
        let message = stranger.sign_heartbeat(beat(2, 1, 1).heartbeat, &GENESIS);
        assert_eq!(
            watch.accept(&stranger.public(), &message, |_| None),
            Err(Rejection::UnknownKey)
        );
    }

    #[test]
    fn key_of_another_provider_is_rejected() {
        let mut watch = watch_at(125);
        let result = watch.accept(&key().public(), &beat(2, 1, 1), |_| Some(PROVIDER + 1));
        assert_eq!(result, Err(Rejection::ForeignKey));
        assert!(Rejection::ForeignKey.is_fault() && !Rejection::UnknownKey.is_fault());
    }

    #[test]
    fn old_incarnation_is_rejected_whatever_its_sequence() {
        let mut watch = watch_at(125);
        assert_eq!(accept(&mut watch, &beat(2, 2, 1)), Ok(()));
        assert_eq!(accept(&mut watch, &beat(2, 1, 1_000)), Err(Rejection::OldIncarnation));
    }

    #[test]
    fn replayed_sequence_is_rejected_and_a_restart_begins_anew() {
        let mut watch = watch_at(125);
        assert_eq!(accept(&mut watch, &beat(2, 1, 5)), Ok(()));
        assert_eq!(accept(&mut watch, &beat(2, 1, 5)), Err(Rejection::OldSequence));
        assert_eq!(accept(&mut watch, &beat(2, 1, 4)), Err(Rejection::OldSequence));
        assert_eq!(accept(&mut watch, &beat(2, 2, 0)), Ok(()));
    }

    #[test]
    fn a_new_key_begins_anew_whatever_came_under_the_old_one() {
        let mut watch = watch_at(125);
        assert_eq!(accept(&mut watch, &beat(2, u32::MAX, u64::MAX)), Ok(()));
        let new = HeartbeatKey::from_seed(&[2; 32]);
        let mut accept_new = |sequence| {
            let message = new.sign_heartbeat(beat(2, 1, sequence).heartbeat, &GENESIS);
            watch.accept(&new.public(), &message, |_| Some(PROVIDER))
        };
        assert_eq!(accept_new(1), Ok(()));
        assert_eq!(accept_new(1), Err(Rejection::OldSequence));
    }

    #[test]
    fn past_epoch_is_rejected_except_just_after_the_boundary() {
        // A slot of this chain has five blocks.
        assert_eq!(accept(&mut watch_at(104), &beat(1, 1, 1)), Ok(()));
        assert_eq!(accept(&mut watch_at(105), &beat(1, 1, 1)), Err(Rejection::WrongEpoch));
        assert_eq!(accept(&mut watch_at(104), &beat(0, 1, 1)), Err(Rejection::WrongEpoch));
    }

    #[test]
    fn future_epoch_is_rejected_except_just_before_the_boundary() {
        assert_eq!(accept(&mut watch_at(145), &beat(3, 1, 1)), Ok(()));
        assert_eq!(accept(&mut watch_at(144), &beat(3, 1, 1)), Err(Rejection::Future));
        assert_eq!(accept(&mut watch_at(145), &beat(4, 1, 1)), Err(Rejection::Future));
        assert_eq!(
            accept(&mut watch_at(145), &beat(u32::MAX, 1, 1)),
            Err(Rejection::Future)
        );
    }

    #[test]
    fn one_block_slots_grant_three_blocks_at_the_boundary() {
        let times = AttestationTimes { epoch: 10, ..TIMES };
        let at = |block| {
            let mut watch = Watch::new(GENESIS, times, BLOCK);
            watch.advance(block, 0, Duration::ZERO);
            watch
        };
        assert_eq!(accept(&mut at(22), &beat(1, 1, 1)), Ok(()));
        assert_eq!(accept(&mut at(23), &beat(1, 1, 1)), Err(Rejection::WrongEpoch));
        assert_eq!(accept(&mut at(27), &beat(3, 1, 1)), Ok(()));
        assert_eq!(accept(&mut at(26), &beat(3, 1, 1)), Err(Rejection::Future));
    }

    #[test]
    fn a_heartbeat_counts_in_the_receivers_slot_whatever_it_claims() {
        let mut watch = watch_at(100);
        accept(&mut watch, &beat(1, 1, 1)).expect("just after the boundary");
        let records = run(&mut watch, 150, |_| false);
        assert_eq!(records[0].1.seen, vec![(PROVIDER, 0b1)]);
    }

    #[test]
    fn a_whole_epoch_becomes_a_complete_record() {
        let mut watch = watch_at(100);
        let records = run(&mut watch, 150, |_| true);
        let (epoch, record) = &records[0];
        assert_eq!((records.len(), *epoch), (1, 2));
        assert!(record.is_complete() && record.is_present(PROVIDER));
        assert_eq!(record.finalised, 149);
    }

    #[test]
    fn three_silent_slots_make_absent_and_two_do_not() {
        for (silent, present) in [(10, true), (15, false)] {
            let mut watch = watch_at(100);
            let records = run(&mut watch, 150, |block| block >= 100 + silent);
            assert_eq!(records[0].1.is_present(PROVIDER), present);
        }
    }

    #[test]
    fn a_node_that_started_within_the_epoch_did_not_observe_it() {
        let mut watch = watch_at(108);
        let records = run(&mut watch, 200, |_| true);
        let complete: Vec<_> = records
            .iter()
            .map(|(epoch, record)| (*epoch, record.is_complete()))
            .collect();
        assert_eq!(complete, vec![(2, false), (3, true)]);
    }

    #[test]
    fn slots_that_were_run_through_while_catching_up_were_not_observed() {
        let mut watch = watch_at(100);
        run(&mut watch, 120, |_| true);
        let now = BLOCK * 120;
        for block in 121..=130 {
            watch.advance(block, 100, now);
        }
        let records = run(&mut watch, 150, |_| true);
        assert_eq!(records[0].1.observed, 0b11_1100_1111);
    }

    #[test]
    fn a_reorganisation_across_the_boundary_loses_nothing() {
        let mut watch = watch_at(100);
        run(&mut watch, 149, |_| false);
        let first = watch.advance(150, 140, BLOCK * 150);
        watch.advance(149, 140, BLOCK * 151);
        accept(&mut watch, &beat(2, 1, 1)).expect("valid");
        let again = watch.advance(150, 141, BLOCK * 152);
        assert!(first[0].1.seen.is_empty());
        assert_eq!(again[0].1.seen, vec![(PROVIDER, 1 << 9)]);
        assert!(again[0].1.is_complete());
    }

    #[test]
    fn old_epochs_are_forgotten() {
        let mut watch = watch_at(0);
        run(&mut watch, 1_000, |_| true);
        assert!(watch.epochs.len() <= 2);
        assert_eq!(watch.newest.len(), 1);
    }

    #[test]
    fn tampered_heartbeats_are_never_accepted() {
        let good = beat(2, 1, 1).encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let message = codec::DecodeAll::decode_all(&mut &bad[..]).expect("every field takes any value");
            assert!(accept(&mut watch_at(125), &message).is_err(), "bit {bit}");
        }
    }
}
