//! What must hold between the parts of the runtime.

use crate::{
    configs::{money, system},
    *,
};
use frame_support::dispatch::DispatchClass;
use sp_runtime::{traits::OpaqueKeys, BuildStorage};

fn preset(name: &str) -> RuntimeGenesisConfig {
    let patch = genesis_presets::get_preset(&name.into()).expect("the preset exists");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("defaults serialise");
    merge(&mut config, serde_json::from_slice(&patch).expect("presets are JSON"));
    serde_json::from_value(config).expect("presets fit the configuration")
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

fn at_genesis(name: &str, test: impl FnOnce()) {
    sp_io::TestExternalities::new(preset(name).build_storage().expect("genesis builds")).execute_with(test);
}

#[test]
fn every_preset_builds_a_chain_with_authorities() {
    for (name, validators) in [("development", 1), ("local_testnet", 4)] {
        at_genesis(name, || {
            assert_eq!(Session::validators().len(), validators);
            assert_eq!(Babe::authorities().len(), validators);
            assert_eq!(Grandpa::grandpa_authorities().len(), validators);
        });
    }
}

#[test]
fn unknown_preset_is_refused() {
    assert!(genesis_presets::get_preset(&"nowhere".into()).is_none());
    assert_eq!(genesis_presets::preset_names().len(), 2);
}

#[test]
fn treasury_and_pot_take_amounts_below_the_existential_deposit() {
    at_genesis("development", || {
        use frame_support::traits::fungible::Mutate;
        let from = sp_keyring::Sr25519Keyring::Alice.to_account_id();
        let preservation = frame_support::traits::tokens::Preservation::Preserve;
        for to in [money::TreasuryAccount::get(), Escrow::income_account()] {
            assert!(Balances::transfer(&from, &to, 1, preservation).is_ok());
        }
    });
}

#[test]
fn a_block_fits_into_its_slot() {
    let weights = system::RuntimeBlockWeights::get();
    assert!(weights.max_block.ref_time() <= SLOT_MILLIS * 1_000_000_000 / 2);
    let length = system::RuntimeBlockLength::get();
    assert!(length.max.get(DispatchClass::Normal) < length.max.get(DispatchClass::Operational));
}

#[test]
fn sessions_hand_keys_to_babe_grandpa_and_attestation() {
    let ids: Vec<[u8; 4]> = SessionKeys::key_ids().iter().map(|id| id.0).collect();
    assert_eq!(ids, [*b"babe", *b"gran", *b"hbat"]);
}

#[test]
fn session_key_deposit_counts_every_byte_of_the_keys() {
    use codec::MaxEncodedLen;
    let bytes = <SessionKeys as OpaqueKeys>::key_ids().len() * sp_core::sr25519::Public::max_encoded_len();
    assert_eq!(bytes as u32, money::SESSION_KEYS_BYTES);
    assert_eq!(
        <Runtime as pallet_session::Config>::KeyDeposit::get(),
        money::deposit(1, bytes as u32)
    );
}
