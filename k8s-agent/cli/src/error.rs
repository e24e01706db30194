//! Errors as they are shown: what happened, what to do next, and with which code the program exits.

use crate::printer::Printer;
use perigee_chain::ChainError;
use perigee_gateway::ClientError;
use std::fmt;

/// With which code the program exits. The numbers are part of the interface and listed in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Anything without a code of its own.
    Other = 1,
    /// Bad usage or a bad file.
    Usage = 2,
    /// Refused by the chain or by a provider.
    Refused = 3,
    /// A node, gateway or cluster cannot be reached.
    Unreachable = 4,
    /// Timed out.
    TimedOut = 5,
}

/// An error for people.
#[derive(Debug)]
pub struct CliError {
    code: ExitCode,
    message: String,
    hints: Vec<String>,
}

impl CliError {
    /// An error with this code.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// Bad usage or a bad file.
    pub fn usage(message: String) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// Refused by the chain, or certain to be.
    pub fn refused(message: String) -> Self {
        Self::new(ExitCode::Refused, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what to do next where the time was too short.
    #[must_use]
    pub fn hint_if_timed_out(self, hint: impl Into<String>) -> Self {
        match self.code {
            ExitCode::TimedOut => self.hint(hint),
            _ => self,
        }
    }

    /// Says what it is about, where there are several.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The first of several errors, which decides the exit code; the others are shown.
    pub fn first_of(errors: Vec<Self>, printer: &Printer) -> Option<Self> {
        let mut errors = errors.into_iter();
        let first = errors.next();
        errors.for_each(|other| printer.error(&other));
        first
    }

    /// With which code the program exits.
    pub fn code(&self) -> ExitCode {
        self.code
    }

    /// What to do next.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ChainError> for CliError {
    fn from(error: ChainError) -> Self {
        let message = error.to_string();
        match error {
            ChainError::Unreachable { .. } => Self::new(ExitCode::Unreachable, message)
                .hint("Is the node running? Another one: --node URL or PERIGEE_NODE."),
            ChainError::Refused {
                ref pallet, ref error, ..
            } => {
                let refused = Self::refused(message);
                match crate::hints::hint(pallet, error) {
                    Some(hint) => refused.hint(hint),
                    None => refused,
                }
            }
            ChainError::Rejected { ref reason } if reason.contains("Inability to pay") => {
                Self::refused("the account cannot pay the fee of the transaction".into())
                    .hint("Send it some PRG; on a development chain: `perigee faucet`.")
            }
            ChainError::Rejected { .. } => Self::refused(message),
            ChainError::Timeout { .. } => Self::new(ExitCode::TimedOut, message),
            ChainError::Incompatible { .. } => {
                Self::new(ExitCode::Other, message).hint("Use the `perigee` of the same release as the node.")
            }
            ChainError::WrongChain { .. } => Self::new(ExitCode::Other, message),
            ChainError::Key(error) => error.into(),
            _ => Self::new(ExitCode::Other, message),
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Unreachable { .. } | ClientError::TimedOut { .. } => Self::new(ExitCode::Unreachable, message),
            ClientError::WrongKey { .. } => Self::refused(message)
                .hint("Somebody else answers at the provider's address, or its certificate changed: try again later."),
            ClientError::Refused { error, .. } => {
                let refused = Self::refused(message);
                if error.hint.is_empty() {
                    refused
                } else {
                    refused.hint(error.hint)
                }
            }
            _ => Self::new(ExitCode::Other, message),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::new(ExitCode::Other, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_gateway::ApiError;
    use std::time::Duration;

    fn code(error: impl Into<CliError>) -> ExitCode {
        error.into().code()
    }

    #[test]
    fn chain_errors_have_their_codes() {
        let unreachable = ChainError::Unreachable {
            address: "ws://a".into(),
            reason: "refused".into(),
        };
        assert_eq!(code(unreachable), ExitCode::Unreachable);
        let refused = ChainError::Refused {
            pallet: "P".into(),
            error: "E".into(),
            docs: String::new(),
        };
        assert_eq!(code(refused), ExitCode::Refused);
        assert_eq!(code(ChainError::Rejected { reason: "x".into() }), ExitCode::Refused);
        let timeout = ChainError::Timeout {
            what: "x".into(),
            after: Duration::from_secs(1),
        };
        assert_eq!(code(timeout), ExitCode::TimedOut);
        assert_eq!(code(ChainError::Incompatible { what: "x".into() }), ExitCode::Other);
    }

    #[test]
    fn gateway_errors_have_their_codes() {
        let address = || "h:1".to_string();
        assert_eq!(
            code(ClientError::Unreachable {
                address: address(),
                why: "x".into()
            }),
            ExitCode::Unreachable
        );
        assert_eq!(
            code(ClientError::TimedOut {
                address: address(),
                seconds: 1
            }),
            ExitCode::Unreachable
        );
        assert_eq!(code(ClientError::WrongKey { address: address() }), ExitCode::Refused);
        let error = ApiError::new(403, "forbidden", "no", "do this");
        let shown = CliError::from(ClientError::Refused {
            address: address(),
            error,
        });
        assert_eq!(shown.code(), ExitCode::Refused);
        assert_eq!(shown.hints(), ["do this"]);
    }

    #[test]
    fn key_errors_are_usage_errors() {
        let error = perigee_chain::keys::KeyError::BadName("..".into());
        assert_eq!(code(error), ExitCode::Usage);
    }
}
