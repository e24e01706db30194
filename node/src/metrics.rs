//! What Perigee's chain tells Prometheus beyond what every chain tells.

use crate::service::Client;
use futures::StreamExt;
use perigee_primitives::{runtime_api::MarketplaceApi, Backlog, BlockNumber};
use perigee_runtime::{opaque::Block, AccountId, Hash};
use sc_client_api::{BlockchainEvents, FinalityNotification};
use sc_service::TaskManager;
use sp_api::ProvideRuntimeApi;
use sp_runtime::traits::Header;
use std::sync::Arc;
use substrate_prometheus_endpoint::{register, Gauge, PrometheusError, Registry, U64};

/// How far the marketplace's agenda lags behind, as finalised state shows it.
struct Agenda {
    due: Gauge<U64>,
    age: Gauge<U64>,
}

impl Agenda {
    fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let due = Gauge::new(
            "perigee_agenda_due",
            "Entries of the marketplace's agenda that are due and not processed, counted up to 20,000",
        )?;
        let age = Gauge::new(
            "perigee_agenda_age_blocks",
            "For how many blocks the earliest of them has been due",
        )?;
        Ok(Self {
            due: register(due, registry)?,
            age: register(age, registry)?,
        })
    }

    fn show(&self, backlog: &Backlog, now: BlockNumber) {
        self.due.set(backlog.due.into());
        self.age.set(age(backlog, now).into());
    }
}

fn age(backlog: &Backlog, now: BlockNumber) -> BlockNumber {
    backlog.oldest_due.map_or(0, |due| now.saturating_sub(due))
}

/// Starts to follow finalised blocks, if anybody listens.
pub fn start(client: Arc<Client>, tasks: &TaskManager, registry: Option<&Registry>) -> Result<(), PrometheusError> {
    let Some(agenda) = registry.map(Agenda::register).transpose()? else {
        return Ok(());
    };
    tasks
        .spawn_handle()
        .spawn_blocking("chain-metrics", None, follow(client, agenda));
    Ok(())
}

async fn follow(client: Arc<Client>, agenda: Agenda) {
    let mut finalised = client.finality_notification_stream();
    while let Some(FinalityNotification { hash, header, .. }) = finalised.next().await {
        match backlog(&client, hash) {
            Ok(backlog) => agenda.show(&backlog, *header.number()),
            // A runtime from before this call; the gauges stay as they are.
            Err(error) => log::debug!(target: "perigee::metrics", "cannot read the agenda's backlog: {error}"),
        }
    }
}

fn backlog(client: &Client, at: Hash) -> Result<Backlog, sp_api::ApiError> {
    MarketplaceApi::<Block, AccountId>::agenda_backlog(&*client.runtime_api(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_of_the_backlog_counts_from_the_block_at_which_it_was_due() {
        let backlog = |oldest_due| Backlog { oldest_due, due: 1 };
        assert_eq!(age(&backlog(Some(7)), 10), 3);
        assert_eq!(age(&backlog(None), 10), 0);
    }
}
