//! Behaviour of the marketplace.

mod agenda;
mod billing;
mod ending;
mod invariants;
mod opening;
mod placing;
mod properties;
mod settling;
