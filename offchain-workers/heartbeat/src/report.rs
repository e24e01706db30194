//! What a validator tells the chain about an epoch.

use crate::{Gaps, GenesisHash};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use perigee_primitives::{AttestationEpoch, BlockNumber};
use scale_info::TypeInfo;

/// First bytes of everything a report's signature covers.
const DOMAIN: [u8; 16] = *b"perigee/report/1";

/// One validator's view of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Report {
    /// Which epoch.
    pub epoch: AttestationEpoch,
    /// Index of the validator in the epoch's snapshot.
    pub validator: u32,
    /// The height that the validator knew to be final at the epoch's end.
    pub finalised: BlockNumber,
    /// The providers it holds to have been absent.
    pub absent: Gaps,
}

impl Report {
    /// The bytes its signature covers.
    pub fn signed_bytes(&self, genesis: &GenesisHash) -> Vec<u8> {
        (DOMAIN, genesis, self).encode()
    }
}
