//! What every transaction runs through in the SDK's pallets, measured on this runtime. The other pallets of the SDK weigh
//! what it measured itself.

pub mod frame_system_extensions;
pub mod pallet_transaction_payment;
