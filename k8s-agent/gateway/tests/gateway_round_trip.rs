//! A real server and a real client, over real TLS on loopback.

use ed25519_dalek::SigningKey;
use perigee_gateway::{
    api::ApiError, commitment, serve, Client, ClientError, Delivery, Gateway, LeaseDirectory, LeaseInfo, LeaseStatus,
    Phase, Place, Refusal, Scope, ServiceStatus, Session, TlsIdentity, Unavailable, Workloads,
};
use perigee_sdl::{Manifest, ManifestGroup, Totals};
use rustls::{
    pki_types::PrivateKeyDer,
    sign::{CertifiedKey, SingleCertAndKey},
};
use sr25519_signer::sr25519::dev;
use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::oneshot;

const PLACE: Place = Place {
    provider: 7,
    genesis: [9; 32],
};
const HEARTBEAT_KEY: [u8; 32] = [3; 32];
const NONCE: [u8; 32] = [5; 32];
const LEASE: u64 = 11;

fn manifest() -> Manifest {
    let json = r#"[{"name":"here","services":[{"name":"web","image":"docker.io/library/busybox:1.36","command":null,
        "args":null,"env":["A=<b>"],"resources":{"id":1,"cpu":{"units":{"val":"100"}},
        "memory":{"size":{"val":"67108864"}},"storage":[{"name":"default","size":{"val":"67108864"}}],
        "gpu":{"units":{"val":"0"}},"endpoints":[]},"count":1,"expose":[],"credentials":null}]}]"#;
    Manifest::from_json(json.as_bytes()).unwrap()
}

#[derive(Clone, Default)]
struct Chain {
    leases: Arc<Mutex<BTreeMap<u64, LeaseInfo>>>,
    block: Arc<Mutex<u32>>,
    down: Arc<Mutex<bool>>,
}

impl LeaseDirectory for Chain {
    async fn lease(&self, lease: u64) -> Result<Option<LeaseInfo>, Unavailable> {
        if *self.down.lock().unwrap() {
            return Err(Unavailable("node ws://127.0.0.1:1 cannot be reached".into()));
        }
        Ok(self.leases.lock().unwrap().get(&lease).cloned())
    }

    async fn best_block(&self) -> Result<u32, Unavailable> {
        Ok(*self.block.lock().unwrap())
    }

    async fn attested_until(&self) -> Option<u32> {
        Some(10)
    }
}

#[derive(Clone, Default)]
struct Pods {
    stored: Arc<Mutex<BTreeMap<u64, Delivery>>>,
}

impl Workloads for Pods {
    async fn check(&self, _: u64, group: &ManifestGroup) -> Result<Result<(), Refusal>, Unavailable> {
        Ok(match group.services[0].image.starts_with("10.") {
            true => Err(Refusal {
                code: "image_host".into(),
                message: "no".into(),
                hint: "another".into(),
            }),
            false => Ok(()),
        })
    }

    async fn store(&self, delivery: Delivery) -> Result<u32, Unavailable> {
        let mut stored = self.stored.lock().unwrap();
        Ok(stored.entry(delivery.lease).or_insert(delivery).block)
    }

    async fn status(&self, lease: u64) -> Result<Option<LeaseStatus>, Unavailable> {
        let service = ServiceStatus {
            name: "web".into(),
            ready: 1,
            wanted: 1,
            message: String::new(),
        };
        let status = LeaseStatus {
            lease,
            phase: "running".into(),
            commitment: None,
            services: vec![service],
            uris: Vec::new(),
        };
        Ok(self.stored.lock().unwrap().contains_key(&lease).then_some(status))
    }
}

struct World {
    chain: Chain,
    pods: Pods,
    address: String,
    identity: TlsIdentity,
    stop: Option<oneshot::Sender<()>>,
}

impl World {
    async fn start() -> Self {
        let (chain, pods) = (Chain::default(), Pods::default());
        *chain.block.lock().unwrap() = 42;
        let identity = TlsIdentity::generate().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Gateway::new(PLACE, "0.1.0", HEARTBEAT_KEY, chain.clone(), pods.clone()).router();
        let (stop, stopped) = oneshot::channel::<()>();
        let config = identity.clone();
        tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            serve(listener, &config, router, stopped).await.unwrap();
        });
        let world = Self {
            chain,
            pods,
            address,
            identity,
            stop: Some(stop),
        };
        world.lease(&manifest(), |lease| lease);
        world
    }

    fn lease(&self, manifest: &Manifest, change: impl Fn(LeaseInfo) -> LeaseInfo) {
        let lease = LeaseInfo {
            owner: dev::alice().public_key().0,
            provider: PLACE.provider,
            commitment: commitment(&NONCE, &manifest.hash()),
            resources: manifest.groups[0].total(),
            phase: Phase::Pending,
        };
        self.chain.leases.lock().unwrap().insert(LEASE, change(lease));
    }

    fn client(&self) -> Client {
        Client::new(&self.address, &[[0; 32], self.identity.pin()]).unwrap()
    }

    async fn deliver(&self, manifest: &Manifest) -> Result<perigee_gateway::Receipt, ClientError> {
        self.client()
            .deliver(&session(Some(LEASE)), LEASE, &NONCE, &manifest.to_json())
            .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

fn session(lease: Option<u64>) -> Session {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Session::open(&dev::alice(), &PLACE, lease, Scope::MANIFEST | Scope::STATUS, now, 600)
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, ClientError>) -> (u16, String) {
    match result {
        Err(ClientError::Refused {
            error: ApiError { status, code, hint, .. },
            ..
        }) => {
            assert!(!hint.is_empty());
            (status, code)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn manifest_is_delivered_once_and_its_receipt_stands() {
    let world = World::start().await;
    let first = world.deliver(&manifest()).await.unwrap();
    let heartbeat_key = SigningKey::from_bytes(&HEARTBEAT_KEY).verifying_key().to_bytes();
    assert!(first.is_signed_by(&heartbeat_key, &PLACE.genesis));
    assert_eq!((first.lease, first.received), (LEASE, 42));

    *world.chain.block.lock().unwrap() = 50;
    assert_eq!(world.deliver(&manifest()).await.unwrap(), first);
    assert_eq!(
        world.pods.stored.lock().unwrap()[&LEASE].manifest_json,
        manifest().to_json()
    );
}

#[tokio::test]
async fn status_waits_for_the_manifest_and_then_tells() {
    let world = World::start().await;
    let before = world.client().lease_status(&session(Some(LEASE)), LEASE).await.unwrap();
    assert_eq!(before.phase, "waiting");
    world.deliver(&manifest()).await.unwrap();
    let after = world.client().lease_status(&session(None), LEASE).await.unwrap();
    assert_eq!((after.phase.as_str(), after.services[0].ready), ("running", 1));
}

#[tokio::test]
async fn provider_status_is_public() {
    let world = World::start().await;
    let status = world.client().provider_status().await.unwrap();
    assert_eq!((status.provider, status.genesis), (PLACE.provider, PLACE.genesis));
    assert_eq!((status.best_block, status.attested_until), (Some(42), Some(10)));
}

#[tokio::test]
async fn gateway_with_another_key_is_not_trusted() {
    let world = World::start().await;
    let client = Client::new(&world.address, &[TlsIdentity::generate().unwrap().pin()]).unwrap();
    let error = client.provider_status().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::WrongKey { address } if *address == world.address),
        "{error}"
    );
}

#[tokio::test]
async fn gateway_that_only_copies_the_certificate_is_not_trusted() {
    // The certificate is public; whoever shows it without its key fails the handshake signature.
    let world = World::start().await;
    let key = rcgen::KeyPair::generate().unwrap().serialize_der();
    let key = rustls::crypto::ring::sign::any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.into())).unwrap();
    let shown = CertifiedKey::new(vec![world.identity.certificate().clone()], key);
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thief = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
            .accept(stream)
            .await
            .is_ok()
    });
    let error = Client::new(&address, &[world.identity.pin()])
        .unwrap()
        .provider_status()
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::WrongKey { .. }), "{error}");
    assert!(!thief.await.unwrap());
}

#[tokio::test]
async fn changed_manifest_or_nonce_is_refused() {
    let world = World::start().await;
    let mut changed = manifest();
    changed.groups[0].services[0].count = 2;
    assert_eq!(
        refusal(world.deliver(&changed).await),
        (422, "commitment_mismatch".into())
    );
    let other_nonce = world
        .client()
        .deliver(&session(None), LEASE, &[6; 32], &manifest().to_json())
        .await;
    assert_eq!(refusal(other_nonce), (422, "commitment_mismatch".into()));
    assert!(world.pods.stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn manifest_that_wants_more_than_is_leased_is_refused() {
    let world = World::start().await;
    let less = Totals {
        memory_bytes: 1,
        ..manifest().groups[0].total()
    };
    world.lease(&manifest(), |lease| LeaseInfo {
        resources: less,
        ..lease
    });
    assert_eq!(
        refusal(world.deliver(&manifest()).await),
        (422, "more_than_leased".into())
    );
}

#[tokio::test]
async fn refusal_of_the_cluster_reaches_the_tenant() {
    let world = World::start().await;
    let mut inside = manifest();
    inside.groups[0].services[0].image = "10.0.0.1/x".into();
    world.lease(&inside, |lease| lease);
    assert_eq!(refusal(world.deliver(&inside).await), (422, "image_host".into()));
}

#[tokio::test]
async fn body_that_is_no_manifest_is_refused() {
    let world = World::start().await;
    let delivery = world
        .client()
        .deliver(&session(None), LEASE, &NONCE, br#"[{"name":1}]"#)
        .await;
    assert_eq!(refusal(delivery), (400, "manifest_malformed".into()));
}

#[tokio::test]
async fn oversized_body_is_refused() {
    let world = World::start().await;
    let delivery = world
        .client()
        .deliver(&session(None), LEASE, &NONCE, &vec![b' '; 2 << 20])
        .await;
    match delivery {
        // The server may close the connection before the client has sent everything.
        Err(ClientError::Refused { error, .. }) => assert_eq!(error.status, 413),
        Err(ClientError::Unreachable { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn leases_that_are_over_unknown_or_elsewhere_take_no_manifest() {
    let world = World::start().await;
    world.lease(&manifest(), |lease| LeaseInfo {
        phase: Phase::Ended,
        ..lease
    });
    assert_eq!(refusal(world.deliver(&manifest()).await), (409, "lease_ended".into()));
    world.lease(&manifest(), |lease| LeaseInfo { provider: 8, ..lease });
    assert_eq!(
        refusal(world.deliver(&manifest()).await),
        (404, "other_provider".into())
    );
    let unknown = world.client().lease_status(&session(None), 99).await;
    assert_eq!(refusal(unknown), (404, "no_such_lease".into()));
}

#[tokio::test]
async fn stranger_is_refused() {
    let world = World::start().await;
    world.lease(&manifest(), |lease| LeaseInfo {
        owner: dev::bob().public_key().0,
        ..lease
    });
    assert_eq!(refusal(world.deliver(&manifest()).await), (403, "not_owner".into()));
    let elsewhere = session(Some(LEASE + 1));
    let delivery = world
        .client()
        .deliver(&elsewhere, LEASE, &NONCE, &manifest().to_json())
        .await;
    assert_eq!(refusal(delivery), (403, "foreign_lease".into()));
}

#[tokio::test]
async fn chain_that_does_not_answer_is_told_apart() {
    let world = World::start().await;
    *world.chain.down.lock().unwrap() = true;
    assert_eq!(
        refusal(world.deliver(&manifest()).await),
        (503, "chain_unavailable".into())
    );
}

#[tokio::test]
async fn nobody_at_the_address_is_told_with_the_address() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let client = Client::new(&free, &[[0; 32]]).unwrap();
    let error = client.provider_status().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Unreachable { address, .. } if *address == free),
        "{error}"
    );
}

#[test]
fn address_that_is_none_is_refused() {
    assert!(matches!(
        Client::new("not an address", &[]),
        Err(ClientError::Address(_))
    ));
}

#[tokio::test]
async fn key_is_made_once_and_kept_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls/gateway.key");
    let made = TlsIdentity::load_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(TlsIdentity::load_or_create(&path).unwrap().pin(), made.pin());
    std::fs::write(&path, "half a key").unwrap();
    assert!(TlsIdentity::load_or_create(&path).is_err());
}
