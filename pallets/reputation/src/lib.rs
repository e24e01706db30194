//! Heartbeat attestation: who was absent, judged by a quorum of validators.
#![cfg_attr(not(feature = "std"), no_std)]
