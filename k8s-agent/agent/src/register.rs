//! Becoming a provider.

use crate::{
    config::Config,
    identity::{Identity, Stash},
    state::{Pins, StateDir},
    Error, Result,
};
use perigee_chain::{calls, AccountId, Chain, Provider, Registration};
use perigee_primitives::PRG;

/// The provider this installation is, registered now if it was not before.
pub async fn ensure(config: &Config, state: &StateDir, identity: &Identity, chain: &Chain) -> Result<Provider> {
    let provider = match find(chain, &identity.stash.id).await? {
        Some(provider) => provider,
        None => register(config, identity, chain).await?,
    };
    check(&provider, identity)?;
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
    let registration = identity.registration(config, &chain.genesis());
    let Some(key) = &identity.stash.key else {
        return Err(Error::NeedsSignature(to_sign(&identity.stash, &registration)));
    };
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

/// What somebody with the stash's key has to sign.
fn to_sign(stash: &Stash, with: &Registration) -> String {
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let pins: Vec<_> = with.pins.iter().map(|pin| hex(pin)).collect();
    format!(
        "the provider is not registered, and the key of its stash is not on this machine.\n\
         Sign this call with {stash}, for example in polkadot.js Apps (Developer → Extrinsics):\n  \
         providers.register\n    \
         operator       {operator}\n    \
         heartbeat_key  {key}\n    \
         proof          {proof}\n    \
         pins           [{pins}]\n    \
         gateway        {gateway}\n    \
         stake          {stake}  ({prg} PRG)",
        stash = stash.id,
        operator = with.operator,
        key = hex(&with.heartbeat_key),
        proof = hex(&with.proof),
        pins = pins.join(", "),
        gateway = with.gateway,
        stake = with.stake,
        prg = with.stake / PRG,
    )
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
        let text = to_sign(&stash, &with);
        for part in [
            stash.id.to_string(),
            format!("0x{}", "aa".repeat(32)),
            format!("0x{}", "bb".repeat(64)),
            format!("[0x{}]", "cc".repeat(32)),
            "gw.example.org:8443".into(),
            "100000000000000  (100 PRG)".into(),
        ] {
            assert!(text.contains(&part), "{part} is not in\n{text}");
        }
    }
}
