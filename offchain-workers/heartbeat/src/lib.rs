//! Heartbeat message, signature, attestation codec and quorum rule.
#![cfg_attr(not(feature = "std"), no_std)]
