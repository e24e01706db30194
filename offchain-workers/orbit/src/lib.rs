#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod contact;
mod coverage;
mod elements;
mod error;
mod frames;
mod interval;
pub mod map;
mod pass;
pub mod plan;
mod propagator;
mod shadow;
mod signal;
mod station;
mod track;
mod vector;
pub mod watch;

pub use contact::{line_of_sight, LinkLimits};
pub use coverage::{coverage, union, Coverage};
pub use elements::{Classification, Elements};
pub use error::{Error, Line};
pub use frames::{gmst_rad, Geodetic};
pub use interval::Interval;
pub use pass::{look, passes, Look, Pass};
pub use propagator::{Gravity, Mode, Propagator, State};
pub use shadow::{eclipses, Eclipses};
pub use station::{Mask, Station};
pub use vector::Vector;

/// Speed of light in vacuum, km/s.
pub const LIGHT_KM_S: f64 = 299_792.458;
