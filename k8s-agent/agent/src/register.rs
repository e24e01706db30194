//! Becoming a provider.

use crate::{
    config::{Amount, Config},
    identity::Identity,
    state::{Pins, StateDir},
    Error, Result, ToSign,
};
use perigee_chain::{calls, AccountId, Chain, Provider, Registration};
use perigee_primitives::Balance;

/// The provider this installation is, registered now if it was not before.
pub async fn ensure(config: &Config, state: &StateDir, identity: &Identity, chain: &Chain) -> Result<Provider> {
    let provider = match find(chain, &identity.stash.id).await? {
        Some(provider) => provider,
        None => register(config, identity, chain).await?,
    };
    check(&provider, identity)?;
    fill_bonds(config, identity, chain, &provider).await?;
    let pins = state.pins()?;
    if pins.provider != Some(provider.id) {
        state.set_pins(&Pins {
            provider: Some(provider.id),
            ..pins
        })?;
    }
    Ok(provider)
}

async fn find(chain: &Chain, stash: &AccountId) -> Result<Option<Provider>> {
    Ok(chain.best().await?.provider_by_stash(stash).await?)
}

async fn register(config: &Config, identity: &Identity, chain: &Chain) -> Result<Provider> {
    let Some(key) = &identity.stash.key else {
        return Err(Error::NeedsSignature(spell_out(config, identity, chain).await?));
    };
    let registration = identity.registration(config, &chain.genesis());
    let included = chain.submit(&calls::register(registration), key).await?;
    let provider = chain
        .at(included.block)
        .await?
        .provider_by_stash(&identity.stash.id)
        .await?;
    let provider = provider.ok_or_else(|| Error::Other {
        doing: "registering the provider".into(),
        message: "the block that holds the registration does not show it".into(),
    })?;
    tracing::info!(provider = provider.id, block = included.block.number, "registered");
    Ok(provider)
}

/// Fills the bond pool up to what the config says. Leases need it, heartbeats do not: what cannot be paid is said and
/// stops nothing.
async fn fill_bonds(config: &Config, identity: &Identity, chain: &Chain, provider: &Provider) -> Result<()> {
    let pool = chain.best().await?.bond_pool(provider.id).await?;
    let missing = config.bonds.pool.base_units().saturating_sub(pool.total);
    if missing == 0 {
        return Ok(());
    }
    let Some(key) = &identity.stash.key else {
        tracing::warn!(
            free = %prg(pool.free()),
            missing = %prg(missing),
            "the bond pool is below bonds.pool, and the key of the stash is not on this machine; \
             sign providers.fund_bonds with the stash"
        );
        return Ok(());
    };
    match chain.submit(&calls::fund_bonds(missing), key).await {
        Ok(_) => tracing::info!(added = %prg(missing), "filled the bond pool"),
        Err(error) => tracing::warn!(%error, missing = %prg(missing), "cannot fill the bond pool; new leases need it"),
    }
    Ok(())
}

/// An amount for the log.
fn prg(amount: Balance) -> String {
    format!("{} PRG", Amount::from_base_units(amount))
}

/// The registration, if somebody with the stash's key has to sign it.
pub async fn to_sign(config: &Config, identity: &Identity, chain: &Chain) -> Result<Option<ToSign>> {
    if identity.stash.key.is_some() || find(chain, &identity.stash.id).await?.is_some() {
        return Ok(None);
    }
    spell_out(config, identity, chain).await.map(Some)
}

async fn spell_out(config: &Config, identity: &Identity, chain: &Chain) -> Result<ToSign> {
    let registration = identity.registration(config, &chain.genesis());
    let data = chain.call_data(&calls::register(registration.clone())).await?;
    Ok(spelled_out(&identity.stash.id, &registration, &data))
}

fn spelled_out(stash: &AccountId, with: &Registration, data: &[u8]) -> ToSign {
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let pins: Vec<_> = with.pins.iter().map(|pin| hex(pin)).collect();
    let arguments = [
        ("operator", with.operator.to_string()),
        ("heartbeat_key", hex(&with.heartbeat_key)),
        ("proof", hex(&with.proof)),
        ("pins", format!("[{}]", pins.join(", "))),
        ("gateway", with.gateway.clone()),
        ("stake", format!("{} ({} PRG)", with.stake, Amount::from(with.stake))),
    ];
    ToSign {
        call: "providers.register".into(),
        by: stash.to_string(),
        arguments: arguments.map(|(name, value)| (name.to_owned(), value)).into(),
        data: hex(data),
    }
}

/// A provider that answers to other keys than ours cannot be served.
fn check(provider: &Provider, identity: &Identity) -> Result<()> {
    if provider.heartbeat_key != identity.heartbeat.public() {
        return Err(Error::Identity {
            what: "the registered heartbeat key",
            found: hex::encode(provider.heartbeat_key),
            pinned: hex::encode(identity.heartbeat.public()),
        });
    }
    if provider.operator != identity.operator.id() {
        return Err(Error::Identity {
            what: "the registered operator",
            found: provider.operator.to_string(),
            pinned: identity.operator.id().to_string(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Stash;
    use perigee_primitives::PRG;

    #[test]
    fn what_is_to_be_signed_is_spelled_out() {
        let stash = Stash::resolve("//Alice//stash").unwrap();
        let with = Registration {
            operator: stash.id,
            heartbeat_key: [0xaa; 32],
            proof: [0xbb; 64],
            pins: vec![[0xcc; 32]],
            gateway: "gw.example.org:8443".into(),
            stake: 100 * PRG,
        };
        let text = spelled_out(&stash.id, &with, &[0xdd, 0xee]).to_string();
        for part in [
            format!("providers.register, signed by {}", stash.id),
            format!("heartbeat_key  0x{}", "aa".repeat(32)),
            format!("0x{}", "bb".repeat(64)),
            format!("[0x{}]", "cc".repeat(32)),
            "gw.example.org:8443".into(),
            "100000000000000 (100 PRG)".into(),
            "  0xddee".into(),
        ] {
            assert!(text.contains(&part), "{part} is not in\n{text}");
        }
    }
}
