//! The libp2p network that carries heartbeats between agents and nodes.
//!
//! Agents publish, nodes listen and pass on. Both speak gossipsub on one topic per chain. The author of a message is
//! known by the ed25519 key that is its libp2p identity, the same key with which heartbeats are signed. A node forwards
//! nothing that its owner has not accepted.
//!
//! * [`NodeNet`] is a node's side: it listens, may dial other nodes, and asks its owner about every heartbeat.
//! * [`AgentNet`] is an agent's side: it dials several nodes, again and again if it must, and listens to nobody.

mod agent;
mod behaviour;
mod dialer;
mod error;
mod links;
mod node;

pub use agent::{AgentNet, AgentStatus, PublishError};
pub use error::NetError;
pub use libp2p::Multiaddr;
pub use node::{Acceptance, NodeConfig, NodeNet};

const LOG_TARGET: &str = "perigee::heartbeat-net";
