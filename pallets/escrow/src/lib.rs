//! Streaming accounts: deposits in, per-block payments out.
#![cfg_attr(not(feature = "std"), no_std)]
