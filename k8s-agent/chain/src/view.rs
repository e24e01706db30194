//! State of the chain after one block.

use crate::{
    api::{self, runtime_types::pallet_marketplace::types::Stage},
    config::PerigeeConfig,
    link::Link,
    records::{self, Balances, BlockId, BondPool, Deployment, Earnings, Notice, PauseLimits, Provider, Unbonding},
    AccountId, Ask, ChainError, GroupOrder, LeaseState,
};
use futures::{stream, StreamExt, TryStreamExt};
use perigee_primitives::{
    AskId, AttestationTimes, Backlog, Balance, BlockNumber, DeploymentId, EscrowId, LeaseId, Ppm, ProviderId, Refusal,
    Standings, Tier,
};
use std::{collections::BTreeMap, ops::Range};
use subxt::{
    client::OnlineClientAtBlock,
    storage::{Address, PrefixOf, StorageKeyValue},
    utils::Static,
};

/// Requests that are under way at a time when many records are read.
const CONCURRENCY: usize = 16;

/// State of the chain after one block. Answers belong to that block however long the view is kept; the node forgets
/// the state of blocks after some minutes.
#[derive(Clone)]
pub struct View {
    pub(crate) link: Link,
    block: BlockId,
    pub(crate) at: OnlineClientAtBlock<PerigeeConfig>,
}

impl View {
    pub(crate) async fn open(link: Link, block: BlockId) -> Result<Self, ChainError> {
        let hash = subxt::config::HashFor::<PerigeeConfig>::from(block.hash);
        let at = link
            .client
            .at_block_hash_and_number(subxt::backend::BlockRef::from_hash(hash), block.number.into());
        let at = at.await.map_err(|e| link.error(e))?;
        Ok(Self { link, block, at })
    }

    /// Which block.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// The index the next provider gets.
    pub async fn next_provider_id(&self) -> Result<ProviderId, ChainError> {
        Ok(self
            .get(api::storage().providers().next_provider_id(), ())
            .await?
            .unwrap_or_default())
    }

    /// A provider by its index.
    pub async fn provider(&self, id: ProviderId) -> Result<Option<Provider>, ChainError> {
        let record = self.get(api::storage().providers().providers(), (id,)).await?;
        Ok(record.map(|r| provider(id, r)))
    }

    /// The provider with this stash.
    pub async fn provider_by_stash(&self, stash: &AccountId) -> Result<Option<Provider>, ChainError> {
        self.provider_at(self.get(api::storage().providers().by_stash(), (*stash,)).await?)
            .await
    }

    /// The provider with this operator.
    pub async fn provider_by_operator(&self, operator: &AccountId) -> Result<Option<Provider>, ChainError> {
        self.provider_at(self.get(api::storage().providers().by_operator(), (*operator,)).await?)
            .await
    }

    /// The provider that sends heartbeats with this ed25519 key.
    pub async fn provider_by_heartbeat_key(&self, key: &[u8; 32]) -> Result<Option<Provider>, ChainError> {
        self.provider_at(self.get(api::storage().providers().by_heartbeat_key(), (*key,)).await?)
            .await
    }

    async fn provider_at(&self, id: Option<ProviderId>) -> Result<Option<Provider>, ChainError> {
        match id {
            Some(id) => self.provider(id).await,
            None => Ok(None),
        }
    }

    /// All providers, by index.
    pub async fn providers(&self) -> Result<Vec<Provider>, ChainError> {
        let mut all = Vec::new();
        for entry in self.entries(api::storage().providers().providers(), ()).await? {
            let (id,) = self.key(&entry)?;
            all.push(provider(id, self.value(&entry)?));
        }
        all.sort_by_key(|p| p.id);
        Ok(all)
    }

    /// An ask by its number.
    pub async fn ask(&self, id: AskId) -> Result<Option<Ask>, ChainError> {
        let ask = self.get(api::storage().providers().asks(), (id,)).await?;
        Ok(ask.map(|Static(ask)| ask))
    }

    /// All standing asks, by number.
    pub async fn asks(&self) -> Result<Vec<(AskId, Ask)>, ChainError> {
        let mut all = Vec::new();
        for entry in self.entries(api::storage().providers().asks(), ()).await? {
            let (id,) = self.key(&entry)?;
            let Static(ask) = self.value(&entry)?;
            all.push((id, ask));
        }
        all.sort_by_key(|(id, _)| *id);
        Ok(all)
    }

    /// Standing asks of one provider, by number.
    pub async fn asks_of(&self, id: ProviderId) -> Result<Vec<(AskId, Ask)>, ChainError> {
        let mut asks = self.asks().await?;
        asks.retain(|(_, ask)| ask.provider == id);
        Ok(asks)
    }

    /// The bond pool of a provider.
    pub async fn bond_pool(&self, id: ProviderId) -> Result<BondPool, ChainError> {
        let pool = self.get(api::storage().providers().bond_pools(), (id,)).await?;
        Ok(pool.map_or_else(BondPool::default, |p| BondPool {
            total: p.total,
            bonded: p.bonded,
        }))
    }

    /// The bond pools of all providers that have one.
    pub async fn bond_pools(&self) -> Result<BTreeMap<ProviderId, BondPool>, ChainError> {
        let mut all = BTreeMap::new();
        for entry in self.entries(api::storage().providers().bond_pools(), ()).await? {
            let (id,) = self.key(&entry)?;
            let pool = self.value(&entry)?;
            all.insert(
                id,
                BondPool {
                    total: pool.total,
                    bonded: pool.bonded,
                },
            );
        }
        Ok(all)
    }

    /// The stake that leaves a provider, earliest first.
    pub async fn unbonding(&self, id: ProviderId) -> Result<Vec<Unbonding>, ChainError> {
        let record = self.get(api::storage().providers().unbonding_of(), (id,)).await?;
        let chunks = record.map(|r| r.chunks.0).unwrap_or_default();
        Ok(chunks
            .into_iter()
            .map(|c| Unbonding {
                amount: c.amount,
                release_at: c.release_at,
            })
            .collect())
    }

    /// What attestation and past leases say of a provider.
    pub async fn standings(&self, id: ProviderId) -> Result<Standings, ChainError> {
        let Static(standings) = self
            .ask_runtime(api::runtime_apis().attestation_api().standings(id))
            .await?;
        Ok(standings)
    }

    /// The attested availability of a provider with these `standings`; `None` while less than a day of it is judged.
    pub async fn availability(&self, id: ProviderId, standings: &Standings) -> Result<Option<Ppm>, ChainError> {
        if standings.availability > 0 {
            return Ok(Some(standings.availability));
        }
        let missed = self.get(api::storage().reputation().missed_epochs(), (id,)).await?;
        let absent: u32 = missed.iter().flat_map(|m| m.absent.counts).map(u32::from).sum();
        let day = self.constant(api::constants().reputation().day_blocks())?;
        let day_epochs = self.attestation_times().await?.epoch_of(day);
        Ok(records::was_never_there(absent, day_epochs).then_some(0))
    }

    /// The grade of a provider; the lowest for one that is not registered.
    pub async fn tier(&self, id: ProviderId) -> Result<Tier, ChainError> {
        let tier = self.ask_runtime(api::runtime_apis().providers_api().tier(id)).await?;
        Ok(tier.map(|Static(tier)| tier).unwrap_or_default())
    }

    /// The rate per block that the stake of a provider still backs.
    pub fn rate_left(&self, provider: &Provider) -> Result<Balance, ChainError> {
        let backed = provider.stake / self.stake_blocks()?;
        Ok(backed.saturating_sub(provider.leased_rate))
    }

    /// The stake that a provider must keep: the least there is, and what backs its leases.
    pub fn stake_needed(&self, provider: &Provider) -> Result<Balance, ChainError> {
        let least = self.constant(api::constants().providers().min_stake())?;
        Ok(least.max(provider.leased_rate.saturating_mul(self.stake_blocks()?)))
    }

    fn stake_blocks(&self) -> Result<Balance, ChainError> {
        let blocks = self.constant(api::constants().providers().stake_blocks())?;
        Ok(blocks.max(1).into())
    }

    /// The rate per block for whose bonds a pool still has the money.
    pub fn rate_bonded(&self, pool: &BondPool) -> Result<Balance, ChainError> {
        let blocks = self.constant(api::constants().marketplace().bond_blocks())?;
        Ok(pool.free() / Balance::from(blocks.max(1)))
    }

    /// The asks that would not take `order` of `owner` at this block, each with the first reason.
    pub async fn explain_order(
        &self,
        owner: &AccountId,
        order: GroupOrder,
    ) -> Result<Vec<(AskId, Refusal)>, ChainError> {
        let call = api::runtime_apis()
            .marketplace_api()
            .explain_order(*owner, Static(order));
        let refused = self.ask_runtime(call).await?;
        Ok(refused.into_iter().map(|(ask, Static(why))| (ask, why)).collect())
    }

    /// How far the marketplace's agenda lags behind.
    pub async fn backlog(&self) -> Result<Backlog, ChainError> {
        let Static(backlog) = self
            .ask_runtime(api::runtime_apis().marketplace_api().agenda_backlog())
            .await?;
        Ok(backlog)
    }

    /// The number the next lease gets. A lease below it that has no record is over and forgotten.
    pub async fn next_lease_id(&self) -> Result<LeaseId, ChainError> {
        Ok(self
            .get(api::storage().marketplace().next_lease_id(), ())
            .await?
            .unwrap_or_default())
    }

    /// A lease as a settlement now would find it; `None` without a record.
    pub async fn lease(&self, id: LeaseId) -> Result<Option<LeaseState>, ChainError> {
        let state = self
            .ask_runtime(api::runtime_apis().marketplace_api().lease_state(id))
            .await?;
        Ok(state.map(|Static(state)| state))
    }

    /// What was agreed about a provider's notice of a lease; `None` without a record.
    pub async fn notice(&self, id: LeaseId) -> Result<Option<Notice>, ChainError> {
        let record = self.get(api::storage().marketplace().leases(), (id,)).await?;
        Ok(record.map(|r| Notice {
            blocks: r.notice,
            given: matches!(r.stage, Stage::Active { notice: Some(_), .. }),
        }))
    }

    /// Several leases; those without a record are left out.
    pub async fn leases(&self, ids: &[LeaseId]) -> Result<Vec<(LeaseId, LeaseState)>, ChainError> {
        let each = |id: LeaseId| async move { Ok::<_, ChainError>(self.lease(id).await?.map(|state| (id, state))) };
        let found: Vec<_> = stream::iter(ids.iter().copied())
            .map(each)
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Leases of a provider whose capacity is not freed yet, ended ones among them, by number.
    pub async fn lease_ids_of(&self, provider: ProviderId) -> Result<Vec<LeaseId>, ChainError> {
        let mut ids = Vec::new();
        for entry in self
            .entries(api::storage().marketplace().leases_by_provider(), (provider,))
            .await?
        {
            let (_, _, lease) = self.key(&entry)?;
            ids.push(lease);
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// [`View::lease_ids_of`] with their states.
    pub async fn leases_of(&self, provider: ProviderId) -> Result<Vec<(LeaseId, LeaseState)>, ChainError> {
        self.leases(&self.lease_ids_of(provider).await?).await
    }

    /// A deployment.
    pub async fn deployment(&self, id: DeploymentId) -> Result<Option<Deployment>, ChainError> {
        let record = self.get(api::storage().marketplace().deployments(), (id,)).await?;
        Ok(record.map(|r| Deployment {
            id,
            owner: r.owner,
            leases: r.leases.0,
            opened_at: r.opened_at,
            offered_to: r.offered_to,
        }))
    }

    /// Deployments of an account, by number.
    pub async fn deployments_of(&self, owner: &AccountId) -> Result<Vec<Deployment>, ChainError> {
        let mut ids = Vec::new();
        for entry in self
            .entries(api::storage().marketplace().deployments_by_owner(), (*owner,))
            .await?
        {
            let (_, id) = self.key(&entry)?;
            ids.push(id);
        }
        ids.sort_unstable();
        let each = |id: DeploymentId| self.deployment(id);
        let found: Vec<_> = stream::iter(ids).map(each).buffered(CONCURRENCY).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What an escrow account owes to `payee`; `None` once everybody is paid and the account is gone.
    pub async fn earnings(&self, escrow: EscrowId, payee: &AccountId) -> Result<Option<Earnings>, ChainError> {
        let account = self.get(api::storage().escrow().accounts(), (escrow,)).await?;
        Ok(account.map(|account| Earnings {
            settled: account.totals.to_payees,
            credit: (account.credits.0 .0.iter())
                .filter(|credit| credit.payee == *payee)
                .fold(0, |sum: Balance, credit| sum.saturating_add(credit.amount)),
        }))
    }

    /// The least that `who` may deposit at once into an escrow account; `None` if its owner has not approved it.
    pub async fn approved_minimum(&self, escrow: EscrowId, who: &AccountId) -> Result<Option<Balance>, ChainError> {
        let account = self.get(api::storage().escrow().accounts(), (escrow,)).await?;
        let approvals = account.map(|account| account.approvals.0).unwrap_or_default();
        let approval = approvals.into_iter().find(|approval| approval.who == *who);
        Ok(approval.map(|approval| approval.minimum))
    }

    /// What is left of the deposits of `who` in an escrow account.
    pub async fn deposit_left(&self, escrow: EscrowId, who: &AccountId) -> Result<Balance, ChainError> {
        let account = self.get(api::storage().escrow().accounts(), (escrow,)).await?;
        let deposits = account.map(|account| account.deposits.0 .0).unwrap_or_default();
        let own = deposits.into_iter().filter(|deposit| deposit.depositor == *who);
        Ok(own.fold(0, |sum: Balance, deposit| sum.saturating_add(deposit.amount)))
    }

    /// What an account has. An account without record has nothing.
    pub async fn balances(&self, account: &AccountId) -> Result<Balances, ChainError> {
        let record = self.get(api::storage().system().account(), (*account,)).await?;
        Ok(record.map_or_else(Balances::default, |r| Balances {
            free: r.data.free,
            held: r.data.reserved,
        }))
    }

    /// The least an account must keep to exist.
    pub fn existential_deposit(&self) -> Result<Balance, ChainError> {
        self.constant(api::constants().balances().existential_deposit())
    }

    /// Time of this block, in milliseconds since 1970.
    pub async fn timestamp(&self) -> Result<u64, ChainError> {
        Ok(self
            .get(api::storage().timestamp().now(), ())
            .await?
            .unwrap_or_default())
    }

    /// Time between blocks, in milliseconds, as the runtime means it to be.
    pub fn block_time(&self) -> Result<u64, ChainError> {
        let half = self.constant(api::constants().timestamp().minimum_period())?;
        Ok(half.saturating_mul(2))
    }

    /// How much of the weight that ordinary extrinsics may use in a block this one used; 1 is full.
    pub async fn fullness(&self) -> Result<f64, ChainError> {
        let used = self.get(api::storage().system().block_weight(), ()).await?;
        let limits = self.constant(api::constants().system().block_weights())?;
        let most = limits.per_class.normal.max_total.map_or(limits.max_block, |most| most);
        let used = used.map_or(0, |used| used.normal.ref_time);
        Ok(used as f64 / most.ref_time as f64)
    }

    /// Held from the opening of a lease to its activation.
    pub fn reservation_fee(&self) -> Result<Balance, ChainError> {
        self.constant(api::constants().marketplace().reservation_fee())
    }

    /// Epochs on end in which a provider was absent when it counts as having abandoned its leases.
    pub fn abandoned_epochs(&self) -> Result<u32, ChainError> {
        self.constant(api::constants().marketplace().abandoned_epochs())
    }

    /// What bounds the pauses of a lease.
    pub fn pause_limits(&self) -> Result<PauseLimits, ChainError> {
        let limits = api::constants().marketplace();
        Ok(PauseLimits {
            longest: self.constant(limits.max_pause())?,
            ratio: self.constant(limits.pause_ratio())?,
        })
    }

    /// Lengths of attestation epochs and deadlines.
    pub async fn attestation_times(&self) -> Result<AttestationTimes, ChainError> {
        let Static(times) = self
            .ask_runtime(api::runtime_apis().attestation_api().attestation_times())
            .await?;
        Ok(times)
    }

    /// The first block that no verdict covers.
    pub async fn judged_until(&self) -> Result<BlockNumber, ChainError> {
        self.ask_runtime(api::runtime_apis().attestation_api().judged_until())
            .await
    }

    async fn ask_runtime<P: subxt::runtime_apis::Payload>(&self, call: P) -> Result<P::ReturnType, ChainError> {
        self.at.runtime_apis().call(call).await.map_err(|e| self.link.error(e))
    }

    /// Judged blocks in which a provider is not billed, since it registered.
    pub async fn unbilled_blocks(&self, provider: ProviderId) -> Result<BlockNumber, ChainError> {
        let index = self
            .get(api::storage().reputation().unbilled_index(), (provider,))
            .await?;
        Ok(index.map_or(0, |index| index.total))
    }

    /// The blocks on end in which a provider was absent, up to the end of the last epoch that is judged: none if it was
    /// present in that one.
    pub async fn absent_lately(&self, provider: ProviderId) -> Result<Range<BlockNumber>, ChainError> {
        let times = self.attestation_times().await?;
        let end = times.start_of(times.epoch_of(self.judged_until().await?));
        let mut runs = Vec::new();
        for entry in self
            .entries(api::storage().reputation().unbilled(), (provider,))
            .await?
        {
            let Static(run) = self.value(&entry)?;
            runs.push(run);
        }
        Ok(records::absent_from(runs, end)..end)
    }

    pub(crate) fn constant<A: subxt::constants::Address>(&self, address: A) -> Result<A::Target, ChainError> {
        self.at.constants().entry(address).map_err(|e| self.link.error(e))
    }

    async fn get<A: Address>(&self, address: A, keys: A::KeyParts) -> Result<Option<A::Value>, ChainError> {
        let value = self
            .at
            .storage()
            .try_fetch(address, keys)
            .await
            .map_err(|e| self.link.error(e))?;
        value.map(|v| v.decode()).transpose().map_err(|e| self.link.error(e))
    }

    async fn entries<A: Address, P: PrefixOf<A::KeyParts>>(
        &self,
        address: A,
        prefix: P,
    ) -> Result<Vec<StorageKeyValue<'_, A>>, ChainError> {
        let mut entries = self
            .at
            .storage()
            .iter(address, prefix)
            .await
            .map_err(|e| self.link.error(e))?;
        let mut all = Vec::new();
        while let Some(entry) = entries.next().await {
            all.push(entry.map_err(|e| self.link.error(e))?);
        }
        Ok(all)
    }

    fn key<A: Address>(&self, entry: &StorageKeyValue<'_, A>) -> Result<A::KeyParts, ChainError> {
        let key = entry.key().map_err(|e| self.link.error(e))?;
        key.decode().map_err(|e| self.link.error(e))
    }

    fn value<A: Address>(&self, entry: &StorageKeyValue<'_, A>) -> Result<A::Value, ChainError> {
        entry.value().decode().map_err(|e| self.link.error(e))
    }
}

type ProviderRecord = api::providers::storage::providers::Output;

fn provider(id: ProviderId, r: ProviderRecord) -> Provider {
    Provider {
        id,
        stash: r.stash,
        operator: r.operator,
        heartbeat_key: r.heartbeat_key,
        pins: r.pins.0,
        gateway: String::from_utf8_lossy(&r.gateway.0).into_owned(),
        abuse_contact: String::from_utf8_lossy(&r.abuse_contact.0).into_owned(),
        stake: r.stake,
        leased_rate: r.leased_rate,
        capacity: r.capacity.0,
        leased: r.leased.0,
        registered_at: r.registered_at,
    }
}
