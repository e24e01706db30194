//! A chain of this pallet, with providers that are only numbers.

use crate as pallet_reputation;
use crate::{Authorities, AuthorityId, Call, Config};
use frame_support::{
    derive_impl, parameter_types,
    traits::{Authorize, ConstU32, ConstU64, Hooks, OneSessionHandler},
    weights::{Weight, WeightMeter},
};
use perigee_heartbeat::{Gaps, Report};
use perigee_primitives::{
    traits::ProviderInspect, AskId, AttestationEpoch, AttestationTimes, AttributePatterns, Balance, BlockNumber, Offer,
    ProviderId, Tier,
};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::offchain::{testing, OffchainDbExt, OffchainWorkerExt, TransactionPoolExt};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{
    generic,
    testing::TestXt,
    traits::BlakeTwo256,
    transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
    BuildStorage, DispatchError,
};
use std::collections::BTreeMap;

pub type Extension = frame_system::AuthorizeCall<Test>;
pub type Extrinsic = TestXt<RuntimeCall, Extension>;
type Block = generic::Block<generic::Header<BlockNumber, BlakeTwo256>, Extrinsic>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Reputation: pallet_reputation,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

/// No multiple of an epoch.
pub const DAY: BlockNumber = 45;
pub const FEE: Balance = 1_000;

parameter_types! {
    pub static DayBlocks: BlockNumber = DAY;
    pub static TypicalFee: Balance = FEE;
    /// Providers with the block of their registration.
    pub static Registered: BTreeMap<ProviderId, BlockNumber> = BTreeMap::new();
    pub static NextId: ProviderId = 0;
}

pub struct Numbers;

impl ProviderInspect<u64> for Numbers {
    fn operator(_: ProviderId) -> Option<u64> {
        None
    }
    fn stash(_: ProviderId) -> Option<u64> {
        None
    }
    fn heartbeat_key(_: ProviderId) -> Option<[u8; 32]> {
        None
    }
    fn registered_at(provider: ProviderId) -> Option<BlockNumber> {
        Registered::get().get(&provider).copied()
    }
    fn next_id() -> ProviderId {
        NextId::get()
    }
    fn by_heartbeat_key(_: &[u8; 32]) -> Option<ProviderId> {
        None
    }
    fn offer(_: AskId) -> Option<Offer<u64>> {
        None
    }
    fn tier(_: ProviderId) -> Tier {
        Tier::default()
    }
    fn has_signed(_: &u64, _: ProviderId, _: &AttributePatterns) -> bool {
        false
    }
}

impl Config for Test {
    type Providers = Numbers;
    type MaxValidators = ConstU32<16>;
    type MaxFinalityLag = ConstU32<20>;
    type ReportPriority = ConstU64<7>;
    type DayBlocks = DayBlocks;
    type TypicalFee = TypicalFee;
    type WeightInfo = ();
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
where
    RuntimeCall: From<C>,
{
    type RuntimeCall = RuntimeCall;
    type Extrinsic = Extrinsic;
}

impl<C> frame_system::offchain::CreateTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    type Extension = Extension;
    fn create_transaction(call: RuntimeCall, extension: Extension) -> Extrinsic {
        Extrinsic::new_transaction(call, extension)
    }
}

impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    fn create_extension() -> Extension {
        Extension::new()
    }
}

pub const TIMES: AttestationTimes = AttestationTimes {
    epoch: 10,
    deadline: 5,
    margin: 5,
};

/// What the transaction pool of the test's node received.
pub struct Pool(Box<dyn Fn() -> Vec<Vec<u8>>>);

/// The chain at genesis, on a node with a keystore.
pub fn externalities() -> sp_io::TestExternalities {
    let mut storage = frame_system::GenesisConfig::<Test>::default()
        .build_storage()
        .expect("plain genesis");
    pallet_reputation::GenesisConfig::<Test> {
        times: Some(TIMES),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .expect("sound times");
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    externalities
}

/// Runs a test with `validators`, whose keys are all in the node's keystore, and then checks the invariants.
pub fn run_with(validators: u32, test: impl FnOnce(&Pool)) {
    Registered::set(BTreeMap::new());
    NextId::set(0);
    let mut externalities = externalities();
    let (offchain, _) = testing::TestOffchainExt::new();
    let (pool, state) = testing::TestTransactionPoolExt::new();
    externalities.register_extension(OffchainDbExt::new(offchain.clone()));
    externalities.register_extension(OffchainWorkerExt::new(offchain));
    externalities.register_extension(TransactionPoolExt::new(pool));
    externalities.execute_with(|| {
        set_validators(&new_keys(validators));
        test(&Pool(Box::new(move || std::mem::take(&mut state.write().transactions))));
        Reputation::do_try_state().expect("invariants hold");
    });
}

pub fn run(validators: u32, test: impl FnOnce()) {
    run_with(validators, |_| test());
}

impl Pool {
    /// The reports that were submitted since the last look.
    pub fn take(&self) -> Vec<(Report, crate::AuthoritySignature)> {
        let decode = |bytes: Vec<u8>| match codec::Decode::decode(&mut &bytes[..]) {
            Ok(Extrinsic {
                function: RuntimeCall::Reputation(Call::report { report, signature }),
                ..
            }) => (report, signature),
            other => panic!("not a report: {other:?}"),
        };
        (self.0)().into_iter().map(decode).collect()
    }
}

pub fn new_keys(count: u32) -> Vec<AuthorityId> {
    (0..count).map(|_| AuthorityId::generate_pair(None)).collect()
}

/// A session with these keys begins.
pub fn set_validators(keys: &[AuthorityId]) {
    let accounts: Vec<u64> = (0..).take(keys.len()).collect();
    let validators = || accounts.iter().zip(keys.iter().cloned());
    Reputation::on_new_session(true, validators(), validators());
}

/// Providers `ids`, registered now.
pub fn register(ids: impl IntoIterator<Item = ProviderId>) {
    for id in ids {
        Registered::mutate(|r| r.insert(id, System::block_number()));
        NextId::mutate(|next| *next = (*next).max(id + 1));
    }
}

/// Starts the next block, with so much weight for the queue.
pub fn next_block_with(limit: Weight) {
    let block = System::block_number() + 1;
    System::set_block_number(block);
    Reputation::on_initialize(block);
    Reputation::on_poll(block, &mut WeightMeter::with_limit(limit));
}

pub fn next_block() {
    next_block_with(Weight::MAX);
}

/// Goes on until within `block`.
pub fn go_to(block: BlockNumber) {
    while System::block_number() < block {
        next_block();
    }
}

pub fn key_of(epoch: AttestationEpoch, validator: u32) -> AuthorityId {
    let snapshot = crate::Validators::<Test>::get(epoch).map(|v| v.into_inner());
    let keys = snapshot.unwrap_or_else(|| Authorities::<Test>::get().into_inner());
    keys[validator as usize].clone()
}

/// The report of `validator`, whose finality was up to date.
pub fn report_of(epoch: AttestationEpoch, validator: u32, absent: &[ProviderId]) -> Report {
    Report {
        epoch,
        validator,
        finalised: TIMES.end_of(epoch) - 2,
        absent: Gaps::from_ids(absent.iter().copied()).expect("ascending"),
    }
}

pub fn sign(key: &AuthorityId, report: &Report) -> crate::AuthoritySignature {
    let genesis = System::block_hash(0).0;
    key.sign(&report.signed_bytes(&genesis))
        .expect("the key is in the keystore")
}

/// What the pool is told about a report.
pub fn authorize(
    report: &Report,
    signature: &crate::AuthoritySignature,
) -> Result<ValidTransaction, TransactionValidityError> {
    let call = RuntimeCall::Reputation(Call::report {
        report: report.clone(),
        signature: signature.clone(),
    });
    let (valid, _) = call
        .authorize(TransactionSource::External)
        .expect("reports are authorised")?;
    Ok(valid)
}

/// Why a report was not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Before(TransactionValidityError),
    Within(DispatchError),
}

/// Takes a signed report through authorisation and dispatch.
pub fn submit(report: Report, signature: crate::AuthoritySignature) -> Result<(), Refused> {
    authorize(&report, &signature).map_err(Refused::Before)?;
    let origin = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
    Reputation::report(origin, report, signature).map_err(Refused::Within)
}

/// `validator` reports `absent`.
pub fn report(epoch: AttestationEpoch, validator: u32, absent: &[ProviderId]) -> Result<(), Refused> {
    let report = report_of(epoch, validator, absent);
    let signature = sign(&key_of(epoch, validator), &report);
    submit(report, signature)
}

/// All of `validators` report the same.
pub fn all_report(epoch: AttestationEpoch, validators: u32, absent: &[ProviderId]) {
    for validator in 0..validators {
        report(epoch, validator, absent).expect("in time");
    }
}
