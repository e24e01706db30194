//! Behaviour of the marketplace.

mod agenda;
mod backlog;
mod billing;
mod changing;
mod ending;
mod funding;
mod invariants;
mod noticing;
mod opening;
mod pausing;
mod placing;
mod properties;
mod running;
mod settling;
mod sla;
mod transferring;
