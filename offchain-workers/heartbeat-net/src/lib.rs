//! The libp2p network that carries heartbeats between agents and nodes.
