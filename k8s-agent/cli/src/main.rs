//! One binary, `perigee`: tenant commands and the provider daemon.
fn main() {}
