//! The Perigee runtime: which pallets, how configured, which genesis.
#![cfg_attr(not(feature = "std"), no_std)]
