//! Keeps what stands on chain about this provider right: gateway, capacity, ask.

use crate::{
    config::{self, Config},
    core::{
        pricing,
        reconcile::Alarm,
        standing::{changes, Change, Standing, Terms},
    },
    reconciler::lock,
    shared::Shared,
    Error, Result,
};
use perigee_chain::{calls, Call, Provider};
use perigee_cluster::Inventory;
use perigee_primitives::{Ask, AskId, Attributes, Resources};
use std::{sync::Arc, time::Duration};

/// Nodes come and go slowly; a look costs two lists.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After trouble.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// Keeps it right until the process ends.
pub async fn run(shared: Arc<Shared>) {
    let mut trouble = None;
    loop {
        let failed = pass(&shared).await.err().map(|error| error.to_string());
        if let Some(error) = failed.as_ref().filter(|_| failed != trouble) {
            tracing::warn!(
                error,
                "cannot bring gateway, capacity and ask on chain up to date; it is tried again"
            );
        }
        let pause = if failed.is_some() { RETRY_AFTER } else { LOOK_EVERY };
        trouble = failed;
        tokio::time::sleep(pause).await;
    }
}

async fn pass(shared: &Shared) -> Result<()> {
    // On a view that the reconciler does not trust nothing is changed either.
    let distrusted = |alarm: &Alarm| matches!(alarm, Alarm::Syncing | Alarm::OldView { .. });
    if lock(&shared.alarms).iter().any(distrusted) || shared.chain.is_syncing().await? {
        return Ok(());
    }
    let view = shared.chain.best().await?;
    let provider = view.provider(shared.provider).await?.ok_or_else(|| Error::Other {
        doing: "looking up the provider".into(),
        message: format!("the chain does not know provider {}", shared.provider),
    })?;
    let has = standing(&provider, view.asks_of(shared.provider).await?);
    // Without an answer of the cluster the rest is still looked after.
    let capacity = match shared.cluster.inventory().await {
        Ok(inventory) => Some(capacity(&inventory, &shared.config.capacity)),
        Err(error) => {
            tracing::debug!(%error, "cannot measure capacity");
            None
        }
    };
    let wants = wanted(shared, capacity)?;
    for change in changes(&has, &wants) {
        let (call, what) = call(shared, &wants, &change)?;
        shared.chain.submit(&call, &shared.identity.operator).await?;
        tracing::info!("{what}");
    }
    Ok(())
}

fn standing(provider: &Provider, asks: Vec<(AskId, Ask)>) -> Standing<Vec<(AskId, Terms)>> {
    Standing {
        pins: provider.pins.clone(),
        gateway: provider.gateway.clone(),
        capacity: Some(provider.capacity),
        asks: asks.into_iter().map(|(id, ask)| (id, terms(&ask))).collect(),
    }
}

fn terms(ask: &Ask) -> Terms {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Terms {
        prices: ask.prices,
        attributes: ask
            .attributes
            .iter()
            .map(|(key, value)| (text(key), text(value)))
            .collect(),
        isolation: ask.isolation,
    }
}

fn wanted(shared: &Shared, capacity: Option<Resources>) -> Result<Standing<Terms>> {
    Ok(Standing {
        pins: vec![shared.identity.tls.pin()],
        gateway: shared.config.gateway.address.clone(),
        capacity,
        asks: configured(&shared.config)?,
    })
}

/// The ask as the config has it.
fn configured(config: &Config) -> Result<Terms> {
    let prices = pricing::schedule(&config.ask).map_err(|part| Error::Other {
        doing: "working out prices".into(),
        message: format!("ask.{part} is more than the chain can count"),
    })?;
    Ok(Terms {
        prices,
        attributes: config.ask.attributes.clone().into_iter().collect(),
        isolation: config.ask.isolation.into(),
    })
}

fn call(shared: &Shared, wants: &Standing<Terms>, change: &Change) -> Result<(Call, String)> {
    Ok(match change {
        Change::Gateway => (
            calls::set_gateway(wants.pins.clone(), &wants.gateway),
            format!("gateway is now {}", wants.gateway),
        ),
        Change::Capacity(to) => {
            let text = format!(
                "capacity is now {}m CPU, {} MiB memory, {} MiB storage, {} GPUs, {} endpoints",
                to.cpu_milli, to.memory_mib, to.storage_mib, to.gpus, to.endpoints
            );
            (calls::set_capacity(*to), text)
        }
        Change::Withdraw(ask) => (calls::withdraw_ask(*ask), format!("withdrew ask {ask}")),
        Change::Publish => {
            let attributes = bounded(&shared.config.ask)?;
            (
                calls::publish_ask(wants.asks.prices, &attributes, wants.asks.isolation),
                "published the standing ask".into(),
            )
        }
    })
}

fn bounded(ask: &config::Ask) -> Result<Attributes> {
    let too_long = || Error::Other {
        doing: "publishing the ask".into(),
        message: "attributes are too long".into(),
    };
    let each = ask.attributes.iter().map(|(key, value)| {
        let (key, value) = (
            key.clone().into_bytes().try_into(),
            value.clone().into_bytes().try_into(),
        );
        Some((key.ok()?, value.ok()?))
    });
    let all: Vec<_> = each.collect::<Option<_>>().ok_or_else(too_long)?;
    all.try_into().map_err(|_| too_long())
}

/// What is for rent: what the nodes have for leases, less what is kept back.
fn capacity(inventory: &Inventory, kept: &config::Capacity) -> Resources {
    let all = inventory.capacity();
    Resources {
        cpu_milli: all.cpu_milli.saturating_sub(kept.keep_cpu_milli),
        memory_mib: (all.memory_bytes / MIB).saturating_sub(kept.keep_memory_mib),
        storage_mib: (all.storage_bytes / MIB).saturating_sub(kept.keep_storage_mib),
        gpus: all.gpus.try_into().unwrap_or(u32::MAX),
        endpoints: kept.endpoints,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_cluster::{inventory::NodeRoom, Amounts};

    #[test]
    fn what_is_kept_back_is_not_for_rent() {
        let room = Amounts {
            cpu_milli: 2000,
            memory_bytes: 4 << 30,
            storage_bytes: 10 << 30,
            gpus: 1,
            pods: 110,
        };
        let node = |name: &str| NodeRoom {
            name: name.into(),
            room,
            ..Default::default()
        };
        let inventory = Inventory {
            nodes: vec![node("a"), node("b")],
        };
        let kept = config::Capacity {
            keep_cpu_milli: 500,
            keep_memory_mib: 1024,
            keep_storage_mib: u64::MAX,
            endpoints: 7,
        };
        let expected = Resources {
            cpu_milli: 3500,
            memory_mib: 7168,
            storage_mib: 0,
            gpus: 2,
            endpoints: 7,
        };
        assert_eq!(capacity(&inventory, &kept), expected);
    }
}
