//! Three numbers and what is done with them.

use std::ops::{Add, Mul, Sub};

/// A vector in space; km or km/s, in the frame its origin names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vector {
    /// First component.
    pub x: f64,
    /// Second component.
    pub y: f64,
    /// Third component, along the axis of the Earth.
    pub z: f64,
}

impl Vector {
    /// A vector of its components.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// Scalar product.
    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// Length.
    pub fn norm(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// Turned by `angle` about the third axis: the frame turns forward, the coordinates backward.
    pub(crate) fn in_frame_turned_by(self, angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self::new(cos * self.x + sin * self.y, cos * self.y - sin * self.x, self.z)
    }
}

impl From<[f64; 3]> for Vector {
    fn from([x, y, z]: [f64; 3]) -> Self {
        Self::new(x, y, z)
    }
}

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f64> for Vector {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor, self.z * factor)
    }
}
