//! Typed client of the Perigee chain.
