//! A lease becomes Kubernetes objects; inventory, status and tear-down.
//!
//! This crate knows Kubernetes and manifests, never the chain: leases come in as plain values, and what the cluster
//! says goes out as plain values.
//!
//! | module | what |
//! |---|---|
//! | [`objects`] | lease + manifest group + settings → Kubernetes objects (pure) |
//! | [`images`] | which image hosts a node may be sent to (pure, but for the name lookup) |
//! | [`crd`] | `CloudLease`, the record of a lease in the cluster |
//! | [`cluster`] | the connection, and the identity of the cluster |
//! | [`store`] | delivered manifests |
//! | [`apply`] | objects into the cluster, in order, again and again |
//! | [`status`] | how the services of a lease do |
//! | [`teardown`] | every object of a lease out of the cluster |
//! | [`lock`] | which agent acts in this cluster |
//! | [`inventory`] | what is allocatable, per node |
//! | [`access`] | the agent's own account in the cluster |
//! | [`preflight`] | is this cluster fit for strangers' workloads? |

pub mod access;
pub mod apply;
pub mod cluster;
pub mod crd;
pub mod images;
pub mod inventory;
pub mod lease;
pub mod lock;
pub mod objects;
pub mod preflight;
pub mod settings;
pub mod status;
pub mod store;
pub mod teardown;

mod cidr_text;
mod error;

pub use cluster::Cluster;
pub use error::ClusterError;
pub use inventory::{Amounts, Inventory, Placement};
pub use lease::{ChainTag, Lease, LeaseKey};
pub use objects::{BuildError, LeaseObjects};
pub use settings::{NetworkFacts, Settings};
pub use status::{Fault, FaultKind, LeaseStatus, ServiceStatus};
pub use store::StoredManifest;
pub use teardown::{HeldLease, TearDown};
