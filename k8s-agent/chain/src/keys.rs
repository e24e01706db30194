//! Accounts and where they are kept.
//!
//! A key is named either by a file of the [`KeyStore`], which holds a mnemonic and is readable by its owner only, or
//! by a secret URI: a development account such as `//Alice`, or a derivation of a stored key such as `mine//operator`.

use crate::AccountId;
use rand::RngCore;
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, DeriveJunction, SecretUri};
use zeroize::Zeroizing;

/// Longest name of a key.
const MAX_NAME: usize = 64;

/// An error with a key or its file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such key.
    #[error("there is no key named '{name}' in {}", .directory.display())]
    Unknown {
        /// Name.
        name: String,
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// Names are file names.
    #[error("'{0}' is no name for a key: use letters, digits, '-' and '_', at most {MAX_NAME}")]
    BadName(String),
    /// Never overwritten.
    #[error("a key named '{0}' exists already")]
    Exists(String),
    /// Others may read the file.
    #[error("{} can be read by others (mode {mode:o}); run: chmod 600 {}", .path.display(), .path.display())]
    Readable {
        /// File.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Neither a mnemonic nor a derivation.
    #[error("{what} holds no usable key: {reason}")]
    Invalid {
        /// A file or a URI without its secret.
        what: String,
        /// Why.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An sr25519 account that can sign.
#[derive(Clone)]
pub struct Account(Keypair);

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.id())
    }
}

impl Account {
    /// From a secret URI: `[phrase][//hard][/soft]…`; without a phrase it is a development account.
    pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
        let invalid = |reason: String| KeyError::Invalid {
            what: "the secret URI".into(),
            reason,
        };
        let uri = SecretUri::from_str(uri).map_err(|e| invalid(e.to_string()))?;
        Keypair::from_uri(&uri).map(Self).map_err(|e| invalid(e.to_string()))
    }

    /// The account that is derived from this one by a hard junction: `uri//number`.
    pub fn derived(&self, number: u64) -> Self {
        Self(self.0.derive([DeriveJunction::hard(number)]))
    }

    /// Its public name.
    pub fn id(&self) -> AccountId {
        self.0.public_key().to_account_id()
    }

    /// Signs `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).0
    }

    /// The key pair itself, for libraries that take one.
    pub fn keypair(&self) -> &Keypair {
        &self.0
    }
}

/// Mnemonics in files of mode 0600.
#[derive(Clone, Debug)]
pub struct KeyStore {
    directory: PathBuf,
}

impl KeyStore {
    /// The keys in `directory`, which need not exist yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The user's keys: `$XDG_CONFIG_HOME/perigee/keys`, by default below `~/.config`.
    pub fn of_user() -> Self {
        Self::new(config_directory().join("keys"))
    }

    /// Where the keys are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes a key. Its file is complete on disk before this returns.
    pub fn create(&self, name: &str) -> Result<Account, KeyError> {
        let path = self.path(name)?;
        let mut entropy = Zeroizing::new([0u8; 16]);
        rand::rngs::OsRng.fill_bytes(entropy.as_mut());
        let mnemonic = Mnemonic::from_entropy(entropy.as_ref()).map_err(|e| KeyError::Invalid {
            what: "fresh entropy".into(),
            reason: e.to_string(),
        })?;
        let phrase = Zeroizing::new(mnemonic.to_string());
        let account = Account::from_uri(&phrase)?;
        self.write(name, &path, &phrase)?;
        Ok(account)
    }

    /// The account that `spec` names: a stored key, a development URI, or a derivation of a stored key.
    pub fn resolve(&self, spec: &str) -> Result<Account, KeyError> {
        // An empty text is one, too: of an account that everybody knows, and nobody means.
        if spec.starts_with('/') {
            return Account::from_uri(spec);
        }
        let (name, path) = spec.split_at(spec.find('/').unwrap_or(spec.len()));
        let mut uri = self.read(name)?;
        uri.push_str(path);
        Account::from_uri(&uri)
    }

    /// Names of all keys, sorted.
    pub fn list(&self) -> Result<Vec<String>, KeyError> {
        let entries = match fs::read_dir(&self.directory) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|e| self.io(&self.directory, e))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| self.io(&self.directory, e))?.file_name();
            names.extend(name.to_str().filter(|n| is_name(n)).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// File of the key `name`.
    pub fn path(&self, name: &str) -> Result<PathBuf, KeyError> {
        if is_name(name) {
            Ok(self.directory.join(name))
        } else {
            Err(KeyError::BadName(name.into()))
        }
    }

    fn read(&self, name: &str) -> Result<Zeroizing<String>, KeyError> {
        let path = self.path(name)?;
        let metadata = match fs::metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::Unknown {
                    name: name.into(),
                    directory: self.directory.clone(),
                })
            }
            other => other.map_err(|e| self.io(&path, e))?,
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Readable { path, mode });
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(|e| self.io(&path, e))?);
        let phrase = text.trim();
        Mnemonic::parse(phrase).map_err(|e| KeyError::Invalid {
            what: path.display().to_string(),
            reason: e.to_string(),
        })?;
        Ok(Zeroizing::new(phrase.to_owned()))
    }

    fn write(&self, name: &str, path: &Path, phrase: &str) -> Result<(), KeyError> {
        fs::create_dir_all(&self.directory).map_err(|e| self.io(&self.directory, e))?;
        fs::set_permissions(&self.directory, fs::Permissions::from_mode(0o700))
            .map_err(|e| self.io(&self.directory, e))?;
        let mut file = match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
        {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Err(KeyError::Exists(name.into())),
            other => other.map_err(|e| self.io(path, e))?,
        };
        writeln!(file, "{phrase}")
            .and_then(|()| file.sync_all())
            .map_err(|e| self.io(path, e))
    }

    fn io(&self, path: &Path, source: io::Error) -> KeyError {
        KeyError::Io {
            path: path.into(),
            source,
        }
    }
}

/// `$XDG_CONFIG_HOME/perigee`, by default `~/.config/perigee`.
pub fn config_directory() -> PathBuf {
    user_directory("XDG_CONFIG_HOME", ".config")
}

/// `$XDG_DATA_HOME/perigee`, by default `~/.local/share/perigee`.
pub fn data_directory() -> PathBuf {
    user_directory("XDG_DATA_HOME", ".local/share")
}

fn user_directory(variable: &str, fallback: &str) -> PathBuf {
    let base = std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| ".".into())).join(fallback);
    base.unwrap_or_else(home).join("perigee")
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    fn store() -> (tempfile::TempDir, KeyStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = KeyStore::new(directory.path().join("keys"));
        (directory, store)
    }

    #[test]
    fn development_accounts_need_no_file() {
        let (_keep, store) = store();
        assert_eq!(store.resolve("//Alice").unwrap().id().to_string(), ALICE);
        assert_ne!(store.resolve("//Alice//operator").unwrap().id().to_string(), ALICE);
    }

    #[test]
    fn derived_account_is_the_one_its_uri_names() {
        let alice = Account::from_uri("//Alice").unwrap();
        assert_eq!(alice.derived(7).id(), Account::from_uri("//Alice//7").unwrap().id());
        assert_ne!(alice.derived(7).id(), alice.derived(8).id());
    }

    #[test]
    fn created_key_is_found_again_and_private() {
        let (_keep, store) = store();
        let made = store.create("mine").unwrap();
        assert_eq!(store.resolve("mine").unwrap().id(), made.id());
        assert_ne!(store.resolve("mine//operator").unwrap().id(), made.id());
        let mode = fs::metadata(store.path("mine").unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(store.list().unwrap(), ["mine"]);
    }

    #[test]
    fn key_is_never_overwritten() {
        let (_keep, store) = store();
        let first = store.create("mine").unwrap();
        assert!(matches!(store.create("mine"), Err(KeyError::Exists(_))));
        assert_eq!(store.resolve("mine").unwrap().id(), first.id());
    }

    #[test]
    fn key_that_others_can_read_is_refused() {
        let (_keep, store) = store();
        store.create("mine").unwrap();
        fs::set_permissions(store.path("mine").unwrap(), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            store.resolve("mine"),
            Err(KeyError::Readable { mode: 0o640, .. })
        ));
    }

    #[test]
    fn names_cannot_leave_the_directory() {
        let (_keep, store) = store();
        assert!(matches!(store.create("../mine"), Err(KeyError::BadName(_))));
        assert!(matches!(store.create(""), Err(KeyError::BadName(_))));
        assert!(matches!(store.resolve("..//x"), Err(KeyError::BadName(_))));
    }

    #[test]
    fn nothing_names_no_account() {
        let (_keep, store) = store();
        assert!(matches!(store.resolve(""), Err(KeyError::BadName(_))));
    }

    #[test]
    fn missing_and_damaged_keys_say_so() {
        let (_keep, store) = store();
        assert!(matches!(store.resolve("mine"), Err(KeyError::Unknown { .. })));
        store.create("mine").unwrap();
        fs::write(store.path("mine").unwrap(), "not a mnemonic").unwrap();
        assert!(matches!(store.resolve("mine"), Err(KeyError::Invalid { .. })));
        assert!(store.list().unwrap().contains(&"mine".to_string()));
    }

    #[test]
    fn empty_store_has_no_keys() {
        let (_keep, store) = store();
        assert!(store.list().unwrap().is_empty());
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let account = Account::from_uri("//Alice").unwrap();
        assert_eq!(format!("{account:?}"), format!("Account({ALICE})"));
    }
}
