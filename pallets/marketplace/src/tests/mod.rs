//! Behaviour of the marketplace.

mod abandoning;
mod agenda;
mod backlog;
mod billing;
mod changing;
mod costs;
mod ending;
mod funding;
mod invariants;
mod noticing;
mod opening;
mod outcomes;
mod pausing;
mod placing;
mod properties;
mod running;
mod settling;
mod sla;
mod succession;
mod transferring;
