#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod canonical;
pub mod diagnostics;
pub mod groups;
pub mod manifest;
pub mod quantity;
pub mod resources;

pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use groups::{GroupSpec, Price, ResourceUnit};
pub use manifest::{Manifest, ManifestGroup, Service, ServiceExpose};
pub use quantity::Decimal;
pub use resources::{Attribute, Resources, Totals};

/// An SDL file that was read and accepted.
#[derive(Clone, Debug)]
pub struct Sdl {
    manifest: Manifest,
    groups: Vec<GroupSpec>,
    warnings: Diagnostics,
}

impl Sdl {
    /// The manifest: what providers run.
    pub fn manifest(&self) -> Manifest {
        self.manifest.clone()
    }

    /// The exact bytes whose SHA-256 is [`Sdl::hash`].
    pub fn manifest_json(&self) -> Vec<u8> {
        self.manifest.to_json()
    }

    /// What is ordered: one group per placement, sorted by name.
    pub fn groups(&self) -> Vec<GroupSpec> {
        self.groups.clone()
    }

    /// The group specs in the canonical form of the manifest.
    pub fn groups_json(&self) -> Vec<u8> {
        canonical::to_vec(&self.groups)
    }

    /// The manifest hash.
    pub fn hash(&self) -> [u8; 32] {
        self.manifest.hash()
    }

    /// What is odd about the file although it is accepted.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}
