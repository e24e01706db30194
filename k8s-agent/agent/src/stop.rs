//! The signals that end a process.

use crate::{Error, Result};
use tokio::signal::unix::{signal, Signal, SignalKind};

/// Listens for SIGTERM and SIGINT, which from now on end nothing by themselves.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Begins to listen.
    pub fn listen() -> Result<Self> {
        let on = |kind| signal(kind).map_err(|e| Error::other("listening for signals")(&e));
        Ok(Self {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    /// Ends when one of them came.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
