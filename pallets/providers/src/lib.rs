//! Who provides: stake, keys, capacity and standing asks.
#![cfg_attr(not(feature = "std"), no_std)]
