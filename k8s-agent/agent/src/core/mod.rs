//! Decisions without I/O: everything here takes plain data and gives plain data.

pub mod beat;
pub mod income;
pub mod leadership;
pub mod pricing;
pub mod reconcile;
pub mod standing;
