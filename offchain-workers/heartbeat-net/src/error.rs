//! What can go wrong when a side is started.

use libp2p::{noise, Multiaddr, TransportError};
use std::io;

/// The network could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The identity has no use for the noise handshake.
    #[error("cannot prepare the encryption of heartbeat connections: {0}")]
    Noise(#[from] noise::Error),
    /// The system's resolver is not usable.
    #[error("cannot read the system's DNS configuration: {0}")]
    Dns(#[source] io::Error),
    /// Gossipsub refused its configuration.
    #[error("cannot configure gossip: {0}")]
    Gossip(String),
    /// The address cannot be listened on.
    #[error("cannot listen for heartbeats on {address}: {source}")]
    Listen {
        /// Which.
        address: Multiaddr,
        /// Why.
        source: TransportError<io::Error>,
    },
    /// Something else listens there.
    #[error("cannot listen for heartbeats on {address}: {source}")]
    Taken {
        /// Where.
        address: Multiaddr,
        /// What the system says.
        source: io::Error,
    },
    /// The listener closed before it was ready.
    #[error("the listener for heartbeats on {0} closed at once")]
    ListenerClosed(Multiaddr),
}
