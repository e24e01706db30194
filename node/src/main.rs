//! The Perigee node: BABE and GRANDPA, RPC, off-chain workers, heartbeat network.
fn main() {}
