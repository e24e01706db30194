//! What holds for this run: flags, over variables, over the config file, over defaults.

use crate::{
    args::{Global, Output},
    error::CliError,
    money::Decimal,
};
use figment::{
    providers::{Env, Format, Serialized, Toml},
    Figment,
};
use perigee_agent::config::ConfigError;
use perigee_chain::{
    keys::{config_directory, Account, KeyError, KeyStore},
    AccountId,
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// Prefix of the variables.
const ENV_PREFIX: &str = "PERIGEE_";
/// Only these are settings: other programs of Perigee have variables of their own.
const ENV_NAMES: [&str; 3] = ["node", "key", "output"];

/// How a foreign denomination is understood.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denomination {
    /// uprg for one of it.
    pub price: Decimal,
    /// How many of its chain's blocks pass while one of ours does.
    pub blocks: Decimal,
}

/// The config file, completed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolved {
    #[serde(default = "default_node")]
    node: String,
    key: Option<String>,
    #[serde(default)]
    output: Output,
    #[serde(default)]
    denominations: BTreeMap<String, Denomination>,
}

fn default_node() -> String {
    "ws://127.0.0.1:9944".into()
}

/// What holds for this run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of a node.
    pub node: String,
    /// How data is printed.
    pub output: Output,
    /// Sign without asking.
    pub yes: bool,
    /// Show what would be signed, and sign nothing.
    pub dry_run: bool,
    /// How foreign denominations are understood.
    pub denominations: BTreeMap<String, Denomination>,
    key: Option<String>,
}

impl Settings {
    /// From the flags, the environment and `config`, which must exist if it was named.
    pub fn resolve(global: &Global, config: Option<PathBuf>) -> Result<Self, CliError> {
        let named = config.or_else(|| std::env::var_os("PERIGEE_CONFIG").map(PathBuf::from));
        if let Some(path) = named.as_ref().filter(|p| !p.is_file()) {
            return Err(CliError::usage(format!("there is no config file {}", path.display()))
                .hint("Name another one with --config or PERIGEE_CONFIG, or none: every setting can do without."));
        }
        let path = named.unwrap_or_else(|| config_directory().join("config.toml"));
        let resolved = figment(&path, global)
            .extract::<Resolved>()
            .map_err(|e| perigee_agent::Error::from(ConfigError::from_figment(&path, ENV_PREFIX, &e)))?;
        Ok(Self {
            node: resolved.node,
            output: resolved.output,
            yes: global.yes,
            dry_run: global.dry_run,
            denominations: resolved.denominations,
            key: resolved.key,
        })
    }

    /// The account to sign with.
    pub fn account(&self) -> Result<Account, CliError> {
        match &self.key {
            Some(spec) => Ok(self.keys().resolve(spec)?),
            None => Err(CliError::usage("this command needs a key".into())
                .hint("Pass --key NAME or set PERIGEE_KEY. `perigee keys new NAME` makes a key; development chains know //Alice.")),
        }
    }

    /// The account to sign with, where the command also works without one.
    pub fn account_if_any(&self) -> Result<Option<Account>, CliError> {
        self.key.is_some().then(|| self.account()).transpose()
    }

    /// How the key was named.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Where keys are kept.
    pub fn keys(&self) -> KeyStore {
        KeyStore::of_user()
    }
}

/// Anybody's account, which need not sign: an address, or what names a key.
pub fn account_id(text: &str) -> Result<AccountId, String> {
    let of_key = |_| KeyStore::of_user().resolve(text).map(|account| account.id());
    text.parse::<AccountId>().or_else(of_key).map_err(|error| {
        format!(
            "it is not an address, and {error}. Give an address, which begins with 5, the name of a key that \
             `perigee keys list` shows, or a development account such as //Alice"
        )
    })
}

fn figment(path: &std::path::Path, global: &Global) -> Figment {
    let mut figment = Figment::new()
        .merge(Toml::file(path))
        .merge(Env::prefixed(ENV_PREFIX).only(&ENV_NAMES));
    let flags = [("node", &global.node), ("key", &global.key)];
    for (name, value) in flags {
        if let Some(value) = value {
            figment = figment.merge(Serialized::default(name, value));
        }
    }
    if let Some(output) = global.output {
        figment = figment.merge(Serialized::default("output", output));
    }
    figment
}

impl From<KeyError> for CliError {
    fn from(error: KeyError) -> Self {
        let hint = match &error {
            KeyError::Unknown { .. } => Some("`perigee keys list` shows the keys, `perigee keys new NAME` makes one."),
            KeyError::Exists(_) => Some("Choose another name; a key is never replaced."),
            KeyError::Invalid { .. } => Some("A key's file holds the words that `perigee keys new NAME` wrote and nothing else: put your copy back, or use another key."),
            _ => None,
        };
        let error = Self::usage(error.to_string());
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
