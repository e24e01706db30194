//! The plain per-block billing model that judges the lazy one in tests.
