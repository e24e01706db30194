//! Routes, and serving them.

use crate::{
    api::{ApiError, LeaseStatus, ManifestBody, ProviderStatus, STATUS_PATH},
    auth::{self, Place, Presented, Scope, CAPABILITY_HEADER},
    manifest::{self, LeaseInfo, Phase},
    receipt::{Receipt, Received},
    tls::TlsIdentity,
};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{header, request::Parts, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, put},
    Json, Router,
};
use axum_server::tls_rustls::RustlsConfig;
use ed25519_dalek::SigningKey;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::rt::TokioTimer;
use perigee_sdl::ManifestGroup;
use std::{
    future::Future,
    io,
    net::TcpListener,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A longer body is refused: the largest manifest in use is under 20 kB.
pub const MAX_BODY: usize = 1 << 20;
/// For the body of a request: slow senders must not hold connections.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// For the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests may go on after the gateway was told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Hint for requests that lead nowhere.
const PATHS: &str = "GET /v1/status, PUT /v1/leases/{lease}/manifest and GET /v1/leases/{lease}/status are here";

/// Chain or cluster cannot be asked now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// What the chain says.
pub trait LeaseDirectory: Send + Sync + 'static {
    /// The lease at the best block; `None` when there is no record of it.
    fn lease(&self, lease: u64) -> impl Future<Output = Result<Option<LeaseInfo>, Unavailable>> + Send;
    /// Number of the best block.
    fn best_block(&self) -> impl Future<Output = Result<u32, Unavailable>> + Send;
    /// First block without a verdict, if known.
    fn attested_until(&self) -> impl Future<Output = Option<u32>> + Send;
}

/// Why a workload cannot run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable name, for programs, for example `image_host`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// A manifest that passed all checks of the gateway.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The lease.
    pub lease: u64,
    /// Account of its owner.
    pub owner: [u8; 32],
    /// The commitment that nonce and manifest were checked against.
    pub commitment: [u8; 32],
    /// The nonce.
    pub nonce: [u8; 32],
    /// The one group of the manifest.
    pub group: ManifestGroup,
    /// The manifest's exact bytes.
    pub manifest_json: Vec<u8>,
    /// Best block now.
    pub block: u32,
}

/// What runs in the cluster.
pub trait Workloads: Send + Sync + 'static {
    /// Could this group run here, as far as can be said before it does?
    fn check(
        &self,
        lease: u64,
        group: &ManifestGroup,
    ) -> impl Future<Output = Result<Result<(), Refusal>, Unavailable>> + Send;
    /// Keeps a delivery, durably, and returns the block at which it was first received. The first one with this
    /// commitment stands: storing it again changes nothing and returns the first block.
    fn store(&self, delivery: Delivery) -> impl Future<Output = Result<u32, Unavailable>> + Send;
    /// How the services of a lease do; `None` while no manifest is here.
    fn status(&self, lease: u64) -> impl Future<Output = Result<Option<LeaseStatus>, Unavailable>> + Send;
}

/// A gateway: who it is, and whom it asks.
pub struct Gateway<D, W> {
    place: Place,
    version: String,
    receipts: SigningKey,
    directory: D,
    workloads: W,
}

impl<D: LeaseDirectory, W: Workloads> Gateway<D, W> {
    /// A gateway of the provider at `place`. `heartbeat_key` signs receipts.
    pub fn new(place: Place, version: impl Into<String>, heartbeat_key: [u8; 32], directory: D, workloads: W) -> Self {
        let receipts = SigningKey::from_bytes(&heartbeat_key);
        Self {
            place,
            version: version.into(),
            receipts,
            directory,
            workloads,
        }
    }

    /// Its routes.
    pub fn router(self) -> Router {
        Router::new()
            .route(STATUS_PATH, get(provider_status::<D, W>))
            .route("/v1/leases/{lease}/manifest", put(put_manifest::<D, W>))
            .route("/v1/leases/{lease}/status", get(lease_status::<D, W>))
            .fallback(|| async { Failure(ApiError::new(404, "no_such_path", "there is nothing here", PATHS)) })
            .method_not_allowed_fallback(|| async {
                Failure(ApiError::new(
                    405,
                    "method",
                    "this path does not take that method",
                    PATHS,
                ))
            })
            .with_state(Arc::new(self))
    }

    /// Authenticates a request about `lease` and returns the lease.
    async fn authorise(&self, lease: u64, scope: Scope, parts: &Parts, body: &[u8]) -> Result<LeaseInfo, Failure> {
        let presented = Presented {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            body,
            capability: text(&parts.headers, CAPABILITY_HEADER),
            authorization: text(&parts.headers, header::AUTHORIZATION.as_str()),
        };
        let grant = auth::check(&presented, &self.place, unix_now())?;
        let info = self
            .directory
            .lease(lease)
            .await
            .map_err(chain_unavailable)?
            .ok_or_else(|| no_such_lease(lease))?;
        grant.allows(scope, lease, &info.owner)?;
        if info.provider != self.place.provider {
            return Err(Failure(ApiError::new(
                404,
                "other_provider",
                format!(
                    "lease {lease} is with provider {}; this is provider {}",
                    info.provider, self.place.provider
                ),
                "ask the gateway of that provider",
            )));
        }
        Ok(info)
    }
}

type Shared<D, W> = State<Arc<Gateway<D, W>>>;

async fn provider_status<D: LeaseDirectory, W: Workloads>(State(gateway): Shared<D, W>) -> Json<ProviderStatus> {
    Json(ProviderStatus {
        provider: gateway.place.provider,
        genesis: gateway.place.genesis,
        version: gateway.version.clone(),
        best_block: gateway.directory.best_block().await.ok(),
        attested_until: gateway.directory.attested_until().await,
    })
}

async fn put_manifest<D: LeaseDirectory, W: Workloads>(
    State(gateway): Shared<D, W>,
    Path(lease): Path<String>,
    request: Request,
) -> Result<Json<Receipt>, Failure> {
    let lease = lease_id(&lease)?;
    let (parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let info = gateway.authorise(lease, Scope::MANIFEST, &parts, &body).await?;
    if info.phase == Phase::Ended {
        return Err(Failure(ApiError::new(
            409,
            "lease_ended",
            format!("lease {lease} is over"),
            "deploy again; ended leases take no manifest",
        )));
    }
    let delivery = gateway.accept(lease, info, &body).await?;
    let commitment = delivery.commitment;
    let block = gateway.workloads.store(delivery).await.map_err(cluster_unavailable)?;
    let received = Received {
        lease,
        commitment,
        block,
    };
    Ok(Json(Receipt::sign(
        received,
        gateway.place.provider,
        &gateway.place.genesis,
        &gateway.receipts,
    )))
}

impl<D: LeaseDirectory, W: Workloads> Gateway<D, W> {
    async fn accept(&self, lease: u64, info: LeaseInfo, body: &[u8]) -> Result<Delivery, Failure> {
        let body: ManifestBody = serde_json::from_slice(body).map_err(|e| bad_body(&e))?;
        let group = manifest::check(&info, &body.nonce, &body.manifest)
            .map_err(ApiError::from)?
            .clone();
        if let Err(refusal) = self.workloads.check(lease, &group).await.map_err(cluster_unavailable)? {
            return Err(Failure(ApiError::new(
                422,
                &refusal.code,
                refusal.message,
                refusal.hint,
            )));
        }
        let block = self.directory.best_block().await.map_err(chain_unavailable)?;
        Ok(Delivery {
            lease,
            owner: info.owner,
            commitment: info.commitment,
            nonce: body.nonce,
            group,
            manifest_json: body.manifest.to_json(),
            block,
        })
    }
}

async fn lease_status<D: LeaseDirectory, W: Workloads>(
    State(gateway): Shared<D, W>,
    Path(lease): Path<String>,
    request: Request,
) -> Result<Json<LeaseStatus>, Failure> {
    let lease = lease_id(&lease)?;
    let (parts, _) = request.into_parts();
    gateway.authorise(lease, Scope::STATUS, &parts, &[]).await?;
    let status = gateway.workloads.status(lease).await.map_err(cluster_unavailable)?;
    Ok(Json(status.unwrap_or_else(|| LeaseStatus {
        lease,
        phase: "waiting".into(),
        commitment: None,
        services: Vec::new(),
        uris: Vec::new(),
    })))
}

async fn read_body(body: Body) -> Result<Vec<u8>, Failure> {
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Err(Failure(ApiError::new(
            413,
            "too_large",
            format!("the body is larger than {MAX_BODY} bytes"),
            "keep data out of the manifest: put it into the image",
        ))),
        Ok(Err(_)) => Err(Failure(ApiError::new(
            400,
            "body",
            "the body broke off",
            "send it again",
        ))),
        Err(_) => Err(Failure(ApiError::new(
            408,
            "slow_body",
            "the body did not arrive in time",
            "send it again",
        ))),
    }
}

fn lease_id(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| {
        Failure(ApiError::new(
            400,
            "lease_id",
            format!("`{text}` is not a lease number"),
            "`perigee list` shows them",
        ))
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn bad_body(e: &serde_json::Error) -> Failure {
    Failure(ApiError::new(
        400,
        "manifest_malformed",
        format!("the body is not {{\"nonce\": hex, \"manifest\": [...]}}: {e}"),
        "send what `perigee sdl manifest` prints",
    ))
}

fn no_such_lease(lease: u64) -> Failure {
    Failure(ApiError::new(
        404,
        "no_such_lease",
        format!("there is no record of lease {lease}"),
        "check the number with `perigee list`, and --node",
    ))
}

fn chain_unavailable(e: Unavailable) -> Failure {
    Failure(ApiError::new(
        503,
        "chain_unavailable",
        format!("the provider cannot ask the chain: {e}"),
        "try again soon",
    ))
}

fn cluster_unavailable(e: Unavailable) -> Failure {
    tracing::warn!(error = %e, "cluster unavailable");
    Failure(ApiError::new(
        503,
        "cluster_unavailable",
        "the provider's cluster does not answer",
        "try again soon",
    ))
}

/// An error on its way out.
struct Failure(ApiError);

impl<E: Into<ApiError>> From<E> for Failure {
    fn from(e: E) -> Self {
        Self(e.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

/// Serves `router` on `listener` until `stop` resolves, then lets running requests finish for a moment.
pub async fn serve(
    listener: TcpListener,
    identity: &TlsIdentity,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let tls = RustlsConfig::from_config(Arc::new(identity.server_config().map_err(io::Error::other)?));
    listener.set_nonblocking(true)?;
    let handle = axum_server::Handle::new();
    let stopper = handle.clone();
    let watch = tokio::spawn(async move {
        stop.await;
        stopper.graceful_shutdown(Some(SHUTDOWN_GRACE));
    });
    let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let served = server.serve(router.into_make_service()).await;
    watch.abort();
    served
}
