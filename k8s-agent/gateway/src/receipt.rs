//! The provider's word that it received a manifest. Pure.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use perigee_primitives::receipt_message;
use serde::{Deserialize, Serialize};

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The lease.
    pub lease: u64,
    /// Commitment to nonce and manifest.
    pub commitment: [u8; 32],
    /// Best block when the manifest was received.
    pub block: u32,
}

impl Received {
    /// The bytes that the provider's heartbeat key signs, as the chain checks them.
    pub fn signed_bytes(&self, genesis: &[u8; 32]) -> Vec<u8> {
        receipt_message(genesis, self.lease, &self.commitment, self.block)
    }
}

/// A signed receipt, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The lease.
    pub lease: u64,
    /// Commitment to nonce and manifest.
    #[serde(with = "crate::hex_text")]
    pub commitment: [u8; 32],
    /// Best block when the manifest was received.
    pub received: u32,
    /// The provider that signs.
    pub provider: u32,
    /// ed25519 signature by its heartbeat key.
    #[serde(with = "crate::hex_text")]
    pub signature: [u8; 64],
}

impl Receipt {
    /// Signs with the heartbeat key of `provider`. The same input gives the same receipt.
    pub fn sign(received: Received, provider: u32, genesis: &[u8; 32], key: &SigningKey) -> Self {
        let signature = key.sign(&received.signed_bytes(genesis)).to_bytes();
        let Received {
            lease,
            commitment,
            block,
        } = received;
        Self {
            lease,
            commitment,
            received: block,
            provider,
            signature,
        }
    }

    /// What it says.
    pub fn received(&self) -> Received {
        Received {
            lease: self.lease,
            commitment: self.commitment,
            block: self.received,
        }
    }

    /// Did `heartbeat_key` sign it on the chain with this genesis?
    pub fn is_signed_by(&self, heartbeat_key: &[u8; 32], genesis: &[u8; 32]) -> bool {
        VerifyingKey::from_bytes(heartbeat_key).is_ok_and(|key| {
            key.verify_strict(
                &self.received().signed_bytes(genesis),
                &Signature::from_bytes(&self.signature),
            )
            .is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: [u8; 32] = [7; 32];

    fn receipt() -> (Receipt, [u8; 32]) {
        let key = SigningKey::from_bytes(&[3; 32]);
        let received = Received {
            lease: 5,
            commitment: [1; 32],
            block: 42,
        };
        (
            Receipt::sign(received, 9, &GENESIS, &key),
            key.verifying_key().to_bytes(),
        )
    }

    #[test]
    fn receipt_is_verified_by_the_heartbeat_key() {
        let (receipt, key) = receipt();
        assert!(receipt.is_signed_by(&key, &GENESIS));
        assert!(!receipt.is_signed_by(&SigningKey::from_bytes(&[4; 32]).verifying_key().to_bytes(), &GENESIS));
    }

    #[test]
    fn changed_receipt_is_not_signed() {
        let (receipt, key) = receipt();
        assert!(!receipt.is_signed_by(&key, &[8; 32]));
        assert!(!Receipt {
            lease: 6,
            ..receipt.clone()
        }
        .is_signed_by(&key, &GENESIS));
        assert!(!Receipt {
            received: 41,
            ..receipt.clone()
        }
        .is_signed_by(&key, &GENESIS));
        assert!(!Receipt {
            commitment: [2; 32],
            ..receipt
        }
        .is_signed_by(&key, &GENESIS));
    }

    #[test]
    fn receipt_survives_json() {
        let (receipt, key) = receipt();
        let json = serde_json::to_string(&receipt).unwrap();
        let back: Receipt = serde_json::from_str(&json).unwrap();
        assert!(back.is_signed_by(&key, &GENESIS));
    }
}
