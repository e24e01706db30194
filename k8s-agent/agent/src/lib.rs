//! The provider daemon: asks, reconciles, heartbeats.
