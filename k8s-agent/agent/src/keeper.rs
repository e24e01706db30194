//! Keeps what stands on chain about this provider right: gateway, capacity, ask.

use crate::{
    config::{self, Config},
    core::{
        pricing,
        reconcile::Alarm,
        standing::{changes, Change, Standing},
    },
    reconciler::lock,
    shared::Shared,
    Error, Result,
};
use perigee_chain::{calls, AccountId, Ask, AskTerms, Call, Provider};
use perigee_cluster::Inventory;
use perigee_primitives::{
    AskId, Attributes, BlockNumber, PerModel, Place, Resources, StorageClass, Tenants, TermLimits,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

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
    let doubtful = lock(&shared.alarms).iter().any(distrusted) || !shared.leader.leads();
    if doubtful || shared.chain.is_syncing().await? {
        return Ok(());
    }
    let view = shared.chain.best().await?;
    let provider = view.provider(shared.provider).await?.ok_or_else(|| Error::Other {
        doing: "looking up the provider".into(),
        message: format!("the chain does not know provider {}", shared.provider),
    })?;
    let has = standing(&provider, view.asks_of(shared.provider).await?);
    // Without an answer of the cluster the rest is still looked after.
    let capacity = match shared.cluster.inventory(Some(shared.tag())).await {
        Ok(inventory) => Some(capacity(&inventory, &shared.config.capacity)),
        Err(error) => {
            tracing::debug!(%error, "cannot measure capacity");
            None
        }
    };
    let wants = wanted(shared, capacity)?;
    for change in changes(&has, &wants) {
        let (call, what) = call(&wants, &change);
        shared.chain.submit(&call, &shared.identity.operator).await?;
        tracing::info!("{what}");
    }
    Ok(())
}

fn standing(provider: &Provider, asks: Vec<(AskId, Ask)>) -> Standing<Vec<(AskId, AskTerms)>> {
    Standing {
        pins: provider.pins.clone(),
        gateway: provider.gateway.clone(),
        capacity: Some(provider.capacity),
        asks: asks.into_iter().map(|(id, ask)| (id, ask.terms)).collect(),
    }
}

fn wanted(shared: &Shared, capacity: Option<Resources>) -> Result<Standing<AskTerms>> {
    Ok(Standing {
        pins: vec![shared.identity.tls.pin()],
        gateway: shared.config.gateway.address.clone(),
        capacity,
        asks: configured(&shared.config)?,
    })
}

/// The ask as the config has it.
fn configured(config: &Config) -> Result<AskTerms> {
    let ask = &config.ask;
    let prices =
        pricing::schedule(ask).map_err(|part| trouble(format!("ask.{part} is more than the chain can count")))?;
    Ok(AskTerms {
        prices,
        attributes: bounded(&config.attributes())?,
        place: place(ask)?,
        isolation: ask.isolation.into(),
        terms: TermLimits {
            shortest: hours(ask.shortest_hours.into()),
            longest: ask.longest_hours.map(|longest| hours(longest.into())),
        },
        valid_until: None,
        tenants: tenants(ask)?,
        notice: hours(ask.notice_hours),
        sla: ask.sla(),
    })
}

/// Blocks of 2 s. What is no number of blocks becomes the nearest one, for the chain to refuse.
fn hours(hours: f64) -> BlockNumber {
    (hours * 1800.0).round() as BlockNumber
}

fn trouble(message: String) -> Error {
    Error::Other {
        doing: "working out the ask".into(),
        message,
    }
}

fn place(ask: &config::Ask) -> Result<Place> {
    let country = ask.country.as_ref().map(|code| code.as_bytes().try_into());
    let region = ask.region.clone().unwrap_or_default().into_bytes().try_into();
    Ok(Place {
        country: country
            .transpose()
            .map_err(|_| trouble("ask.country is not two letters".into()))?,
        region: region.map_err(|_| trouble("ask.region is too long".into()))?,
    })
}

fn tenants(ask: &config::Ask) -> Result<Tenants<AccountId>> {
    let accounts = |texts: &[String]| {
        let each = texts.iter().map(|text| {
            text.parse::<AccountId>()
                .map_err(|_| trouble(format!("`{text}` in the ask's list of tenants is not an address")))
        });
        let all: Vec<_> = each.collect::<Result<_>>()?;
        all.try_into()
            .map_err(|_| trouble("a list of tenants holds 16 addresses at most".into()))
    };
    Ok(match (ask.only.as_slice(), ask.except.as_slice()) {
        ([], []) => Tenants::All,
        ([], except) => Tenants::Except(accounts(except)?),
        (only, _) => Tenants::Only(accounts(only)?),
    })
}

fn call(wants: &Standing<AskTerms>, change: &Change) -> (Call, String) {
    match change {
        Change::Gateway => (
            calls::set_gateway(wants.pins.clone(), &wants.gateway),
            format!("gateway is now {}", wants.gateway),
        ),
        Change::Capacity(to) => {
            let gpus: u32 = to.gpus.iter().map(|(_, count)| count).sum();
            let text = format!(
                "capacity is now {}m CPU, {} MiB memory, {} MiB storage, {gpus} GPUs, {} endpoints",
                to.cpu_milli, to.memory_mib, to.storage_mib, to.endpoints
            );
            (calls::set_capacity(*to), text)
        }
        Change::Withdraw(ask) => (calls::withdraw_ask(*ask), format!("withdrew ask {ask}")),
        Change::Replace(ask) => (
            calls::replace_ask(*ask, wants.asks.clone()),
            format!("replaced the terms of ask {ask}"),
        ),
        Change::Publish => (
            calls::publish_ask(wants.asks.clone()),
            "published the standing ask".into(),
        ),
    }
}

fn bounded(attributes: &BTreeMap<String, String>) -> Result<Attributes> {
    let too_long = || trouble("attributes are too long".into());
    let each = attributes.iter().map(|(key, value)| {
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
        persistent_mib: StorageClass::ALL.map(|class| {
            kept.persistent_gib
                .get(class.name())
                .copied()
                .unwrap_or(0)
                .saturating_mul(1024)
        }),
        gpus: match kept.gpu_model {
            Some(model) if all.gpus > 0 => PerModel::one(model.0, all.gpus.try_into().unwrap_or(u32::MAX)),
            _ => PerModel::default(),
        },
        ips: kept.ips,
        endpoints: kept.endpoints,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_cluster::{inventory::NodeRoom, Amounts};

    #[test]
    fn hours_are_whole_blocks() {
        assert_eq!(hours(24.0), 43_200);
        assert_eq!(hours(0.0167), 30);
        assert_eq!((hours(-1.0), hours(u32::MAX.into())), (0, BlockNumber::MAX));
    }

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
        let model = config::Model::try_from("nvidia/a100".to_owned()).unwrap();
        let kept = config::Capacity {
            keep_cpu_milli: 500,
            keep_memory_mib: 1024,
            keep_storage_mib: u64::MAX,
            persistent_gib: [("beta2".into(), 2)].into(),
            gpu_model: Some(model),
            ips: 3,
            endpoints: 7,
        };
        let expected = Resources {
            cpu_milli: 3500,
            memory_mib: 7168,
            storage_mib: 0,
            persistent_mib: [0, 2048, 0],
            gpus: PerModel::one(model.0, 2),
            ips: 3,
            endpoints: 7,
        };
        assert_eq!(capacity(&inventory, &kept), expected);
    }
}
