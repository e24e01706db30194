//! Behaviour of the marketplace.

mod agenda;
mod billing;
mod ending;
mod invariants;
mod opening;
mod properties;
mod settling;
