//! The chains one can start from.

use crate::*;
use alloc::{vec, vec::Vec};
use configs::{
    consensus::GENESIS_EPOCH_CONFIG,
    money::{ExistentialDeposit, TreasuryAccount},
};
use frame_support::build_struct_json_patch;
use perigee_primitives::{AttestationTimes, PRG};
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What each well-known account holds.
const ENDOWMENT: Balance = 1_000_000 * PRG;

/// Short epochs, so that a verdict comes half a minute after the absence.
const DEVELOPMENT_TIMES: AttestationTimes = AttestationTimes {
    epoch: 10,
    deadline: 5,
    margin: 5,
};
/// Ten minutes, as on a live chain.
const LOCAL_TIMES: AttestationTimes = AttestationTimes {
    epoch: 300,
    deadline: 60,
    margin: 30,
};

/// The session keys that `--alice` and its like put into the keystore.
fn session_keys(who: Sr25519Keyring, grandpa: Ed25519Keyring) -> SessionKeys {
    SessionKeys {
        babe: who.public().into(),
        grandpa: grandpa.public().into(),
        hbat: who.public().into(),
    }
}

/// Alice, Bob, Charlie, Dave, Eve and Ferdie, each with a stash.
fn well_known_accounts() -> impl Iterator<Item = AccountId> {
    use Sr25519Keyring::*;
    [
        Alice,
        Bob,
        Charlie,
        Dave,
        Eve,
        Ferdie,
        AliceStash,
        BobStash,
        CharlieStash,
        DaveStash,
        EveStash,
        FerdieStash,
    ]
    .into_iter()
    .map(|who| who.to_account_id())
}

/// A chain with these validators, named by their stash.
fn genesis(validators: Vec<(Sr25519Keyring, SessionKeys)>, times: AttestationTimes) -> Value {
    let endowed = well_known_accounts().map(|who| (who, ENDOWMENT));
    // Treasury and pot must exist, or they could not take amounts below the existential deposit.
    let collecting = [TreasuryAccount::get(), Escrow::income_account()].map(|who| (who, ExistentialDeposit::get()));
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: endowed.chain(collecting).collect::<Vec<_>>(),
        },
        babe: BabeConfig {
            epoch_config: GENESIS_EPOCH_CONFIG,
        },
        session: SessionConfig {
            keys: validators
                .into_iter()
                .map(|(stash, keys)| (stash.to_account_id(), stash.to_account_id(), keys))
                .collect::<Vec<_>>(),
        },
        reputation: ReputationConfig { times: Some(times) },
        sudo: SudoConfig {
            key: Some(Sr25519Keyring::Alice.to_account_id()),
        },
    })
}

/// One validator, Alice.
fn development() -> Value {
    use Sr25519Keyring::*;
    genesis(
        vec![(AliceStash, session_keys(Alice, Ed25519Keyring::Alice))],
        DEVELOPMENT_TIMES,
    )
}

/// Four validators, so that one may fail: Alice, Bob, Charlie and Dave.
fn local_testnet() -> Value {
    use Sr25519Keyring::*;
    genesis(
        vec![
            (AliceStash, session_keys(Alice, Ed25519Keyring::Alice)),
            (BobStash, session_keys(Bob, Ed25519Keyring::Bob)),
            (CharlieStash, session_keys(Charlie, Ed25519Keyring::Charlie)),
            (DaveStash, session_keys(Dave, Ed25519Keyring::Dave)),
        ],
        LOCAL_TIMES,
    )
}

/// The preset of this name, as JSON over the defaults.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let preset = match id.as_ref() {
        DEV_RUNTIME_PRESET => development(),
        LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
        _ => return None,
    };
    serde_json::to_vec(&preset).ok()
}

/// Names of the presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
