//! Behaviour of the marketplace.

mod agenda;
mod ending;
mod opening;
mod settling;
