//! Who the agent is: accounts, heartbeat key, certificate, and the chain and cluster it belongs to.

use crate::{
    config::Config,
    state::{Pins, StateDir},
    Error, Result,
};
use perigee_chain::{
    keys::{Account, KeyStore},
    AccountId, Registration,
};
use perigee_gateway::TlsIdentity;
use perigee_heartbeat::HeartbeatKey;
use perigee_primitives::registration_message;
use std::str::FromStr;

/// The stash, with its key if it is on this machine.
#[derive(Clone, Debug)]
pub struct Stash {
    /// Its address.
    pub id: AccountId,
    /// Its key.
    pub key: Option<Account>,
}

impl Stash {
    /// From a key's name, a development URI, or an address.
    pub fn resolve(spec: &str) -> Result<Self> {
        if let Ok(id) = AccountId::from_str(spec) {
            return Ok(Self { id, key: None });
        }
        let key = account("keys.stash", spec)?;
        Ok(Self {
            id: key.id(),
            key: Some(key),
        })
    }
}

/// The account that `spec` names; `key` is where it was configured.
pub fn account(key: &str, spec: &str) -> Result<Account> {
    KeyStore::of_user().resolve(spec).map_err(|e| Error::Key {
        key: key.into(),
        message: e.to_string(),
    })
}

/// Keys of one installation.
pub struct Identity {
    /// Holds the stake.
    pub stash: Stash,
    /// Signs day by day.
    pub operator: Account,
    /// Signs heartbeats and receipts.
    pub heartbeat: HeartbeatKey,
    /// The gateway's certificate.
    pub tls: TlsIdentity,
}

impl Identity {
    /// Loads all of them, and makes what belongs to the installation alone.
    pub fn load(config: &Config, state: &StateDir) -> Result<Self> {
        Ok(Self {
            stash: Stash::resolve(&config.keys.stash)?,
            operator: account("keys.operator", &config.keys.operator)?,
            heartbeat: state.heartbeat_key()?,
            tls: TlsIdentity::load_or_create(&state.gateway_key())
                .map_err(|e| Error::other("the gateway's certificate")(&e))?,
        })
    }

    /// What the provider registers with on the chain of `genesis`.
    pub fn registration(&self, config: &Config, genesis: &[u8; 32]) -> Registration {
        Registration {
            operator: self.operator.id(),
            heartbeat_key: self.heartbeat.public(),
            proof: self.heartbeat.sign(&registration_message(genesis, &self.stash.id.0)),
            pins: vec![self.tls.pin()],
            gateway: config.gateway.address.clone(),
            stake: config.keys.stake.base_units(),
        }
    }
}

/// Checks that the cluster is the pinned one, or pins it.
pub fn pin_cluster(state: &StateDir, uid: &str) -> Result<()> {
    let pins = state.pins()?;
    match &pins.cluster {
        Some(pinned) if pinned != uid => Err(Error::Identity {
            what: "the cluster",
            found: uid.into(),
            pinned: pinned.clone(),
        }),
        Some(_) => Ok(()),
        None => state.set_pins(&Pins {
            cluster: Some(uid.into()),
            ..pins
        }),
    }
}

/// Checks that the chain is the pinned one, or pins it.
pub fn pin_genesis(state: &StateDir, genesis: &[u8; 32]) -> Result<()> {
    let (pins, found) = (state.pins()?, hex::encode(genesis));
    match &pins.genesis {
        Some(pinned) if *pinned != found => Err(Error::Identity {
            what: "the chain's genesis",
            found,
            pinned: pinned.clone(),
        }),
        Some(_) => Ok(()),
        None => state.set_pins(&Pins {
            genesis: Some(found),
            ..pins
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_stash_whose_key_is_elsewhere() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let stash = Stash::resolve(alice).unwrap();
        assert!(stash.key.is_none());
        assert_eq!(stash.id, Stash::resolve("//Alice").unwrap().id);
        assert!(Stash::resolve("//Alice").unwrap().key.is_some());
    }

    #[test]
    fn an_installation_belongs_to_one_chain_and_one_cluster() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        for _ in 0..2 {
            pin_cluster(&state, "a").unwrap();
            pin_genesis(&state, &[1; 32]).unwrap();
        }
        assert!(matches!(pin_cluster(&state, "b"), Err(Error::Identity { .. })));
        assert!(matches!(pin_genesis(&state, &[2; 32]), Err(Error::Identity { .. })));
    }

    #[test]
    fn the_heartbeat_key_proves_itself_for_this_stash_and_chain() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        let text = "state = \"/x\"\n[keys]\nstash = \"//Alice//stash\"\noperator = \"//Alice\"\n\
                    [cluster]\nkubeconfig = \"/x/kubeconfig\"\n";
        let path = directory.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap();
        let identity = Identity::load(&config, &state).unwrap();
        let registration = identity.registration(&config, &[1; 32]);
        let signed = |genesis: [u8; 32], stash: [u8; 32]| {
            perigee_heartbeat::verify(
                &registration.heartbeat_key,
                &registration_message(&genesis, &stash),
                &registration.proof,
            )
        };
        assert!(signed([1; 32], identity.stash.id.0));
        assert!(!signed([2; 32], identity.stash.id.0));
        assert!(!signed([1; 32], [9; 32]));
    }
}
