//! The provider's HTTPS API, and its client.
//!
//! Tenants deliver manifests here and read how their workloads do. The chain is asked through [`LeaseDirectory`], the
//! cluster through [`Workloads`]; this crate knows neither.
//!
//! | module | what |
//! |---|---|
//! | [`auth`] | capabilities and tokens: make and check (pure) |
//! | [`receipt`] | the provider's signed word that it received a manifest (pure) |
//! | [`manifest`] | does a delivered manifest match the lease? (pure) |
//! | [`api`] | bodies and errors as they travel |
//! | [`tls`] | the gateway's certificate, and pins of it |
//! | [`server`] | routes, and serving them |
//! | [`client`] | the tenant's side |

pub mod api;
pub mod auth;
pub mod client;
mod hex_text;
pub mod manifest;
mod plain_text;
pub mod receipt;
pub mod server;
pub mod tls;

pub use api::{ApiError, LeaseStatus, ProviderStatus, ServiceStatus};
pub use auth::{Place, Scope, Session};
pub use client::{Client, ClientError};
pub use manifest::{commitment, LeaseInfo, Phase};
pub use receipt::Receipt;
pub use server::{serve, Delivery, Gateway, LeaseDirectory, Refusal, Unavailable, Workloads};
pub use tls::TlsIdentity;
