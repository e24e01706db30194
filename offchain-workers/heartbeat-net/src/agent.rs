//! An agent's side.

use crate::{
    behaviour::{swarm, topic},
    links::Links,
    NetError, LOG_TARGET,
};
use codec::Encode;
use libp2p::{gossipsub::IdentTopic, identity::Keypair, Multiaddr};
use perigee_heartbeat::{GenesisHash, HeartbeatKey, SignedHeartbeat};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

/// Heartbeats on their way to the network. More than a few would be stale.
const QUEUE: usize = 4;

/// How an agent is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentStatus {
    /// Nodes that it is connected with, of those it was given.
    pub connected: usize,
    /// Heartbeats handed to at least one node.
    pub published: u64,
    /// Heartbeats for which there was no node.
    pub lost: u64,
}

/// Why a heartbeat was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Earlier ones are still waiting.
    #[error("heartbeats are made faster than they are sent")]
    Full,
    /// The network has stopped.
    #[error("the heartbeat network has stopped")]
    Stopped,
}

/// An agent's side of the network. It stops when this is dropped.
pub struct AgentNet {
    queue: mpsc::Sender<SignedHeartbeat>,
    status: watch::Receiver<AgentStatus>,
    task: JoinHandle<()>,
}

impl AgentNet {
    /// Connects to `nodes`, and again whenever a connection is lost. Must be called within a tokio runtime.
    pub fn start(key: &HeartbeatKey, genesis: &GenesisHash, nodes: Vec<Multiaddr>) -> Result<Self, NetError> {
        let identity = Keypair::ed25519_from_bytes(key.seed()).expect("a seed has 32 bytes; qed");
        let (queue, queued) = mpsc::channel(QUEUE);
        let (report, status) = watch::channel(AgentStatus::default());
        let agent = Agent {
            links: Links::new(swarm(identity)?, nodes),
            topic: topic(genesis),
            queued,
            report,
        };
        let task = tokio::spawn(agent.run());
        Ok(Self { queue, status, task })
    }

    /// Sends a heartbeat to every node that is connected. Does not wait. One that reaches no node is lost and counted:
    /// the next is fresher.
    pub fn publish(&self, heartbeat: SignedHeartbeat) -> Result<(), PublishError> {
        self.queue.try_send(heartbeat).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => PublishError::Full,
            mpsc::error::TrySendError::Closed(_) => PublishError::Stopped,
        })
    }

    /// How it is doing now.
    pub fn status(&self) -> AgentStatus {
        *self.status.borrow()
    }

    /// Changes of how it is doing.
    pub fn watch_status(&self) -> watch::Receiver<AgentStatus> {
        self.status.clone()
    }
}

impl Drop for AgentNet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What runs.
struct Agent {
    links: Links,
    topic: IdentTopic,
    queued: mpsc::Receiver<SignedHeartbeat>,
    report: watch::Sender<AgentStatus>,
}

impl Agent {
    async fn run(mut self) {
        loop {
            tokio::select! {
                _ = self.links.next() => self.report_connections(),
                queued = self.queued.recv() => match queued {
                    Some(heartbeat) => self.publish(&heartbeat),
                    None => return,
                },
            }
        }
    }

    fn publish(&mut self, heartbeat: &SignedHeartbeat) {
        let sent = self.links.gossip().publish(self.topic.clone(), heartbeat.encode());
        if let Err(error) = &sent {
            log::debug!(target: LOG_TARGET, "heartbeat {} not sent: {error}", heartbeat.heartbeat.sequence);
        }
        self.report.send_modify(|status| match sent {
            Ok(_) => status.published += 1,
            Err(_) => status.lost += 1,
        });
    }

    fn report_connections(&self) {
        let connected = self.links.connected();
        self.report
            .send_if_modified(|status| std::mem::replace(&mut status.connected, connected) != connected);
    }
}
