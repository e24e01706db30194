//! What both sides speak.

use crate::NetError;
use libp2p::{
    connection_limits::{self, ConnectionLimits},
    gossipsub::{self, IdentTopic, MessageAuthenticity, ValidationMode},
    identity::{Keypair, PublicKey},
    noise, ping,
    swarm::NetworkBehaviour,
    tcp, yamux, PeerId, Swarm, SwarmBuilder,
};
use perigee_heartbeat::{GenesisHash, HeartbeatPublic};
use std::time::Duration;

/// A gossip frame holds a few heartbeats of about 250 bytes, or lists of message ids.
const MAX_FRAME: usize = 16 * 1024;
/// A dead connection is noticed after an interval and a timeout, well within a slot of a real network.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Gossip keeps only mesh connections alive, and agents are in no mesh. Pings end what is dead.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Agents and nodes that one node serves at a time.
const MAX_INCOMING: u32 = 4_096;
const MAX_PENDING: u32 = 256;
/// Two nodes may dial each other, and a dead connection may linger.
const MAX_PER_PEER: u32 = 4;

/// Everything that runs over a connection.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    /// Refuses connections beyond what a node can serve.
    limits: connection_limits::Behaviour,
    /// Carries heartbeats.
    pub(crate) gossip: gossipsub::Behaviour,
    /// Notices dead connections.
    ping: ping::Behaviour,
}

impl Behaviour {
    fn new(identity: &Keypair) -> Result<Self, NetError> {
        let config = gossipsub::ConfigBuilder::default()
            .validation_mode(ValidationMode::Strict)
            .validate_messages()
            .flood_publish(true)
            .max_transmit_size(MAX_FRAME)
            .build()
            .map_err(|e| NetError::Gossip(e.to_string()))?;
        let gossip = gossipsub::Behaviour::new(MessageAuthenticity::Signed(identity.clone()), config)
            .map_err(|e| NetError::Gossip(e.to_owned()))?;
        let limits = ConnectionLimits::default()
            .with_max_pending_incoming(Some(MAX_PENDING))
            .with_max_established_incoming(Some(MAX_INCOMING))
            .with_max_established_per_peer(Some(MAX_PER_PEER));
        Ok(Self {
            limits: connection_limits::Behaviour::new(limits),
            gossip,
            ping: ping::Behaviour::new(
                ping::Config::new()
                    .with_interval(PING_INTERVAL)
                    .with_timeout(PING_TIMEOUT),
            ),
        })
    }
}

/// A swarm of `identity`. Must run within a tokio runtime.
pub(crate) fn swarm(identity: Keypair) -> Result<Swarm<Behaviour>, NetError> {
    let behaviour = Behaviour::new(&identity)?;
    let swarm = SwarmBuilder::with_existing_identity(identity)
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )?
        .with_dns()
        .map_err(NetError::Dns)?
        .with_behaviour(|_| behaviour)
        .unwrap_or_else(|never| match never {})
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE))
        .build();
    Ok(swarm)
}

/// The topic of a chain's heartbeats. The last part is the partition; there is one so far.
pub(crate) fn topic(genesis: &GenesisHash) -> IdentTopic {
    let hex: String = genesis.iter().map(|byte| format!("{byte:02x}")).collect();
    IdentTopic::new(format!("perigee/heartbeat/1/{hex}/0"))
}

/// The ed25519 key that `peer` is made of, if it is of that kind.
pub(crate) fn key_of(peer: &PeerId) -> Option<HeartbeatPublic> {
    /// Code of a multihash that is the hashed thing itself.
    const IDENTITY: u64 = 0;
    let hash = peer.as_ref();
    let key = (hash.code() == IDENTITY).then(|| PublicKey::try_decode_protobuf(hash.digest()))?;
    Some(key.ok()?.try_into_ed25519().ok()?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_heartbeat::HeartbeatKey;

    #[test]
    fn a_peer_is_known_by_its_heartbeat_key() {
        let key = HeartbeatKey::from_seed(&[3; 32]);
        let identity = Keypair::ed25519_from_bytes(key.seed()).expect("32 bytes");
        assert_eq!(key_of(&identity.public().to_peer_id()), Some(key.public()));
    }

    #[test]
    fn every_chain_has_its_topic() {
        assert!(topic(&[0xab; 32]).to_string().starts_with("perigee/heartbeat/1/abab"));
        assert_ne!(topic(&[0; 32]).hash(), topic(&[1; 32]).hash());
    }
}
