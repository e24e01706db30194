//! The state directory: what must survive a restart.
//!
//! Every file is replaced as a whole, so that a crash leaves the old one or the new one.

use crate::{AgentStatus, Error, Result};
use perigee_heartbeat::HeartbeatKey;
use perigee_primitives::{BlockNumber, LeaseId, ProviderId};
use rustix::fs::{flock, FlockOperation};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The state directory of one installation.
#[derive(Clone, Debug)]
pub struct StateDir(PathBuf);

/// Held by the one agent that may run on a state directory; given back when dropped, or when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What this installation belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// Genesis hash of the chain, hex.
    pub genesis: Option<String>,
    /// UID of the cluster's kube-system.
    pub cluster: Option<String>,
    /// Index of the provider, once registered.
    pub provider: Option<ProviderId>,
}

impl StateDir {
    /// Opens the directory, and makes it if it is not there, for its owner only.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(Error::file(&path))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Kubeconfig of the agent's service account.
    pub fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }

    /// Key of the gateway's certificate.
    pub fn gateway_key(&self) -> PathBuf {
        self.0.join("gateway.pem")
    }

    /// Makes sure that no other agent runs on this directory.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.0.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::file(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::Locked(self.0.clone())),
            Err(e) => Err(Error::File { path, source: e.into() }),
        }
    }

    /// The heartbeat key, made on first use.
    pub fn heartbeat_key(&self) -> Result<HeartbeatKey> {
        let path = self.0.join("heartbeat.key");
        let seed = match self.read(&path)? {
            Some(text) => seed(&text).ok_or_else(|| Error::State {
                path,
                message: "is not a heartbeat key of 64 hex digits; restore it from a backup".into(),
            })?,
            None => {
                let seed: [u8; 32] = rand::random();
                self.write(&path, format!("{}\n", hex::encode(seed)).as_bytes())?;
                seed
            }
        };
        Ok(HeartbeatKey::from_seed(&seed))
    }

    /// What tells this installation from others, made on first use: eight hex digits.
    pub fn installation(&self) -> Result<String> {
        let path = self.0.join("installation");
        if let Some(text) = self.read(&path)? {
            let id = text.trim();
            let whole = id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
            return whole.then(|| id.to_owned()).ok_or_else(|| Error::State {
                path,
                message: "is not eight hex digits; remove it".into(),
            });
        }
        let id = hex::encode(rand::random::<[u8; 4]>());
        self.write(&path, format!("{id}\n").as_bytes())?;
        Ok(id)
    }

    /// The restart counter for this start. It is on disk before anybody sees it.
    pub fn next_incarnation(&self) -> Result<u32> {
        let path = self.0.join("incarnation");
        let broken = |message: &str| Error::State {
            path: path.clone(),
            message: message.into(),
        };
        let last = match self.read(&path)? {
            Some(text) => text.trim().parse::<u32>().map_err(|_| {
                broken("is not a restart counter; write the number of the last heartbeat's incarnation into it")
            })?,
            None => 0,
        };
        let next = last
            .checked_add(1)
            .ok_or_else(|| broken("has reached its end; register a new heartbeat key"))?;
        self.write(&path, format!("{next}\n").as_bytes())?;
        Ok(next)
    }

    /// What this installation belongs to.
    pub fn pins(&self) -> Result<Pins> {
        Ok(self.read_json("pins.json")?.unwrap_or_default())
    }

    /// Keeps `pins`.
    pub fn set_pins(&self, pins: &Pins) -> Result<()> {
        self.write_json("pins.json", pins)
    }

    /// The newest finalised block that was ever seen.
    pub fn newest_finalised(&self) -> Result<BlockNumber> {
        let path = self.0.join("finalised");
        match self.read(&path)? {
            Some(text) => text.trim().parse().map_err(|_| Error::State {
                path,
                message: "is not a block number; remove it".into(),
            }),
            None => Ok(0),
        }
    }

    /// Keeps the newest finalised block.
    pub fn set_newest_finalised(&self, block: BlockNumber) -> Result<()> {
        self.write(&self.0.join("finalised"), format!("{block}\n").as_bytes())
    }

    /// What the running agent said of itself last.
    pub fn status(&self) -> Result<Option<AgentStatus>> {
        self.read_json("status.json")
    }

    /// Says it.
    pub fn set_status(&self, status: &AgentStatus) -> Result<()> {
        self.write_json("status.json", status)
    }

    /// File that lists closings which wait for a person.
    pub fn closings(&self) -> PathBuf {
        self.0.join("closings-held.txt")
    }

    /// Name that a person gives the list to confirm it.
    pub fn closings_confirmed(&self) -> PathBuf {
        self.0.join("closings-confirmed.txt")
    }

    /// Lists closings for a person to confirm.
    pub fn hold_closings(&self, leases: &BTreeSet<LeaseId>) -> Result<()> {
        let mut text = format!(
            "# These leases are over according to the chain, more at once than is normal.\n\
             # If that is right, confirm: mv {} {}\n",
            self.closings().display(),
            self.closings_confirmed().display()
        );
        for lease in leases {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{lease}");
        }
        self.write(&self.closings(), text.as_bytes())
    }

    /// Closings that a person has confirmed.
    pub fn confirmed_closings(&self) -> Result<BTreeSet<LeaseId>> {
        let text = self.read(&self.closings_confirmed())?.unwrap_or_default();
        Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
    }

    /// The confirmation has served.
    pub fn forget_closings(&self) -> Result<()> {
        let path = self.closings_confirmed();
        match fs::remove_file(&path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::File { path, source: e }),
            _ => Ok(()),
        }
    }

    fn read(&self, path: &Path) -> Result<Option<String>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::File {
                path: path.into(),
                source: e,
            }),
        }
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.0.join(name);
        let Some(text) = self.read(&path)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|e| Error::State {
            path,
            message: e.to_string(),
        })
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let path = self.0.join(name);
        let text = serde_json::to_string_pretty(value).map_err(|e| Error::State {
            path: path.clone(),
            message: e.to_string(),
        })?;
        self.write(&path, format!("{text}\n").as_bytes())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_private(path, bytes).map_err(Error::file(path))
    }
}

/// Replaces the file at `path`, readable by its owner only.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(directory)?.sync_all()
}

fn seed(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn state() -> (tempfile::TempDir, StateDir) {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path().join("state")).unwrap();
        (directory, state)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_restart_counter_never_repeats() {
        let (_keep, state) = state();
        assert_eq!(state.next_incarnation().unwrap(), 1);
        assert_eq!(StateDir::open(state.path()).unwrap().next_incarnation().unwrap(), 2);
    }

    #[test]
    fn a_broken_counter_is_not_started_over() {
        let (_keep, state) = state();
        fs::write(state.path().join("incarnation"), "x").unwrap();
        assert!(matches!(state.next_incarnation(), Err(Error::State { .. })));
        fs::write(state.path().join("incarnation"), u32::MAX.to_string()).unwrap();
        assert!(matches!(state.next_incarnation(), Err(Error::State { .. })));
    }

    #[test]
    fn the_heartbeat_key_is_made_once_and_for_its_owner_only() {
        let (_keep, state) = state();
        let key = state.heartbeat_key().unwrap();
        assert_eq!(state.heartbeat_key().unwrap().public(), key.public());
        assert_eq!(mode(&state.path().join("heartbeat.key")), 0o600);
        assert_eq!(mode(state.path()), 0o700);
        fs::write(state.path().join("heartbeat.key"), "abc").unwrap();
        assert!(matches!(state.heartbeat_key(), Err(Error::State { .. })));
    }

    #[test]
    fn an_installation_keeps_its_name() {
        let (_keep, state) = state();
        let id = state.installation().unwrap();
        assert_eq!(StateDir::open(state.path()).unwrap().installation().unwrap(), id);
        fs::write(state.path().join("installation"), "").unwrap();
        assert!(matches!(state.installation(), Err(Error::State { .. })));
    }

    #[test]
    fn one_agent_at_a_time() {
        let (_keep, state) = state();
        let lock = state.lock().unwrap();
        assert!(matches!(state.lock(), Err(Error::Locked(_))));
        drop(lock);
        assert!(state.lock().is_ok());
    }

    #[test]
    fn pins_and_finalised_block_survive() {
        let (_keep, state) = state();
        assert_eq!(state.pins().unwrap(), Pins::default());
        let pins = Pins {
            genesis: Some("ab".into()),
            cluster: Some("uid".into()),
            provider: Some(3),
        };
        state.set_pins(&pins).unwrap();
        assert_eq!(state.pins().unwrap(), pins);
        assert_eq!(state.newest_finalised().unwrap(), 0);
        state.set_newest_finalised(12).unwrap();
        assert_eq!(state.newest_finalised().unwrap(), 12);
    }

    #[test]
    fn held_closings_are_confirmed_by_renaming_the_list() {
        let (_keep, state) = state();
        let leases = BTreeSet::from([3, 5]);
        state.hold_closings(&leases).unwrap();
        assert!(state.confirmed_closings().unwrap().is_empty());
        fs::rename(state.closings(), state.closings_confirmed()).unwrap();
        assert_eq!(state.confirmed_closings().unwrap(), leases);
        state.forget_closings().unwrap();
        state.forget_closings().unwrap();
        assert!(state.confirmed_closings().unwrap().is_empty());
    }
}
