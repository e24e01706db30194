//! One WebSocket connection and the client on top of it.

use crate::{config::PerigeeConfig, ChainError};
use std::{sync::Arc, time::Duration};
use subxt::{
    backend::LegacyBackend,
    config::RpcConfigFor,
    ext::jsonrpsee::{
        core::client::async_client::PingConfig,
        ws_client::{WsClient, WsClientBuilder},
    },
    rpcs::{methods::LegacyRpcMethods, RpcClient},
    OnlineClient,
};

/// How long a connection attempt may take. A local node answers in milliseconds, a far one within a few round trips.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// A silent connection is probed so often, so that a frozen or vanished node is noticed.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// Without any answer for so long the connection counts as lost.
const PING_LIMIT: Duration = Duration::from_secs(25);
/// Blocks hold up to 5 MiB, and metadata is below 1 MiB.
const MAX_RESPONSE: u32 = 32 * 1024 * 1024;

pub(crate) type Client = OnlineClient<PerigeeConfig>;
pub(crate) type Methods = LegacyRpcMethods<RpcConfigFor<PerigeeConfig>>;

/// A connection. It never comes back to life: [`crate::Chain`] makes a new one.
#[derive(Clone)]
pub(crate) struct Link {
    address: Arc<str>,
    socket: Arc<WsClient>,
    pub(crate) methods: Methods,
    pub(crate) client: Client,
}

impl Link {
    pub(crate) async fn open(address: &str) -> Result<Self, ChainError> {
        let unreachable = |reason: String| ChainError::Unreachable {
            address: address.into(),
            reason,
        };
        if !address.starts_with("ws://") && !address.starts_with("wss://") {
            return Err(unreachable("the address must start with ws:// or wss://".into()));
        }
        let ping = PingConfig::new()
            .ping_interval(PING_INTERVAL)
            .inactive_limit(PING_LIMIT);
        let builder = WsClientBuilder::new()
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(REQUEST_TIMEOUT)
            .max_response_size(MAX_RESPONSE)
            .enable_ws_ping(ping);
        // The builder's own limit does not cover everything, a proxy that accepts and never answers for one.
        let socket = tokio::time::timeout(CONNECT_TIMEOUT, builder.build(address))
            .await
            .map_err(|_| unreachable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())))?
            .map_err(|e| unreachable(innermost(&e)))?;
        let socket = Arc::new(socket);
        let rpc = RpcClient::new(socket.clone());
        let backend = LegacyBackend::builder().build(rpc.clone());
        let client = OnlineClient::from_backend(Arc::new(backend))
            .await
            .map_err(|e| unreachable(e.to_string()))?;
        Ok(Self {
            address: address.into(),
            socket,
            methods: LegacyRpcMethods::new(rpc),
            client,
        })
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.socket.is_connected()
    }

    pub(crate) fn genesis(&self) -> [u8; 32] {
        self.client.genesis_hash().0
    }

    /// Sorts an error of a request over this link: if the connection is gone, that is the reason.
    pub(crate) fn error(&self, error: impl Into<subxt::Error>) -> ChainError {
        let error = error.into();
        if self.is_alive() {
            ChainError::from_subxt(error)
        } else {
            self.lost(error.to_string())
        }
    }

    pub(crate) fn rpc_error(&self, error: subxt::rpcs::Error) -> ChainError {
        self.error(subxt::Error::from(error))
    }

    pub(crate) fn lost(&self, reason: String) -> ChainError {
        ChainError::Unreachable {
            address: self.address.to_string(),
            reason,
        }
    }
}

/// The cause at the bottom says most: "Connection refused".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn fails(address: &str) -> ChainError {
        Link::open(address).await.err().expect("nobody listens there, qed")
    }

    #[tokio::test]
    async fn an_absent_node_is_named_with_its_reason() {
        let error = fails("ws://127.0.0.1:1").await;
        assert!(error.is_connection());
        let text = error.to_string();
        assert!(text.contains("ws://127.0.0.1:1") && text.contains("refused"), "{text}");
    }

    #[tokio::test]
    async fn other_protocols_are_refused_with_a_hint() {
        let text = fails("http://127.0.0.1:1").await.to_string();
        assert!(text.contains("ws://"), "{text}");
        assert!(fails("nonsense").await.is_connection());
    }

    #[tokio::test]
    async fn somebody_who_is_no_node_is_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(stream);
            }
        });
        assert!(fails(&address).await.is_connection());
    }
}
