//! Manifests and nonces of deployments, on disk before anything is signed: without them a deployment can never start.
//!
//! One file per commitment, below a directory per chain. Nothing else is kept: the chain knows which deployment has
//! which commitment.

use crate::error::CliError;
use perigee_chain::{keys::data_directory, Hash};
use perigee_gateway::Receipt;
use perigee_primitives::Commitment;
use perigee_sdl::{Manifest, Sdl};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What a deployment needs to be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// File it was made from.
    pub source: String,
    /// Random part of the commitment.
    #[serde(with = "hex_bytes")]
    pub nonce: [u8; 32],
    /// The manifest's exact bytes.
    pub manifest: String,
    /// The SDL file, so that it can be changed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdl: Option<String>,
    /// The provider's word that it has the manifest: proof against one that never starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Addresses of the application when they were last seen.
    #[serde(default)]
    pub urls: Vec<String>,
}

impl Saved {
    /// What is to be saved of a group of `sdl`, read from the file `source`, before its manifest is committed to with
    /// `nonce`.
    pub fn new(source: &str, nonce: [u8; 32], sdl: &Sdl, manifest: &Manifest) -> Self {
        Self {
            source: source.into(),
            nonce,
            manifest: String::from_utf8_lossy(&manifest.to_json()).into_owned(),
            sdl: Some(sdl.document().to_yaml()),
            receipt: None,
            urls: Vec::new(),
        }
    }

    /// The same group, of a file that has changed elsewhere.
    pub fn made_from(self, source: &str, sdl: &Sdl) -> Self {
        Self {
            source: source.into(),
            sdl: Some(sdl.document().to_yaml()),
            ..self
        }
    }

    /// The placement that the group was made from.
    pub fn group_name(&self) -> Option<String> {
        let manifest = Manifest::from_json(self.manifest.as_bytes()).ok()?;
        manifest.groups.into_iter().next().map(|group| group.name)
    }
}

/// Saved deployments of one chain.
pub struct Vault {
    directory: PathBuf,
}

impl Vault {
    /// Of the chain with this genesis hash.
    pub fn of_user(genesis: &Hash) -> Self {
        Self::new(data_directory().join("deployments").join(hex(&genesis[..4])))
    }

    fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Saves, and returns only once it is on disk.
    pub fn save(&self, commitment: &Commitment, saved: &Saved) -> Result<PathBuf, CliError> {
        let path = self.path(commitment);
        self.write(&path, saved).map_err(|e| failed(&path, &e))?;
        Ok(path)
    }

    /// What was saved, if anything was.
    pub fn load(&self, commitment: &Commitment) -> Result<Option<Saved>, CliError> {
        let path = self.path(commitment);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| failed(&path, &e))?,
        };
        let saved = serde_json::from_slice(&bytes);
        saved
            .map(Some)
            .map_err(|e| CliError::usage(format!("{} is damaged: {e}", path.display())))
    }

    /// Where a deployment is saved.
    pub fn path(&self, commitment: &Commitment) -> PathBuf {
        self.directory.join(format!("{}.json", hex(commitment)))
    }

    // Manifests hold the tenant's environment variables, so nobody else may read them.
    fn write(&self, path: &Path, saved: &Saved) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".saving")
            .tempfile_in(&self.directory)?;
        serde_json::to_writer_pretty(&mut file, saved)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        // The name is on disk only when the directory is.
        fs::File::open(&self.directory)?.sync_all()
    }
}

fn failed(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot use {}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    ::hex::encode(bytes)
}

mod hex_bytes {
    use serde::{de::Error, Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let bytes = hex::decode(text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("expected 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn vault() -> (tempfile::TempDir, Vault) {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::new(directory.path().join("a/b"));
        (directory, vault)
    }

    fn saved() -> Saved {
        Saved {
            source: "app.yaml".into(),
            nonce: [7; 32],
            manifest: "[{\"a\":\"\\u003c\"}]".into(),
            sdl: None,
            receipt: None,
            urls: Vec::new(),
        }
    }

    #[test]
    fn what_is_saved_is_found_byte_for_byte() {
        let (_keep, vault) = vault();
        vault.save(&[1; 32], &saved()).unwrap();
        assert_eq!(vault.load(&[1; 32]).unwrap(), Some(saved()));
        assert_eq!(vault.load(&[2; 32]).unwrap(), None);
    }

    #[test]
    fn nobody_else_can_read_it() {
        let (_keep, vault) = vault();
        let path = vault.save(&[1; 32], &saved()).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let (_keep, vault) = vault();
        let path = vault.save(&[1; 32], &saved()).unwrap();
        fs::write(&path, "{").unwrap();
        let error = vault.load(&[1; 32]).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}
