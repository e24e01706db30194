//! Which agent acts in a cluster: one at a time, for capacity cannot be sold twice.
//!
//! The lock in the cluster names its holder by an id that belongs to the installation, not to the process: an agent that
//! was killed or frozen takes it again, if nobody else did. Another's claim is broken only when it has stood unchanged
//! for as long as it holds, by our own clock: clocks of two machines differ.

use super::beat::Millis;
use perigee_cluster::lock::Claim;

/// What to do about the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write our claim over what was read.
    Claim,
    /// Look again later.
    Wait,
    /// It is another's.
    GiveUp(Rival),
}

/// Who has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rival {
    /// Another installation.
    Another(Claim),
    /// A process with our own id: a copy of the state directory, or a container that was cloned.
    Copy,
}

/// One installation's view of the lock.
#[derive(Clone, Debug)]
pub struct Candidate {
    id: String,
    /// Stamp of our last write.
    written: Option<i64>,
    /// Is it known to have worked? Until then nothing else is written, so that there is one stamp to know again.
    settled: bool,
    /// Somebody else's stamp, and since when we have seen it unchanged.
    seen: Option<(i64, Millis)>,
}

impl Candidate {
    /// The installation with this id.
    pub fn new(id: String) -> Self {
        Self {
            id,
            written: None,
            settled: true,
            seen: None,
        }
    }

    /// What to do about a lock that we do not hold.
    pub fn seek(&mut self, found: Option<&Claim>, now: Millis) -> Step {
        let Some(claim) = found.filter(|claim| !claim.holder.is_empty() && claim.holder != self.id) else {
            return Step::Claim;
        };
        match self.seen {
            None => {
                self.seen = Some((claim.stamp, now));
                Step::Wait
            }
            Some((stamp, _)) if stamp != claim.stamp => Step::GiveUp(Rival::Another(claim.clone())),
            Some((_, since)) if now.saturating_sub(since) >= Millis::from(claim.seconds) * 1000 => Step::Claim,
            Some(_) => Step::Wait,
        }
    }

    /// What to do when a renewal met something else than what we wrote last.
    pub fn contest(&self, found: Option<&Claim>) -> Step {
        match found {
            Some(claim) if claim.holder == self.id => match self.written {
                // Our own write, whose answer was lost.
                Some(stamp) if stamp == claim.stamp => Step::Claim,
                _ => Step::GiveUp(Rival::Copy),
            },
            Some(claim) if !claim.holder.is_empty() => Step::GiveUp(Rival::Another(claim.clone())),
            _ => Step::Claim,
        }
    }

    /// The claim to write at this moment, in microseconds since 1970: a new one, or the last one again while nobody knows
    /// whether it was written.
    pub fn claim(&mut self, about: &str, micros: i64, seconds: u32) -> Claim {
        let stamp = match self.written {
            Some(last) if !self.settled => last,
            // A clock that was set back must not repeat a stamp.
            Some(last) => micros.max(last + 1),
            None => micros,
        };
        self.written = Some(stamp);
        self.settled = false;
        Claim {
            holder: self.id.clone(),
            about: about.into(),
            stamp,
            seconds,
        }
    }

    /// The last claim was written, or never will be.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Is it ours to give back?
    pub fn holds(&self, claim: &Claim) -> bool {
        claim.holder == self.id && self.written == Some(claim.stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: u32 = 20;

    fn claim(holder: &str, stamp: i64) -> Claim {
        Claim {
            holder: holder.into(),
            about: String::new(),
            stamp,
            seconds: SECONDS,
        }
    }

    fn candidate() -> Candidate {
        Candidate::new("me".into())
    }

    #[test]
    fn a_lock_that_nobody_holds_is_taken() {
        assert_eq!(candidate().seek(None, 0), Step::Claim);
        assert_eq!(candidate().seek(Some(&claim("", 5)), 0), Step::Claim);
    }

    #[test]
    fn a_restarted_agent_takes_its_lock_again_at_once() {
        assert_eq!(candidate().seek(Some(&claim("me", 5)), 0), Step::Claim);
    }

    #[test]
    fn anothers_lock_is_taken_once_it_has_stood_still() {
        let mut us = candidate();
        let other = claim("other", 5);
        assert_eq!(us.seek(Some(&other), 1_000), Step::Wait);
        assert_eq!(us.seek(Some(&other), 20_999), Step::Wait);
        assert_eq!(us.seek(Some(&other), 21_000), Step::Claim);
    }

    #[test]
    fn an_agent_that_renews_its_lock_keeps_it() {
        let mut us = candidate();
        us.seek(Some(&claim("other", 5)), 1_000);
        let renewed = claim("other", 6);
        let rival = Rival::Another(renewed.clone());
        assert_eq!(us.seek(Some(&renewed), 60_000), Step::GiveUp(rival));
    }

    #[test]
    fn a_thawed_agent_goes_on_if_nobody_took_its_place_and_stops_otherwise() {
        let mut us = candidate();
        us.claim("", 5, SECONDS);
        assert_eq!(us.contest(None), Step::Claim);
        assert_eq!(us.contest(Some(&claim("", 9))), Step::Claim);
        let other = claim("other", 9);
        assert_eq!(us.contest(Some(&other)), Step::GiveUp(Rival::Another(other.clone())));
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_known_again() {
        let mut us = candidate();
        let ours = us.claim("", 5, SECONDS);
        // Tried again later, for all we know in vain.
        assert_eq!(us.claim("", 7, SECONDS), ours);
        assert_eq!(us.contest(Some(&ours)), Step::Claim);
        assert!(us.holds(&ours));
        us.settle();
        assert_eq!(us.claim("", 9, SECONDS).stamp, 9);
    }

    #[test]
    fn a_copy_of_the_installation_is_noticed() {
        let mut us = candidate();
        us.claim("", 5, SECONDS);
        assert_eq!(us.contest(Some(&claim("me", 9))), Step::GiveUp(Rival::Copy));
        assert!(!us.holds(&claim("me", 9)));
    }

    #[test]
    fn stamps_never_repeat() {
        let mut us = candidate();
        let stamps = [5, 5, 3].map(|micros| {
            us.settle();
            us.claim("", micros, SECONDS).stamp
        });
        assert_eq!(stamps, [5, 6, 7]);
    }
}
