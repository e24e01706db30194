//! Splitting amounts to the unit. Pure.

use alloc::vec::Vec;
use perigee_primitives::{Balance, Ppm, MILLION};

/// The whole units in `carry` millionths and `ppm` millionths of `amount`, and the millionths of a unit that remain.
/// Exact for every amount, as long as `ppm` is at most a million and `carry` below it: nothing overflows.
pub(crate) fn portion(amount: Balance, ppm: Ppm, carry: Ppm) -> (Balance, Ppm) {
    let million = Balance::from(MILLION);
    let ppm = Balance::from(ppm);
    // (carry + amount × ppm) / 10⁶, with the amount's whole millions taken out first.
    let rest = Balance::from(carry) + (amount % million) * ppm;
    let part = (amount / million) * ppm + rest / million;
    (part, (rest % million) as Ppm)
}

/// Splits `amount` by `shares`, which add to one. Every part is rounded down; the units that rounding leaves go to the
/// first.
pub(crate) fn parts(amount: Balance, shares: impl Iterator<Item = Ppm>) -> Vec<Balance> {
    let mut parts: Vec<_> = shares.map(|ppm| portion(amount, ppm, 0).0).collect();
    let given = parts.iter().fold(0, |sum: Balance, part| sum.saturating_add(*part));
    if let Some(first) = parts.first_mut() {
        *first = first.saturating_add(amount.saturating_sub(given));
    }
    parts
}
