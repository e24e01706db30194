//! The tenant's side: requests to one gateway, over TLS pinned to the keys on chain.

use crate::{
    api::{lease_status_path, manifest_path, ApiError, LeaseStatus, ProviderStatus, STATUS_PATH},
    auth::{Session, CAPABILITY_HEADER},
    receipt::Receipt,
    tls::{client_config, Pin},
};
use http::{header, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{connect::HttpConnector, Client as HttpClient},
    rt::TokioExecutor,
};
use serde::de::DeserializeOwned;
use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// For a connection, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// A longer answer is none of ours.
const MAX_ANSWER: usize = 1 << 20;

/// A client of one gateway.
pub struct Client {
    address: String,
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Client {
    /// A client of the gateway at `address` (`host:port`) that holds one of the pinned keys.
    pub fn new(address: &str, pins: &[Pin]) -> Result<Self, ClientError> {
        address
            .parse::<http::uri::Authority>()
            .map_err(|_| ClientError::Address(address.to_owned()))?;
        let tls = client_config(pins.to_vec()).map_err(|e| ClientError::Setup(e.to_string()))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        let http = HttpClient::builder(TokioExecutor::new()).build(https);
        Ok(Self {
            address: address.to_owned(),
            http,
        })
    }

    /// Where it connects to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Public status of the provider.
    pub async fn provider_status(&self) -> Result<ProviderStatus, ClientError> {
        self.send(self.request(Method::GET, STATUS_PATH, Bytes::new(), None)?)
            .await
    }

    /// Delivers manifest (its exact bytes) and nonce for `lease`. Sending the same again gives the same receipt.
    pub async fn deliver(
        &self,
        session: &Session,
        lease: u64,
        nonce: &[u8; 32],
        manifest_json: &[u8],
    ) -> Result<Receipt, ClientError> {
        let body = delivery_body(nonce, manifest_json);
        self.send(self.request(Method::PUT, &manifest_path(lease), body, Some(session))?)
            .await
    }

    /// How the services of `lease` do.
    pub async fn lease_status(&self, session: &Session, lease: u64) -> Result<LeaseStatus, ClientError> {
        self.send(self.request(Method::GET, &lease_status_path(lease), Bytes::new(), Some(session))?)
            .await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        session: Option<&Session>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut request = Request::builder().uri(format!("https://{}{path}", self.address));
        if let Some(session) = session {
            request = request.header(CAPABILITY_HEADER, session.capability()).header(
                header::AUTHORIZATION,
                session.authorization(method.as_str(), path, &body, unix_now()),
            );
        }
        if method == Method::PUT {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request
            .method(method)
            .body(Full::new(body))
            .map_err(|e| ClientError::Setup(e.to_string()))
    }

    async fn send<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> Result<T, ClientError> {
        let address = || self.address.clone();
        let exchange = async {
            let response = self
                .http
                .request(request)
                .await
                .map_err(|e| unreachable(&self.address, &e))?;
            self.read(response).await
        };
        match tokio::time::timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::TimedOut {
                address: address(),
                seconds: REQUEST_TIMEOUT.as_secs(),
            }),
        }
    }

    async fn read<T: DeserializeOwned>(&self, response: Response<Incoming>) -> Result<T, ClientError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let strange = |why: String| ClientError::Strange {
            address: self.address.clone(),
            why,
        };
        let body = body.map_err(|e| strange(e.to_string()))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| strange(e.to_string()));
        }
        match serde_json::from_slice::<ApiError>(&body) {
            Ok(error) => {
                let error = ApiError {
                    status: status.as_u16(),
                    ..error
                };
                Err(ClientError::Refused {
                    address: self.address.clone(),
                    error,
                })
            }
            Err(_) => Err(strange(format!("HTTP status {status}"))),
        }
    }
}

/// The body around the manifest's exact bytes, which are JSON already.
fn delivery_body(nonce: &[u8; 32], manifest_json: &[u8]) -> Bytes {
    let open = format!(r#"{{"nonce":"{}","manifest":"#, hex::encode(nonce));
    [open.as_bytes(), manifest_json, b"}"].concat().into()
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn unreachable(address: &str, error: &hyper_util::client::legacy::Error) -> ClientError {
    let address = address.to_owned();
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(below) = below(cause) {
        cause = below;
    }
    match cause.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(_)) => ClientError::WrongKey { address },
        _ => ClientError::Unreachable {
            address,
            why: cause.to_string(),
        },
    }
}

/// What caused `error`. An I/O error hides what it wraps from `source`.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(|e| e.get_ref());
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// What goes wrong between tenant and gateway.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address on chain is none.
    #[error("`{0}` is not a gateway address (host:port)")]
    Address(String),
    /// TLS or the request could not be set up.
    #[error("cannot set up the request: {0}")]
    Setup(String),
    /// Nobody answers there.
    #[error("gateway {address} cannot be reached: {why}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        why: String,
    },
    /// Somebody else answers there.
    #[error("gateway {address} does not hold a key that the provider registered on chain")]
    WrongKey {
        /// Where.
        address: String,
    },
    /// No answer in time.
    #[error("gateway {address} did not answer within {seconds} s")]
    TimedOut {
        /// Where.
        address: String,
        /// How long it had.
        seconds: u64,
    },
    /// The gateway says no.
    #[error("gateway {address} refuses: {error}")]
    Refused {
        /// Where.
        address: String,
        /// What it says, with a hint.
        error: ApiError,
    },
    /// The answer makes no sense.
    #[error("gateway {address} answers something unexpected: {why}")]
    Strange {
        /// Where.
        address: String,
        /// Why.
        why: String,
    },
}
