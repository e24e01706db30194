//! The marketplace over real balances, escrow and providers, with attestation from a script.

use crate::{self as pallet_marketplace, Leases, LeasesByProvider, Stage};
use codec::Encode;
use core::cell::RefCell;
use frame_support::{
    assert_ok, derive_impl,
    dispatch::DispatchResultWithPostInfo,
    parameter_types,
    traits::{fungible::HoldConsideration, ConstU128, ConstU32, Hooks, LinearStoragePrice, VariantCountOf},
    weights::{Weight, WeightMeter},
};
use pallet_providers::TierRule;
use perigee_primitives::{
    traits::{Availability, Outcome, Scores},
    AskId, AskTerms, AttestationTimes, Balance, BlockNumber, FeeRate, GroupOrder, LeaseId, LeaseState, Place,
    PriceSchedule, ProviderId, Resources, Standings,
};
use sp_core::{ed25519, Pair};
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::{BuildStorage, DispatchResult};
use std::collections::{BTreeMap, BTreeSet};

type Block = frame_system::mocking::MockBlockU32<Test>;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Providers = pallet_providers;
    #[runtime::pallet_index(3)]
    pub type Escrow = pallet_escrow;
    #[runtime::pallet_index(4)]
    pub type Marketplace = pallet_marketplace;
}

pub const ED: Balance = 10;
pub const RICH: Balance = 1_000_000_000;
pub const TENANT: u64 = 1;
pub const OTHER: u64 = 2;
/// Escrow's pot, where the fees come to: the account of `Pot`.
pub const TREASURY: u64 = u64::from_le_bytes(*b"modlprg/");
/// Stash and operator of provider 0.
pub const STASH: u64 = 10;
pub const OPERATOR: u64 = 11;
/// Stash and operator of provider 1.
pub const STASH_1: u64 = 20;
pub const OPERATOR_1: u64 = 21;
/// Accounts of providers that single tests register.
pub const STASH_2: u64 = 30;
pub const OPERATOR_2: u64 = 31;
pub const STASH_3: u64 = 40;
pub const OPERATOR_3: u64 = 41;

/// E = 10, W = 20.
pub const TIMES: AttestationTimes = AttestationTimes {
    epoch: 10,
    deadline: 5,
    margin: 5,
};
/// W + E.
pub const RESERVE: Balance = 30;
pub const ACTIVATION_DEADLINE: BlockNumber = 15;
pub const ACTIVATION_WINDOW: BlockNumber = 6;
pub const RECEIPT_WINDOW: BlockNumber = 5;
/// The block at which a lease of block 1 is ended that nobody activated, and for which no receipt was filed.
pub const EXPIRY: BlockNumber = 1 + ACTIVATION_DEADLINE + RECEIPT_WINDOW;
pub const BOND_BLOCKS: BlockNumber = 50;
pub const ABANDONED_EPOCHS: u32 = 3;
/// Stake and bond pool of each provider.
pub const STAKE: Balance = 1_000_000;
pub const STAKE_BLOCKS: BlockNumber = 20;
pub const NOTICE: BlockNumber = 25;
pub const RESERVATION: Balance = 100;
pub const GRACE: BlockNumber = 12;
/// Longer than any random life, so that a final record can be read at its end.
pub const RETENTION: BlockNumber = 500;
pub const SETTLE_INTERVAL: BlockNumber = 200;
pub const MAX_PAUSE: BlockNumber = 60;
pub const SLA_WINDOW: BlockNumber = 50;
pub const WARN: BlockNumber = 30;
pub const BACKLOG_AGE: BlockNumber = 10;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<ED>;
    type AccountStore = System;
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
}

parameter_types! {
    /// A block that is paid earns the longest pause.
    pub storage PauseRatio: u32 = MAX_PAUSE;
    /// Gets the protocol's income.
    pub const Treasury: u64 = 9;
    pub const Pot: frame_support::PalletId = frame_support::PalletId(*b"prg/incm");
    pub const ProviderRecord: RuntimeHoldReason = RuntimeHoldReason::Providers(pallet_providers::HoldReason::Record);
    pub const LeaseRecord: RuntimeHoldReason = RuntimeHoldReason::Marketplace(pallet_marketplace::HoldReason::Record);
    pub const RecordBase: Balance = 100;
    pub const RecordByte: Balance = 1;
    pub const Tiers: [TierRule; 2] = [
        TierRule { stake: STAKE, availability: 900_000, age: 0 },
        TierRule { stake: STAKE, availability: 990_000, age: 0 },
    ];
    pub const Fee: FeeRate = FeeRate::new(40_000).expect("4 % lies within the bounds; qed");
}

type Record<Reason> = HoldConsideration<u64, Balances, Reason, LinearStoragePrice<RecordBase, RecordByte, Balance>>;

impl pallet_providers::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RecordDeposit = Record<ProviderRecord>;
    type Scores = Script;
    type SlashOrigin = frame_system::EnsureRoot<u64>;
    type IncomeAccount = pallet_escrow::IncomeAccount<Test>;
    type MinStake = ConstU128<1_000>;
    type StakeBlocks = ConstU32<STAKE_BLOCKS>;
    type UnbondingDelay = ConstU32<30>;
    type Tiers = Tiers;
    type MaxAsks = ConstU32<8>;
    type MinNotice = ConstU32<5>;
    type MaxNotice = ConstU32<500>;
    type KeyOverlap = ConstU32<100>;
    type WeightInfo = ();
}

impl pallet_escrow::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type PalletId = Pot;
    type Treasury = Treasury;
    type InitialFee = Fee;
    type AdminOrigin = frame_system::EnsureRoot<u64>;
    type WeightInfo = ();
}

impl pallet_marketplace::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Consideration = Record<LeaseRecord>;
    type Escrow = Escrow;
    type Providers = Providers;
    type Bonds = Providers;
    type Availability = Script;
    type Scores = Script;
    type Fee = pallet_escrow::CurrentFee<Test>;
    type ActivationDeadline = ConstU32<ACTIVATION_DEADLINE>;
    type ActivationWindow = ConstU32<ACTIVATION_WINDOW>;
    type ReceiptWindow = ConstU32<RECEIPT_WINDOW>;
    type BondBlocks = ConstU32<BOND_BLOCKS>;
    type NoShowForfeit = ConstU32<500_000>;
    type AbandonForfeit = ConstU32<800_000>;
    type AbandonedEpochs = ConstU32<ABANDONED_EPOCHS>;
    type ReservationFee = ConstU128<RESERVATION>;
    type TearDownGrace = ConstU32<GRACE>;
    type RetentionBlocks = ConstU32<RETENTION>;
    type SettleInterval = ConstU32<SETTLE_INTERVAL>;
    type MaxPause = ConstU32<MAX_PAUSE>;
    type PauseRatio = PauseRatio;
    type SlaWindow = ConstU32<SLA_WINDOW>;
    type WarnBlocks = ConstU32<WARN>;
    type BacklogAge = ConstU32<BACKLOG_AGE>;
    type TakedownOrigin = frame_system::EnsureRoot<u64>;
    type WeightInfo = ();
}

/// Provider, tenant, outcome and weight of a lease whose outcome was noted, and the block at which it was settled in
/// effect.
pub type Noted = (ProviderId, u64, Outcome, Balance, BlockNumber);

/// What the script says.
struct Scripted {
    times: AttestationTimes,
    judged_until: BlockNumber,
    absent: BTreeMap<ProviderId, BTreeSet<u32>>,
    maintenance: BTreeMap<ProviderId, BTreeSet<u32>>,
    forgotten: BTreeMap<ProviderId, BlockNumber>,
    standings: BTreeMap<ProviderId, Standings>,
    noted: Vec<Noted>,
}

impl Scripted {
    const fn new() -> Self {
        Self {
            times: TIMES,
            judged_until: 0,
            absent: BTreeMap::new(),
            maintenance: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            standings: BTreeMap::new(),
            noted: Vec::new(),
        }
    }
}

impl Scripted {
    /// Blocks of `provider` before `block` in unbilled epochs of which `counts` holds. Maintenance wins over absence.
    fn blocks_before(&self, provider: ProviderId, block: BlockNumber, counts: impl Fn(u32) -> bool) -> BlockNumber {
        let forgotten = self.forgotten.get(&provider).copied().unwrap_or_default();
        assert!(
            block >= forgotten,
            "asked about block {block}, forgotten before {forgotten}"
        );
        let absent = self.absent.get(&provider).into_iter().flatten();
        let maintenance = self.maintenance.get(&provider).into_iter().flatten();
        let epochs: BTreeSet<_> = absent.chain(maintenance).filter(|epoch| counts(**epoch)).collect();
        epochs
            .into_iter()
            .map(|e| block.min(self.times.end_of(*e)).saturating_sub(self.times.start_of(*e)))
            .sum()
    }
}

thread_local! {
    static SCRIPT: RefCell<Scripted> = const { RefCell::new(Scripted::new()) };
}

/// Attestation from a script. It knows absences that are not judged yet, and nobody may bill by them.
pub struct Script;

impl Script {
    /// Finds `provider` absent in `epochs`.
    pub fn absent(provider: ProviderId, epochs: &[u32]) {
        SCRIPT.with_borrow_mut(|s| s.absent.entry(provider).or_default().extend(epochs));
    }

    /// Announces maintenance of `provider` in `epochs`.
    pub fn maintenance(provider: ProviderId, epochs: &[u32]) {
        SCRIPT.with_borrow_mut(|s| s.maintenance.entry(provider).or_default().extend(epochs));
    }

    /// Sets the lengths of epoch, deadline and margin.
    pub fn set_times(times: AttestationTimes) {
        SCRIPT.with_borrow_mut(|s| s.times = times);
    }

    /// All blocks before `block` are judged.
    pub fn judge(block: BlockNumber) {
        SCRIPT.with_borrow_mut(|s| s.judged_until = s.judged_until.max(block));
    }

    /// Sets what is known of `provider`.
    pub fn stands(provider: ProviderId, standings: Standings) {
        SCRIPT.with_borrow_mut(|s| s.standings.insert(provider, standings));
    }

    /// Takes the outcomes noted so far.
    pub fn noted() -> Vec<Noted> {
        SCRIPT.with_borrow_mut(|s| core::mem::take(&mut s.noted))
    }

    /// What attestation was allowed to forget of `provider`.
    pub fn forgotten(provider: ProviderId) -> BlockNumber {
        SCRIPT.with_borrow(|s| s.forgotten.get(&provider).copied().unwrap_or_default())
    }
}

impl Availability for Script {
    fn judged_until() -> BlockNumber {
        SCRIPT.with_borrow(|s| s.judged_until)
    }

    fn unbilled_before(provider: ProviderId, block: BlockNumber) -> BlockNumber {
        SCRIPT.with_borrow(|s| s.blocks_before(provider, block, |_| true))
    }

    fn absent_before(provider: ProviderId, block: BlockNumber) -> BlockNumber {
        SCRIPT.with_borrow(|s| {
            let maintenance = s.maintenance.get(&provider).cloned().unwrap_or_default();
            s.blocks_before(provider, block, |epoch| !maintenance.contains(&epoch))
        })
    }

    fn times() -> AttestationTimes {
        SCRIPT.with_borrow(|s| s.times)
    }

    fn forget_before(provider: ProviderId, block: BlockNumber) {
        SCRIPT.with_borrow_mut(|s| {
            let known = s.forgotten.entry(provider).or_default();
            *known = block.max(*known);
        });
    }

    fn search_steps(provider: ProviderId) -> u32 {
        let runs = SCRIPT.with_borrow(|s| s.absent.get(&provider).map_or(0, BTreeSet::len));
        usize::BITS - runs.leading_zeros()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn judge_as(provider: ProviderId, absent: &[(BlockNumber, BlockNumber)], until: BlockNumber) {
        let epochs = |(start, end): &(_, _)| Self::times().epoch_of(*start)..Self::times().epoch_of(*end);
        let epochs: Vec<_> = absent.iter().flat_map(epochs).collect();
        Script::absent(provider, &epochs);
        Script::judge(until);
    }
}

impl Scores<u64> for Script {
    fn standings(provider: ProviderId) -> Standings {
        SCRIPT.with_borrow(|s| s.standings.get(&provider).copied().unwrap_or_default())
    }

    fn note(provider: ProviderId, tenant: &u64, outcome: Outcome, fee: Balance, at: BlockNumber) {
        SCRIPT.with_borrow_mut(|s| s.noted.push((provider, *tenant, outcome, fee, at)));
    }
}

/// One unit of everything.
pub fn resources(units: u32) -> Resources {
    Resources {
        cpu_milli: u64::from(units) * 100,
        memory_mib: u64::from(units) * 64,
        ..Default::default()
    }
}

/// Prices at which `resources(1)` costs `rate` per block.
fn prices(rate: u64) -> PriceSchedule {
    PriceSchedule {
        cpu_milli: rate * 10_000,
        ..Default::default()
    }
}

/// Terms at `rate` per unit, in no stated place.
pub fn terms(rate: u64) -> AskTerms<u64> {
    AskTerms {
        prices: prices(rate),
        attributes: Default::default(),
        place: Default::default(),
        isolation: Default::default(),
        terms: Default::default(),
        valid_until: None,
        tenants: Default::default(),
        notice: NOTICE,
        sla: 0,
    }
}

/// In this region.
pub fn region(name: &str) -> Place {
    Place {
        country: None,
        region: name.as_bytes().to_vec().try_into().expect("short"),
    }
}

/// The heartbeat key of a stash's provider.
pub fn key(stash: u64) -> ed25519::Pair {
    ed25519::Pair::from_seed(&[stash as u8; 32])
}

/// Registers a provider with ten units of capacity and one ask on these terms. Returns the ask.
pub fn register(stash: u64, operator: u64, terms: AskTerms<u64>) -> AskId {
    let proof = key(stash).sign(&perigee_primitives::registration_message(&genesis(), &stash));
    assert_ok!(Providers::register(
        RuntimeOrigin::signed(stash),
        operator,
        key(stash).public().0,
        proof.0,
        vec![[7; 32]].try_into().expect("one pin"),
        b"gateway.example:8443".to_vec().try_into().expect("short"),
        STAKE,
    ));
    assert_ok!(Providers::fund_bonds(RuntimeOrigin::signed(stash), STAKE));
    assert_ok!(Providers::set_capacity(RuntimeOrigin::signed(operator), resources(10)));
    publish_on(operator, terms)
}

/// The hash that names this chain.
pub fn genesis() -> [u8; 32] {
    System::block_hash(0).into()
}

/// Publishes one more ask.
pub fn publish(operator: u64, rate: u64) -> AskId {
    publish_on(operator, terms(rate))
}

/// Publishes one more ask on these terms.
pub fn publish_on(operator: u64, terms: AskTerms<u64>) -> AskId {
    let ask = pallet_providers::NextAskId::<Test>::get();
    assert_ok!(Providers::publish_ask(RuntimeOrigin::signed(operator), terms));
    ask
}

/// Provider 0 with ask 0 at rate 7 per unit, provider 1 with ask 1 at rate 11.
pub fn new_test_ext() -> sp_io::TestExternalities {
    SCRIPT.with_borrow_mut(|s| *s = Scripted::new());
    let who = [TENANT, OTHER, TREASURY, STASH, OPERATOR, STASH_1, OPERATOR_1];
    let more = [STASH_2, OPERATOR_2, STASH_3, OPERATOR_3];
    let balances = who.into_iter().chain(more).map(|who| (who, RICH)).collect();
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut ext = sp_io::TestExternalities::new(genesis.build_storage().expect("a genesis of plain balances"));
    ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    ext.execute_with(|| {
        System::set_block_number(1);
        register(STASH, OPERATOR, terms(7));
        register(STASH_1, OPERATOR_1, terms(11));
    });
    ext
}

/// Runs `test` and then all invariants.
pub fn build_and_execute(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        check();
    });
}

/// All invariants, and that capacity and stake cover what is leased: no test ends with less capacity, or slashes.
pub fn check() {
    Escrow::do_try_state().expect("escrow's invariants hold");
    Providers::do_try_state().expect("the providers' invariants hold");
    Marketplace::do_try_state().expect("the marketplace's invariants hold");
    for (id, provider) in pallet_providers::Providers::<Test>::iter() {
        assert!(
            provider.leased.fits(&provider.capacity),
            "more is leased of provider {id} than it has"
        );
        assert!(
            provider.leased_rate * Balance::from(STAKE_BLOCKS) <= provider.stake,
            "more is leased of provider {id} than its stake backs"
        );
    }
}

/// Goes to `block` without hooks and without verdicts.
pub fn jump_to(block: BlockNumber) {
    assert!(block >= System::block_number());
    System::set_block_number(block);
}

/// Goes to `block`; verdicts come at the end of their epoch, the agenda is worked off at each block.
pub fn run_to(block: BlockNumber) {
    while System::block_number() < block {
        System::set_block_number(System::block_number() + 1);
        Script::judge(TIMES.start_of(TIMES.epoch_of(System::block_number())));
        work_off_agenda();
    }
}

/// The hook, without a limit.
pub fn work_off_agenda() {
    let mut meter = WeightMeter::with_limit(Weight::MAX);
    Marketplace::on_poll(System::block_number(), &mut meter);
}

/// Finding a lease that is paid out, advancing it and paying out its one depositor.
pub fn one_look() -> Weight {
    <() as crate::WeightInfo>::advance(1, 0) + <() as crate::WeightInfo>::agenda_peek()
}

/// The hook with room for `leases` of them, the last of which might be a dear one.
pub fn poll(leases: u64) -> Weight {
    let last = Marketplace::wake_at_most() + <() as crate::WeightInfo>::agenda_peek();
    let room = leases
        .checked_sub(1)
        .map_or(Weight::zero(), |others| one_look() * others + last);
    // The hook takes a quarter of what is left.
    let mut meter = WeightMeter::with_limit(room * 4);
    Marketplace::on_poll(System::block_number(), &mut meter);
    meter.consumed()
}

/// An order of one unit at ask 0 with `deposit`.
pub fn order(deposit: Balance) -> GroupOrder<u64> {
    GroupOrder {
        resources: resources(1),
        commitment: [3; 32],
        asks: vec![0].try_into().expect("one ask"),
        max_rate: 7,
        deposit,
        term: None,
        requirements: Default::default(),
    }
}

/// Deploys as the tenant; returns the lease.
pub fn deploy(order: GroupOrder<u64>) -> LeaseId {
    let lease = crate::NextLeaseId::<Test>::get();
    let groups = vec![order].try_into().expect("one group");
    assert_ok!(Marketplace::deploy(RuntimeOrigin::signed(TENANT), groups));
    lease
}

/// Deploys and activates at once.
pub fn active(deposit: Balance) -> LeaseId {
    let lease = deploy(order(deposit));
    assert_ok!(Marketplace::activate(RuntimeOrigin::signed(OPERATOR), lease));
    lease
}

/// What a call came to, without its weight.
pub fn done(found: DispatchResultWithPostInfo) -> DispatchResult {
    found.map(|_| ()).map_err(|error| error.error)
}

/// Ends the deployment of `lease` by its tenant.
pub fn close(lease: LeaseId) {
    let deployment = Leases::<Test>::get(lease).expect("a record").deployment;
    assert_ok!(Marketplace::close(RuntimeOrigin::signed(TENANT), deployment, None));
}

/// The computed state.
pub fn state(lease: LeaseId) -> LeaseState<u64> {
    Marketplace::lease_state(lease).expect("a record")
}

/// The recorded stage.
pub fn stage(lease: LeaseId) -> Stage {
    Leases::<Test>::get(lease).expect("a record").stage
}

/// Was this event deposited?
pub fn has_event(event: crate::Event<Test>) -> bool {
    let event = RuntimeEvent::from(event).encode();
    System::events().iter().any(|record| record.event.encode() == event)
}

/// Is it among those that take capacity of their provider?
pub fn takes_capacity(lease: LeaseId) -> bool {
    let record = Leases::<Test>::get(lease).expect("a record");
    LeasesByProvider::<Test>::contains_key((record.provider, record.wake.to_be_bytes(), lease))
}
