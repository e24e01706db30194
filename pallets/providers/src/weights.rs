//! What the calls cost. Estimated, not measured: reference time of a call of this size on common hardware, plus
//! counted database accesses.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet.
pub trait WeightInfo {
    /// `register`.
    fn register() -> Weight;
    /// `set_capacity`.
    fn set_capacity() -> Weight;
    /// `publish_ask`, with the longest terms, when an expired ask makes room.
    fn publish_ask() -> Weight;
    /// `withdraw_ask`.
    fn withdraw_ask() -> Weight;
    /// `set_gateway`.
    fn set_gateway() -> Weight;
    /// `retire` with `asks` standing asks.
    fn retire(asks: u32) -> Weight;
    /// `replace_ask`, with the longest terms.
    fn replace_ask() -> Weight;
    /// `bond_stake`.
    fn bond_stake() -> Weight;
    /// `unbond`.
    fn unbond() -> Weight;
    /// `withdraw_unbonded`.
    fn withdraw_unbonded() -> Weight;
    /// `fund_bonds`.
    fn fund_bonds() -> Weight;
    /// `withdraw_bonds`.
    fn withdraw_bonds() -> Weight;
    /// `sign_attributes`, with as many as fit.
    fn sign_attributes() -> Weight;
    /// `revoke`.
    fn revoke() -> Weight;
    /// `remove_expired_audit`.
    fn remove_expired_audit() -> Weight;
    /// `set_operator`.
    fn set_operator() -> Weight;
    /// `set_heartbeat_key`.
    fn set_heartbeat_key() -> Weight;
    /// `set_abuse_contact`.
    fn set_abuse_contact() -> Weight;
    /// `slash`.
    fn slash() -> Weight;
    /// A look at the first entry of the queue of expiries.
    fn expiry_peek() -> Weight;
    /// The removal of an expired ask.
    fn expire_ask() -> Weight;
}

/// Estimated weights over the runtime's database costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

fn micros(n: u64) -> Weight {
    Weight::from_parts(n * 1_000_000, 4_096)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        micros(160) + T::DbWeight::get().reads_writes(7, 8)
    }
    fn set_capacity() -> Weight {
        micros(20) + T::DbWeight::get().reads_writes(2, 1)
    }
    fn publish_ask() -> Weight {
        micros(160) + T::DbWeight::get().reads_writes(17, 12)
    }
    fn withdraw_ask() -> Weight {
        micros(60) + T::DbWeight::get().reads_writes(7, 6)
    }
    fn set_gateway() -> Weight {
        micros(20) + T::DbWeight::get().reads_writes(2, 1)
    }
    fn retire(asks: u32) -> Weight {
        let each = micros(40) + T::DbWeight::get().reads_writes(3, 4);
        micros(120) + T::DbWeight::get().reads_writes(9, 11) + each.saturating_mul(asks.into())
    }
    fn replace_ask() -> Weight {
        micros(90) + T::DbWeight::get().reads_writes(6, 6)
    }
    fn bond_stake() -> Weight {
        micros(45) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn unbond() -> Weight {
        micros(30) + T::DbWeight::get().reads_writes(3, 2)
    }
    fn withdraw_unbonded() -> Weight {
        micros(45) + T::DbWeight::get().reads_writes(3, 3)
    }
    fn fund_bonds() -> Weight {
        micros(45) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn withdraw_bonds() -> Weight {
        micros(45) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn sign_attributes() -> Weight {
        micros(70) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn revoke() -> Weight {
        micros(50) + T::DbWeight::get().reads_writes(3, 3)
    }
    fn remove_expired_audit() -> Weight {
        micros(50) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn set_operator() -> Weight {
        micros(25) + T::DbWeight::get().reads_writes(3, 3)
    }
    fn set_heartbeat_key() -> Weight {
        micros(90) + T::DbWeight::get().reads_writes(4, 3)
    }
    fn set_abuse_contact() -> Weight {
        micros(20) + T::DbWeight::get().reads_writes(2, 1)
    }
    fn slash() -> Weight {
        micros(70) + T::DbWeight::get().reads_writes(5, 5)
    }
    fn expiry_peek() -> Weight {
        micros(5) + T::DbWeight::get().reads_writes(1, 0)
    }
    fn expire_ask() -> Weight {
        micros(60) + T::DbWeight::get().reads_writes(6, 6)
    }
}

impl WeightInfo for () {
    fn register() -> Weight {
        micros(160)
    }
    fn set_capacity() -> Weight {
        micros(20)
    }
    fn publish_ask() -> Weight {
        micros(160)
    }
    fn withdraw_ask() -> Weight {
        micros(60)
    }
    fn set_gateway() -> Weight {
        micros(20)
    }
    fn retire(asks: u32) -> Weight {
        micros(120) + micros(40).saturating_mul(asks.into())
    }
    fn replace_ask() -> Weight {
        micros(90)
    }
    fn bond_stake() -> Weight {
        micros(45)
    }
    fn unbond() -> Weight {
        micros(30)
    }
    fn withdraw_unbonded() -> Weight {
        micros(45)
    }
    fn fund_bonds() -> Weight {
        micros(45)
    }
    fn withdraw_bonds() -> Weight {
        micros(45)
    }
    fn sign_attributes() -> Weight {
        micros(70)
    }
    fn revoke() -> Weight {
        micros(50)
    }
    fn remove_expired_audit() -> Weight {
        micros(50)
    }
    fn set_operator() -> Weight {
        micros(25)
    }
    fn set_heartbeat_key() -> Weight {
        micros(90)
    }
    fn set_abuse_contact() -> Weight {
        micros(20)
    }
    fn slash() -> Weight {
        micros(70)
    }
    fn expiry_peek() -> Weight {
        micros(5)
    }
    fn expire_ask() -> Weight {
        micros(60)
    }
}
