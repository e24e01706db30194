//! Real nodes and agents over loopback.

use perigee_heartbeat::{GenesisHash, Heartbeat, HeartbeatKey, HeartbeatPublic, SignedHeartbeat, Watch};
use perigee_heartbeat_net::{Acceptance, AgentNet, Multiaddr, NetError, NodeConfig, NodeNet};
use perigee_primitives::AttestationTimes;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

const GENESIS: GenesisHash = [7; 32];
/// Everything on loopback happens far within this; a test that waits so long has failed.
const LONG: Duration = Duration::from_secs(20);
/// As long as a test waits for something that must not happen.
const A_WHILE: Duration = Duration::from_secs(2);

type Heard = mpsc::Receiver<(HeartbeatPublic, SignedHeartbeat)>;

fn anywhere() -> Multiaddr {
    "/ip4/127.0.0.1/tcp/0".parse().expect("an address")
}

/// A node that answers `verdict` to everything, and what it hears.
async fn node(listen: Multiaddr, peers: Vec<Multiaddr>, genesis: GenesisHash, verdict: Acceptance) -> (NodeNet, Heard) {
    let (tell, heard) = mpsc::channel(64);
    let config = NodeConfig { listen, peers, genesis };
    let net = NodeNet::start(config, move |key, heartbeat| {
        let _ = tell.try_send((*key, *heartbeat));
        verdict
    });
    (net.await.expect("loopback can be listened on"), heard)
}

fn key() -> HeartbeatKey {
    HeartbeatKey::from_seed(&[1; 32])
}

fn beat(sequence: u64) -> SignedHeartbeat {
    let heartbeat = Heartbeat {
        provider: 3,
        epoch: 9,
        incarnation: 1,
        sequence,
        finalised: [5; 32],
    };
    key().sign_heartbeat(heartbeat, &GENESIS)
}

/// Publishes, a heartbeat at a time, until `heard` hears one; returns it.
async fn until_heard(agent: &AgentNet, heard: &mut Heard, first: u64) -> (HeartbeatPublic, SignedHeartbeat) {
    let publish = async {
        for sequence in first.. {
            agent.publish(beat(sequence)).expect("one at a time fits");
            if let Ok(Some(message)) = timeout(Duration::from_millis(200), heard.recv()).await {
                return message;
            }
        }
        unreachable!("the sequence has no end")
    };
    timeout(LONG, publish).await.expect("the node hears the agent")
}

async fn heard_sequence(heard: &mut Heard) -> u64 {
    let (_, message) = timeout(LONG, heard.recv()).await.expect("is heard").expect("runs");
    message.heartbeat.sequence
}

#[tokio::test]
async fn a_node_hears_an_agent_and_knows_its_key() {
    let (net, mut heard) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    let agent = AgentNet::start(&key(), &GENESIS, vec![net.address().clone()]).expect("starts");
    let (author, message) = until_heard(&agent, &mut heard, 0).await;
    assert_eq!(author, key().public());
    assert!(message.is_signed_by(&author, &GENESIS));
    assert_eq!(agent.status().connected, 1);
    assert!(agent.status().published > 0);
}

#[tokio::test]
async fn an_agent_reaches_every_node_it_was_given() {
    let (a, mut heard_by_a) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    let (b, mut heard_by_b) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    let nodes = vec![a.address().clone(), b.address().clone()];
    let agent = AgentNet::start(&key(), &GENESIS, nodes).expect("starts");
    until_heard(&agent, &mut heard_by_a, 0).await;
    until_heard(&agent, &mut heard_by_b, 1_000).await;
}

#[tokio::test]
async fn what_a_node_accepts_is_forwarded() {
    let (middle, mut heard_by_middle) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    let (_far, mut heard) = node(anywhere(), vec![middle.address().clone()], GENESIS, Acceptance::Accept).await;
    let agent = AgentNet::start(&key(), &GENESIS, vec![middle.address().clone()]).expect("starts");
    let (author, _) = until_heard(&agent, &mut heard, 0).await;
    assert_eq!(author, key().public(), "forwarding keeps the author");
    assert!(heard_by_middle.recv().await.is_some());
}

#[tokio::test]
async fn what_a_node_rejects_or_ignores_stays_there() {
    for verdict in [Acceptance::Reject, Acceptance::Ignore] {
        let (middle, mut heard_by_middle) = node(anywhere(), vec![], GENESIS, verdict).await;
        let (_far, mut heard) = node(anywhere(), vec![middle.address().clone()], GENESIS, Acceptance::Accept).await;
        let agent = AgentNet::start(&key(), &GENESIS, vec![middle.address().clone()]).expect("starts");
        until_heard(&agent, &mut heard_by_middle, 0).await;
        for sequence in 100..110 {
            agent.publish(beat(sequence)).expect("one at a time fits");
            assert!(
                timeout(A_WHILE / 10, heard.recv()).await.is_err(),
                "{verdict:?} was forwarded"
            );
        }
    }
}

#[tokio::test]
async fn an_agent_comes_back_to_a_node_that_restarts() {
    let (first, mut heard) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    // Without its identity, which is new after the restart.
    let mut address = first.address().clone();
    address.pop();
    let agent = AgentNet::start(&key(), &GENESIS, vec![address.clone()]).expect("starts");
    until_heard(&agent, &mut heard, 0).await;
    drop(first);
    let mut status = agent.watch_status();
    timeout(LONG, status.wait_for(|s| s.connected == 0))
        .await
        .expect("notices")
        .expect("runs");
    agent.publish(beat(500)).expect("one fits");
    timeout(LONG, status.wait_for(|s| s.lost > 0))
        .await
        .expect("is counted")
        .expect("runs");

    let (_second, mut heard) = node(address, vec![], GENESIS, Acceptance::Accept).await;
    let (_, message) = until_heard(&agent, &mut heard, 1_000).await;
    assert!(message.heartbeat.sequence >= 1_000, "nothing stale is sent");
}

#[tokio::test]
async fn chains_do_not_hear_each_other() {
    let (other, mut heard) = node(anywhere(), vec![], [8; 32], Acceptance::Accept).await;
    let agent = AgentNet::start(&key(), &GENESIS, vec![other.address().clone()]).expect("starts");
    let mut status = agent.watch_status();
    timeout(LONG, status.wait_for(|s| s.connected == 1))
        .await
        .expect("connects")
        .expect("runs");
    agent.publish(beat(1)).expect("one fits");
    assert!(timeout(A_WHILE, heard.recv()).await.is_err());
    assert_eq!(agent.status().published, 0);
}

#[tokio::test]
async fn a_taken_port_is_refused_at_the_start() {
    let (first, _heard) = node(anywhere(), vec![], GENESIS, Acceptance::Accept).await;
    let mut listen = first.address().clone();
    listen.pop();
    let config = NodeConfig {
        listen,
        peers: vec![],
        genesis: GENESIS,
    };
    let second = NodeNet::start(config, |_, _| Acceptance::Accept).await;
    assert!(matches!(second, Err(NetError::Taken { .. })));
}

#[tokio::test]
async fn an_agent_that_sends_in_eight_slots_was_present_and_one_that_falls_silent_was_not() {
    const TIMES: AttestationTimes = AttestationTimes {
        epoch: 10,
        deadline: 5,
        margin: 5,
    };
    const PROVIDER: u32 = 3;
    const BLOCK: Duration = Duration::from_secs(2);
    // GIVEN a node whose watch follows blocks that the test makes, and an agent that is connected.
    let watch = Arc::new(Mutex::new(Watch::new(GENESIS, TIMES, BLOCK)));
    let advance = |block: u32| {
        watch
            .lock()
            .expect("nobody panicked")
            .advance(block, block, BLOCK * block)
    };
    advance(10);
    let (tell, mut heard) = mpsc::channel(64);
    let judge = watch.clone();
    let config = NodeConfig {
        listen: anywhere(),
        peers: vec![],
        genesis: GENESIS,
    };
    let net = NodeNet::start(config, move |key, message| {
        let registered = |known: &HeartbeatPublic| (*known == self::key().public()).then_some(PROVIDER);
        let result = judge.lock().expect("nobody panicked").accept(key, message, registered);
        let _ = tell.try_send((*key, *message));
        result.into()
    });
    let net = net.await.expect("loopback can be listened on");
    let agent = AgentNet::start(&key(), &GENESIS, vec![net.address().clone()]).expect("starts");
    until_heard(&agent, &mut heard, 0).await;

    // WHEN it sends in eight slots of the first epoch and in seven of the second.
    let mut present = Vec::new();
    for block in 10..30 {
        if block < 18 || (20..27).contains(&block) {
            let heartbeat = Heartbeat {
                epoch: TIMES.epoch_of(block),
                ..beat(u64::from(block) * 1_000).heartbeat
            };
            agent
                .publish(key().sign_heartbeat(heartbeat, &GENESIS))
                .expect("one at a time fits");
            // Ones from before the first block may still be on their way.
            while heard_sequence(&mut heard).await != heartbeat.sequence {}
        }
        present.extend(
            advance(block + 1)
                .into_iter()
                .map(|(_, record)| record.is_present(PROVIDER)),
        );
    }

    // THEN
    assert_eq!(present, vec![true, false]);
}
