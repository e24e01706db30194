//! When a block was made, from its header alone: a node keeps headers for ever and state for minutes. Pure.

use codec::{Decode, Encode};
use subxt::config::substrate::{Digest, DigestItem};

/// Names BABE in the digests of a header.
const BABE: [u8; 4] = *b"BABE";

/// What every kind of claim to a slot begins with, as in `sp_consensus_babe::digests::PreDigest`; randomness that may
/// follow says nothing about time.
#[derive(Encode, Decode)]
struct Claim {
    kind: u8,
    authority: u32,
    slot: u64,
}

/// The slot that the author of a block claimed.
pub(crate) fn of(digest: &Digest) -> Option<u64> {
    digest.logs.iter().find_map(|item| match item {
        DigestItem::PreRuntime(BABE, claim) => Claim::decode(&mut claim.as_slice()).ok().map(|claim| claim.slot),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(slot: u64) -> DigestItem {
        let (kind, authority) = (1, 7);
        let mut claim = Claim { kind, authority, slot }.encode();
        claim.extend([0xab; 96]);
        DigestItem::PreRuntime(BABE, claim)
    }

    #[test]
    fn slot_is_found_among_other_digests() {
        let other = DigestItem::PreRuntime(*b"aura", vec![9; 13]);
        let logs = vec![DigestItem::Other(vec![1]), other, claimed(897_768_150)];
        assert_eq!(of(&Digest { logs }), Some(897_768_150));
    }

    #[test]
    fn header_without_a_claim_has_no_slot() {
        assert_eq!(of(&Digest { logs: Vec::new() }), None);
        let short = DigestItem::PreRuntime(BABE, vec![1, 0, 0]);
        assert_eq!(of(&Digest { logs: vec![short] }), None);
    }
}
