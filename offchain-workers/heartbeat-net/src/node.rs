//! A node's side.

use crate::{
    behaviour::{key_of, swarm, topic, Behaviour},
    links::Links,
    NetError, LOG_TARGET,
};
use codec::DecodeAll;
use futures::StreamExt;
use libp2p::{
    gossipsub::{self, MessageAcceptance},
    identity::Keypair,
    multiaddr::Protocol,
    swarm::SwarmEvent,
    Multiaddr, Swarm,
};
use perigee_heartbeat::{GenesisHash, HeartbeatPublic, Rejection, SignedHeartbeat};
use std::net::{IpAddr, TcpListener};
use tokio::task::JoinHandle;

/// What a node makes of a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Valid: pass it on.
    Accept,
    /// Not valid here and now, though its sender may be honest: drop it.
    Ignore,
    /// Forged: drop it and hold it against whoever forwarded it.
    Reject,
}

impl From<Result<(), Rejection>> for Acceptance {
    fn from(result: Result<(), Rejection>) -> Self {
        match result {
            Ok(()) => Self::Accept,
            Err(why) if why.is_fault() => Self::Reject,
            Err(_) => Self::Ignore,
        }
    }
}

impl From<Acceptance> for MessageAcceptance {
    fn from(acceptance: Acceptance) -> Self {
        match acceptance {
            Acceptance::Accept => Self::Accept,
            Acceptance::Ignore => Self::Ignore,
            Acceptance::Reject => Self::Reject,
        }
    }
}

/// What a node's side needs to know.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where to listen, for example `/ip4/0.0.0.0/tcp/30444`. Port 0 takes any free one.
    pub listen: Multiaddr,
    /// Other nodes to stay connected with.
    pub peers: Vec<Multiaddr>,
    /// Genesis hash of the chain.
    pub genesis: GenesisHash,
}

/// A node's side of the network. It stops when this is dropped.
pub struct NodeNet {
    address: Multiaddr,
    task: JoinHandle<()>,
}

impl NodeNet {
    /// Listens, under an identity that is new each time. `judge` is asked about every heartbeat, with the key of its
    /// author; it must answer quickly. Must be called within a tokio runtime.
    pub async fn start(
        config: NodeConfig,
        judge: impl FnMut(&HeartbeatPublic, &SignedHeartbeat) -> Acceptance + Send + 'static,
    ) -> Result<Self, NetError> {
        let mut swarm = swarm(Keypair::generate_ed25519())?;
        swarm
            .behaviour_mut()
            .gossip
            .subscribe(&topic(&config.genesis))
            .map_err(|e| NetError::Gossip(e.to_string()))?;
        let address = listen(&mut swarm, &config.listen).await?;
        log::info!(target: LOG_TARGET, "listening for heartbeats on {address}");
        let node = Node {
            links: Links::new(swarm, config.peers),
            judge,
        };
        let task = tokio::spawn(node.run());
        Ok(Self { address, task })
    }

    /// Where it listens, with its identity; the first address if there are several.
    pub fn address(&self) -> &Multiaddr {
        &self.address
    }

    /// Waits until it has stopped, which it only does on a defect.
    pub async fn stopped(&mut self) {
        if let Err(error) = (&mut self.task).await {
            log::error!(target: LOG_TARGET, "heartbeat network stopped: {error}");
        }
    }
}

impl Drop for NodeNet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Makes sure that nobody else listens on `address`. The transport shares ports: two nodes on one port would each get
/// a part of the connections, and neither would hear everybody.
fn ensure_free(address: &Multiaddr) -> Result<(), NetError> {
    let mut parts = address.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => IpAddr::from(ip),
        Some(Protocol::Ip6(ip)) => IpAddr::from(ip),
        _ => return Ok(()),
    };
    let Some(Protocol::Tcp(port)) = parts.next() else {
        return Ok(());
    };
    TcpListener::bind((ip, port))
        .map(drop)
        .map_err(|source| NetError::Taken {
            address: address.clone(),
            source,
        })
}

/// Starts listening and waits for the first address.
async fn listen(swarm: &mut Swarm<Behaviour>, address: &Multiaddr) -> Result<Multiaddr, NetError> {
    ensure_free(address)?;
    swarm.listen_on(address.clone()).map_err(|source| NetError::Listen {
        address: address.clone(),
        source,
    })?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { address, .. } => {
                return Ok(address.with(Protocol::P2p(*swarm.local_peer_id())));
            }
            SwarmEvent::ListenerClosed { .. } => return Err(NetError::ListenerClosed(address.clone())),
            _ => {}
        }
    }
}

/// What runs.
struct Node<J> {
    links: Links,
    judge: J,
}

impl<J: FnMut(&HeartbeatPublic, &SignedHeartbeat) -> Acceptance> Node<J> {
    async fn run(mut self) {
        loop {
            if let Some(gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            }) = self.links.next().await
            {
                let acceptance = self.judge(&message).into();
                let gossip = self.links.gossip();
                // An error means that the message is no longer remembered: nothing to do about it.
                let _ = gossip.report_message_validation_result(&message_id, &propagation_source, acceptance);
            }
        }
    }

    fn judge(&mut self, message: &gossipsub::Message) -> Acceptance {
        let author = message.source.as_ref().and_then(key_of);
        let heartbeat = SignedHeartbeat::decode_all(&mut &message.data[..]);
        match (author, heartbeat) {
            (Some(key), Ok(heartbeat)) => (self.judge)(&key, &heartbeat),
            _ => Acceptance::Reject,
        }
    }
}
