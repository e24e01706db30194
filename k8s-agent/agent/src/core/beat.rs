//! When to send a heartbeat, and for which attestation epoch.
//!
//! A slot of an attestation epoch is counted by the receiving validator, in its blocks. So heartbeats go out a quarter
//! and three quarters into each slot, as far from its borders as two can be. Moments are milliseconds of a clock that
//! only goes forward.

use perigee_primitives::{AttestationEpoch, AttestationTimes, BlockNumber, SLOTS};

/// Milliseconds of a clock that only goes forward.
pub type Millis = u64;

/// What the agent knows about block time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Lengths of attestation epochs.
    pub times: AttestationTimes,
    /// Time between blocks.
    pub block_ms: Millis,
    /// The newest best block.
    pub best: BlockNumber,
    /// When it arrived.
    pub at: Millis,
    /// Does the node answer? While it does, only it says what the best block is.
    pub connected: bool,
}

impl Clock {
    /// The best block at `now`: as told, or by time while the node does not answer.
    pub fn block(&self, now: Millis) -> BlockNumber {
        if self.connected {
            return self.best;
        }
        let passed = now.saturating_sub(self.at) / self.block_ms.max(1);
        self.best.saturating_add(passed.try_into().unwrap_or(BlockNumber::MAX))
    }

    /// The attestation epoch at `now`.
    pub fn epoch(&self, now: Millis) -> AttestationEpoch {
        self.times.epoch_of(self.block(now))
    }

    /// The first moment after `now` at which a heartbeat is due. Moments that were missed are not made up for.
    pub fn next(&self, now: Millis) -> Millis {
        let slot_blocks = (self.times.epoch / SLOTS).max(1);
        let half = (Millis::from(slot_blocks) * self.block_ms / 2).max(1);
        // A moment at which a slot began, carried to the first quarter of it.
        let begun = Millis::from(self.best % slot_blocks) * self.block_ms;
        let phase = (self.at + half / 2) % half;
        let phase = (phase + half - begun % half) % half;
        now + half - (now + half - phase) % half
    }
}

/// Numbers that no two heartbeats of an installation share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// How often the agent was started.
    pub incarnation: u32,
    last: u64,
}

impl Sequence {
    /// Starts over for a new incarnation.
    pub fn new(incarnation: u32) -> Self {
        Self { incarnation, last: 0 }
    }

    /// The next number.
    pub fn advance(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Heartbeats numbered so far.
    pub fn count(&self) -> u64 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEVELOPMENT: AttestationTimes = AttestationTimes {
        epoch: 10,
        deadline: 5,
        margin: 5,
    };
    const LOCAL: AttestationTimes = AttestationTimes {
        epoch: 300,
        deadline: 60,
        margin: 30,
    };

    fn clock(times: AttestationTimes, best: BlockNumber, at: Millis) -> Clock {
        Clock {
            times,
            block_ms: 2000,
            best,
            at,
            connected: true,
        }
    }

    #[test]
    fn a_slot_of_one_block_gets_heartbeats_at_its_quarters() {
        let clock = clock(DEVELOPMENT, 7, 10_000);
        assert_eq!(clock.next(10_000), 10_500);
        assert_eq!(clock.next(10_500), 11_500);
        assert_eq!(clock.next(11_500), 12_500);
    }

    #[test]
    fn quarters_count_from_the_slots_first_block() {
        // Slots of 30 blocks; block 35 is the sixth of its slot, which began 10 s before.
        let clock = clock(LOCAL, 35, 100_000);
        assert_eq!(clock.next(100_000), 90_000 + 15_000);
        assert_eq!(clock.next(105_000), 90_000 + 45_000);
    }

    #[test]
    fn a_thawed_agent_sends_one_heartbeat_not_all_it_missed() {
        let clock = clock(DEVELOPMENT, 7, 10_000);
        assert_eq!(clock.next(10_000 + 3_600_000), 10_500 + 3_600_000);
    }

    #[test]
    fn the_epoch_goes_on_by_time_while_the_node_is_silent() {
        let silent = Clock {
            connected: false,
            ..clock(DEVELOPMENT, 18, 1_000)
        };
        assert_eq!(silent.epoch(1_000), 1);
        assert_eq!(silent.epoch(4_999), 1);
        assert_eq!(silent.epoch(5_000), 2);
        assert_eq!(silent.block(u64::MAX), BlockNumber::MAX);
    }

    #[test]
    fn a_chain_that_stands_still_is_believed() {
        assert_eq!(clock(DEVELOPMENT, 18, 1_000).epoch(1_000_000), 1);
    }

    #[test]
    fn times_of_zero_do_not_stop_the_clock() {
        let broken = Clock {
            block_ms: 0,
            connected: false,
            ..clock(DEVELOPMENT, 1, 5)
        };
        assert!(broken.next(9) > 9);
        let broken = clock(
            AttestationTimes {
                epoch: 0,
                deadline: 0,
                margin: 0,
            },
            1,
            5,
        );
        assert!(broken.next(9) > 9);
    }

    #[test]
    fn numbers_grow() {
        let mut sequence = Sequence::new(4);
        assert_eq!((sequence.advance(), sequence.advance(), sequence.count()), (1, 2, 2));
    }

    proptest! {
        #[test]
        fn two_heartbeats_a_slot(best in 0u32..100_000, at in 0u64..10_000_000, slots in 1u64..50) {
            for times in [DEVELOPMENT, LOCAL] {
                let clock = clock(times, best, at);
                let slot = u64::from(times.epoch / SLOTS) * 2000;
                let begun = at + slot - u64::from(best % (times.epoch / SLOTS)) * 2000;
                let (mut now, mut sent) = (begun, 0);
                while clock.next(now) < begun + slots * slot {
                    now = clock.next(now);
                    // Never near a border.
                    let within = (now - begun) % slot;
                    prop_assert!(within >= slot / 4 && within <= slot - slot / 4);
                    sent += 1;
                }
                prop_assert_eq!(sent, 2 * slots);
            }
        }
    }
}
