//! Streaming accounts: deposits in, per-block payments out.
//!
//! # Terminology
//!
//! - **Account**: money of one owner set aside for one purpose (a lease). It stays in the owner's balance, on hold.
//! - **Charge**: part of an account's balance that somebody earned. It becomes a credit; the money stays where it is.
//! - **Credit**: what an account owes to a payee, the fee's recipient or its owner. A payout moves it.
//! - **Carry**: the fraction of a unit of fee that is not charged yet. `fee = ⌊(carry + amount × rate) / 10⁶⌋`, the
//!   remainder is carried, so how often somebody charges changes no total.
//!
//! # One account
//!
//! 1. `open` holds the first deposit, `deposit` holds more.
//! 2. `charge` splits earnings into the payee's credit and the fee. Escrow knows amounts, never blocks or verdicts.
//! 3. `claim` pays out one credit at any time; anybody may call it.
//! 4. `close` credits the balance to the owner and tries every payout. One that fails (the recipient was reaped and
//!    the amount lies below the existential deposit, say) stays claimable and reverts nothing. The record goes with
//!    its last credit.
//!
//! A payout is forced: a freeze on the owner's money (a vote, say) does not keep what others earned.
//!
//! At all times `deposited = to_payees + fee + refunded + balance`, and what is held for an account is its balance
//! plus its credits.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod account;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod payout;
mod streaming;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use account::{Account, Credit, MaxCredits};
pub use pallet::*;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::escrow";

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;
    use perigee_primitives::{Balance, EscrowId};

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who gets the fee: the treasury.
        type FeeRecipient: Get<Self::AccountId>;
        /// Weights.
        type WeightInfo: WeightInfo;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Why this pallet holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Balance and credits of streaming accounts.
        #[codec(index = 0)]
        Deposit,
    }

    /// The accounts.
    #[pallet::storage]
    pub type Accounts<T: Config> = StorageMap<_, Twox64Concat, EscrowId, Account<T::AccountId>>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account was opened.
        Opened {
            /// Which.
            id: EscrowId,
            /// Whose money it is.
            owner: T::AccountId,
            /// The first deposit.
            amount: Balance,
        },
        /// A credit was paid out.
        PaidOut {
            /// From which account.
            id: EscrowId,
            /// To whom.
            payee: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A payout failed; the credit can be claimed later.
        PayoutFailed {
            /// From which account.
            id: EscrowId,
            /// To whom.
            payee: T::AccountId,
            /// How much.
            amount: Balance,
            /// Why.
            error: DispatchError,
        },
        /// An account was closed and its balance credited to the owner.
        Closed {
            /// Which.
            id: EscrowId,
            /// The balance.
            refund: Balance,
        },
        /// A closed account paid its last credit; its record is gone.
        Removed {
            /// Which.
            id: EscrowId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no such escrow account.
        NoSuchAccount,
        /// An escrow account with this id exists already.
        AccountExists,
        /// The escrow account is closed.
        AccountClosed,
        /// Only the owner of an escrow account deposits into it.
        NotOwner,
        /// The amount is zero.
        ZeroAmount,
        /// The balance of the escrow account is smaller than the charge.
        InsufficientBalance,
        /// The account owes nothing to this payee.
        NothingToClaim,
        /// Too many payees wait for their payout; claim some first.
        TooManyCredits,
        /// An amount overflows.
        Overflow,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight = T::WeightInfo)]
    impl<T: Config> Pallet<T> {
        /// Pays out what the account `id` owes to `payee`. Anybody may call it.
        #[pallet::call_index(0)]
        pub fn claim(origin: OriginFor<T>, id: EscrowId, payee: T::AccountId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_pay_out(id, &payee).map(|_| ())
        }
    }
}
