//! Records.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use perigee_primitives::{Balance, BlockNumber, GatewayAddress, Resources, TlsPins};
use scale_info::TypeInfo;

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Provider<AccountId> {
    /// Owns it: holds stake and deposits, and retires it.
    pub stash: AccountId,
    /// Acts for it day by day, and is paid.
    pub operator: AccountId,
    /// Signs its heartbeats.
    pub heartbeat_key: [u8; 32],
    /// Certificates its gateway may show.
    pub pins: TlsPins,
    /// Where its gateway is.
    pub gateway: GatewayAddress,
    /// Held from the stash.
    pub stake: Balance,
    /// What it offers in all.
    pub capacity: Resources,
    /// What is leased of it.
    pub leased: Resources,
    /// Block of its registration.
    pub registered_at: BlockNumber,
}
