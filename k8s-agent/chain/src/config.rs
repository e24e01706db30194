//! How this chain encodes its blocks and extrinsics.

use subxt::{
    config::{
        substrate::{AccountId32, MultiAddress, SubstrateConfig},
        Config, DefaultTransactionExtensions, HashFor,
    },
    ArcMetadata,
};

/// Substrate's defaults, with addresses that have no account index.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerigeeConfig(SubstrateConfig);

impl Config for PerigeeConfig {
    type AccountId = AccountId32;
    type Address = MultiAddress<AccountId32, ()>;
    type Signature = <SubstrateConfig as Config>::Signature;
    type Hasher = <SubstrateConfig as Config>::Hasher;
    type Header = <SubstrateConfig as Config>::Header;
    type TransactionExtensions = DefaultTransactionExtensions<Self>;
    type AssetId = <SubstrateConfig as Config>::AssetId;

    fn genesis_hash(&self) -> Option<HashFor<Self>> {
        self.0.genesis_hash()
    }

    // Metadata is fetched once per runtime version: the cache is what makes reads cheap.
    fn metadata_for_spec_version(&self, spec_version: u32) -> Option<ArcMetadata> {
        self.0.metadata_for_spec_version(spec_version)
    }

    fn set_metadata_for_spec_version(&self, spec_version: u32, metadata: ArcMetadata) {
        self.0.set_metadata_for_spec_version(spec_version, metadata)
    }
}
