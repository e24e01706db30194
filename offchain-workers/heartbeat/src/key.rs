//! The heartbeat key, an ed25519 key, with what an agent signs by it.

use crate::{GenesisHash, Heartbeat, HeartbeatPublic, HeartbeatSignature, SignedHeartbeat};
use sp_core::{ed25519, Pair};

/// A provider's heartbeat key. It is also the agent's identity on the heartbeat network.
#[derive(Clone)]
pub struct HeartbeatKey(ed25519::Pair);

impl HeartbeatKey {
    /// The key that grows from `seed`.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519::Pair::from_seed(seed))
    }

    /// Its public part, as it is registered on chain.
    pub fn public(&self) -> HeartbeatPublic {
        self.0.public().0
    }

    /// The seed it grew from.
    pub fn seed(&self) -> [u8; 32] {
        self.0.seed()
    }

    /// Signs anything: the proof at registration and delivery receipts. The caller separates the domains.
    pub fn sign(&self, message: &[u8]) -> HeartbeatSignature {
        self.0.sign(message).0
    }

    /// Signs a heartbeat for the chain of `genesis`.
    pub fn sign_heartbeat(&self, heartbeat: Heartbeat, genesis: &GenesisHash) -> SignedHeartbeat {
        SignedHeartbeat {
            heartbeat,
            signature: self.sign(&heartbeat.signed_bytes(genesis)),
        }
    }
}

/// Did `key` sign `message`?
pub fn verify(key: &HeartbeatPublic, message: &[u8], signature: &HeartbeatSignature) -> bool {
    ed25519::Pair::verify(
        &ed25519::Signature::from_raw(*signature),
        message,
        &ed25519::Public::from_raw(*key),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::{Decode, DecodeAll, Encode};

    const GENESIS: GenesisHash = [7; 32];

    fn beat() -> Heartbeat {
        Heartbeat {
            provider: 3,
            epoch: 9,
            incarnation: 2,
            sequence: 77,
            finalised: [5; 32],
        }
    }

    #[test]
    fn signed_heartbeat_survives_the_wire() {
        let key = HeartbeatKey::from_seed(&[1; 32]);
        let sent = key.sign_heartbeat(beat(), &GENESIS);
        let received = SignedHeartbeat::decode_all(&mut &sent.encode()[..]).expect("just encoded");
        assert_eq!(received, sent);
        assert!(received.is_signed_by(&key.public(), &GENESIS));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = HeartbeatKey::from_seed(&[1; 32]);
        let good = key.sign_heartbeat(beat(), &GENESIS).encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let bad = SignedHeartbeat::decode(&mut &bad[..]).expect("every field takes any value");
            assert!(!bad.is_signed_by(&key.public(), &GENESIS), "bit {bit}");
        }
    }

    #[test]
    fn signature_binds_the_chain_and_the_key() {
        let key = HeartbeatKey::from_seed(&[1; 32]);
        let sent = key.sign_heartbeat(beat(), &GENESIS);
        assert!(!sent.is_signed_by(&key.public(), &[8; 32]));
        assert!(!sent.is_signed_by(&HeartbeatKey::from_seed(&[2; 32]).public(), &GENESIS));
    }

    #[test]
    fn signed_bytes_start_with_the_domain_and_the_chain() {
        let bytes = beat().signed_bytes(&GENESIS);
        assert!(bytes.starts_with(b"perigee/heartbeat/1"));
        assert_eq!(&bytes[19..51], &GENESIS);
        assert_eq!(&bytes[51..], &beat().encode());
    }

    #[test]
    fn key_comes_back_from_its_seed() {
        let key = HeartbeatKey::from_seed(&[9; 32]);
        assert_eq!(HeartbeatKey::from_seed(&key.seed()).public(), key.public());
    }
}
