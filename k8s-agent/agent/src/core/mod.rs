//! Decisions without I/O: everything here takes plain data and gives plain data.

pub mod pricing;
