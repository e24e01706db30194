//! Deployments, orders and leases, and the arithmetic that bills them.
#![cfg_attr(not(feature = "std"), no_std)]
