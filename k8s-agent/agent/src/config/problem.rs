//! What is wrong with a config: the file, the key, and the key that was probably meant.

use figment::error::Kind;
use std::path::{Path, PathBuf};

/// A config that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key that means nothing.
    #[error("{origin}: unknown key `{key}`")]
    UnknownKey {
        /// File or variable.
        origin: String,
        /// Path of the key, dotted.
        key: String,
        /// The known key that is nearest, dotted.
        nearest: Option<String>,
        /// The keys that may stand there.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("{path}: key `{key}` is missing")]
    MissingKey {
        /// The file.
        path: PathBuf,
        /// Path of the key, dotted.
        key: String,
    },
    /// A value of the wrong type, or one that makes no sense.
    #[error("{origin}: key `{key}`: {message}")]
    Value {
        /// File or variable.
        origin: String,
        /// Path of the key, dotted.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// Not TOML.
    #[error("{path}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        message: String,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                Some("write one with `perigee agent init`, or name it with --config".into())
            }
            Self::UnknownKey {
                nearest: Some(nearest), ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownKey { known, .. } => Some(format!("known here: {}", known.join(", "))),
            _ => None,
        }
    }

    /// The first problem that figment reports with `file` and the variables with this prefix over it, in the words of
    /// this module.
    pub fn from_figment(file: &Path, env_prefix: &str, error: &figment::Error) -> Self {
        let path = file.to_path_buf();
        // figment's path ends with an unknown key, but not with a missing one.
        let within = match &error.kind {
            Kind::UnknownField(..) => &error.path[..error.path.len().saturating_sub(1)],
            _ => &error.path[..],
        };
        let within = within.join(".");
        let below = |name: &str| {
            if within.is_empty() {
                name.to_string()
            } else {
                format!("{within}.{name}")
            }
        };
        let origin = |key: &str| origin(file, env_prefix, error, key);
        match &error.kind {
            Kind::UnknownField(name, known) => Self::UnknownKey {
                origin: origin(&below(name)),
                key: below(name),
                nearest: nearest(name, known).map(&below),
                known: known.iter().map(|key| below(key)).collect(),
            },
            Kind::MissingField(name) => Self::MissingKey { path, key: below(name) },
            // A parser's message comes without a key.
            kind if within.is_empty() => Self::Syntax {
                path,
                message: kind.to_string(),
            },
            kind => Self::Value {
                origin: origin(&within),
                key: within,
                message: in_words(kind),
            },
        }
    }
}

/// What is wrong with a value. figment puts the words that an enumeration knows between two pairs of backticks.
fn in_words(kind: &Kind) -> String {
    match kind {
        Kind::UnknownVariant(found, known) => format!("`{found}` is none of: {}", known.join(", ")),
        kind => kind.to_string(),
    }
}

/// The file, or the variable that carries `key`.
fn origin(file: &Path, env_prefix: &str, error: &figment::Error, key: &str) -> String {
    let from_env = error.metadata.as_ref().is_some_and(|m| m.name.contains("environment"));
    match from_env {
        true => format!("{env_prefix}{}", key.replace('.', "__").to_uppercase()),
        false => file.display().to_string(),
    }
}

/// The known key that a typo of at most a third of its letters leads to.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|key| (strsim::damerau_levenshtein(name, key), *key))
        .min()
        .filter(|(distance, key)| distance * 3 <= key.len().max(name.len()) + 2)
        .map(|(_, key)| key)
}
