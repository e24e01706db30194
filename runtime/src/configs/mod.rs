//! Configuration of the pallets, one file per group.

pub mod consensus;
pub mod money;
pub mod perigee;
pub mod system;
pub mod transactions;
