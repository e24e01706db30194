//! The heartbeat and its signature.

use crate::{GenesisHash, HeartbeatSignature};
use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use perigee_primitives::{AttestationEpoch, ProviderId};

/// First bytes of everything a heartbeat signature covers.
const DOMAIN: [u8; 19] = *b"perigee/heartbeat/1";

/// A provider's word that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub struct Heartbeat {
    /// Who.
    pub provider: ProviderId,
    /// The attestation epoch the sender believes to be in.
    pub epoch: AttestationEpoch,
    /// Counts the agent's restarts: a sequence starts anew with every incarnation.
    pub incarnation: u32,
    /// Grows with every heartbeat of an incarnation.
    pub sequence: u64,
    /// A block the sender knows to be final.
    pub finalised: [u8; 32],
}

impl Heartbeat {
    /// The bytes its signature covers.
    pub fn signed_bytes(&self, genesis: &GenesisHash) -> Vec<u8> {
        (DOMAIN, genesis, self).encode()
    }
}

/// A heartbeat as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub struct SignedHeartbeat {
    /// What is said.
    pub heartbeat: Heartbeat,
    /// By the provider's registered heartbeat key.
    pub signature: HeartbeatSignature,
}

#[cfg(feature = "std")]
impl SignedHeartbeat {
    /// Was it signed by `key` for this chain?
    pub fn is_signed_by(&self, key: &crate::HeartbeatPublic, genesis: &GenesisHash) -> bool {
        crate::verify(key, &self.heartbeat.signed_bytes(genesis), &self.signature)
    }
}
