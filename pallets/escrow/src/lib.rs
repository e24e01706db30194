//! Streaming accounts: deposits in, per-block payments out.
//!
//! # Terminology
//!
//! - **Account**: money set aside for one purpose (a lease). It stays in the balance of whoever deposited it, on hold.
//! - **Owner**: approves depositors, each with a smallest deposit, and deposits without approval.
//! - **Charge**: part of an account's balance that somebody earned. It becomes a credit; the money stays where it is.
//! - **Credit**: what an account owes to a payee, the pot or a depositor, and at whose hold it lies. A payout moves it.
//! - **Carry**: the fraction of a unit of fee that is not charged yet. `fee = ⌊(carry + amount × rate) / 10⁶⌋`, the
//!   remainder is carried, so how often somebody charges changes no total.
//! - **Pot**: the account that collects the fees, the protocol's income, until somebody distributes them.
//!
//! # One account
//!
//! 1. `open` holds the owner's first deposit, `deposit` holds more. Up to [eight accounts](MAX_DEPOSITORS) deposit.
//! 2. `charge` splits earnings into the payee's credit and the fee, out of the oldest deposit first. Escrow knows
//!    amounts, never blocks or verdicts.
//! 3. `withdraw` gives a depositor back what is left of its own deposits, the newest first.
//! 4. `claim` pays out one payee's credits at any time; anybody may call it.
//! 5. `close` credits what is left of each deposit to its depositor and tries every payout. One that fails (the
//!    recipient was reaped and the amount lies below the existential deposit, say) stays claimable and reverts
//!    nothing. The record goes with its last credit.
//!
//! The queue of deposits is bounded. A [full one](MAX_DEPOSITS) joins two deposits of one depositor, the newest with the
//! next older, so that an approved depositor is never turned away for it.
//!
//! A payout is forced: a freeze on a depositor's money (a vote, say) does not keep what others earned. Where less is on
//! hold than the records say, because another pallet took it, as much is paid as is there and the rest stays a credit.
//!
//! # The protocol's income
//!
//! The fee's rate lies between 3 and 5 % by its type; `set_fee_rate` changes it for leases opened later. `distribute`,
//! which anybody may call, splits what is in the pot by `IncomeShares`, which add to one: every part is rounded down,
//! and the units that rounding leaves go to the first recipient. It waits until the smallest part reaches the
//! existential deposit, so that no recipient is too poor to take it. The existential deposit of the pot stays in it.
//!
//! # Bounds
//!
//! At most [eight depositors](MAX_DEPOSITORS), [sixteen deposits](MAX_DEPOSITS), [eight payees](MAX_PAYEES) and so
//! [72 credits](MAX_CREDITS): a payout moves eight entries at most, a closing all of them.
//!
//! # Invariants
//!
//! At all times `deposited = to_payees + fee + refunded + balance`; what was earned or given back is paid or credited;
//! the deposits add to the balance; and what is held at each depositor is what is left of its deposits and the credits
//! that lie there.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod account;
mod approvals;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod credits;
mod deposits;
mod income;
mod payout;
mod split;
mod streaming;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use account::{Account, Approval, MAX_APPROVALS, MAX_PAYEES};
pub use credits::{Credit, Credits, MAX_CREDITS};
pub use deposits::{Deposit, Deposits, MAX_DEPOSITS};
pub use income::{CurrentFee, IncomeAccount, Share, Shares, MAX_SHARES};
pub use pallet::*;
pub use perigee_primitives::traits::MAX_DEPOSITORS;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::escrow";

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible, PalletId};
    use frame_system::pallet_prelude::*;
    use perigee_primitives::{Balance, EscrowId, FeeRate, MILLION};

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The money.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// Names the pot that collects the protocol's income. Give the pot an existential deposit at genesis, or it
        /// cannot take the first small fees.
        #[pallet::constant]
        type PalletId: Get<PalletId>;

        /// Gets all income until shares are set.
        type Treasury: Get<Self::AccountId>;

        /// The fee's rate until another is set. Suggested: 4 %.
        #[pallet::constant]
        type InitialFee: Get<FeeRate>;

        /// Sets the fee's rate and the shares of the income. Suggested: root.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

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
        /// Deposits into streaming accounts, and credits that were charged to them.
        #[codec(index = 0)]
        Deposit,
    }

    /// The accounts.
    #[pallet::storage]
    pub type Accounts<T: Config> = StorageMap<_, Identity, EscrowId, Account<T::AccountId>>;

    /// The fee's rate for leases opened now. Those that are open keep theirs.
    #[pallet::storage]
    pub type FeeRateNow<T: Config> = StorageValue<_, FeeRate, ValueQuery, T::InitialFee>;

    /// Who gets which part of the protocol's income. The parts add to one.
    #[pallet::storage]
    pub type IncomeShares<T: Config> = StorageValue<_, Shares<T::AccountId>, ValueQuery, AllToTreasury<T>>;

    /// All income goes to the treasury.
    #[pallet::type_value]
    pub fn AllToTreasury<T: Config>() -> Shares<T::AccountId> {
        let all = Share {
            recipient: T::Treasury::get(),
            ppm: MILLION,
        };
        Shares::truncate_from(alloc::vec![all])
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account was opened.
        Opened {
            /// Which.
            id: EscrowId,
            /// Whose it is.
            owner: T::AccountId,
            /// The first deposit.
            amount: Balance,
        },
        /// A credit was paid out.
        PaidOut {
            /// From which account.
            id: EscrowId,
            /// To whom; a depositor gets what is left of its deposits like this.
            payee: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A payout failed, or a part of it; the credit can be claimed later.
        PayoutFailed {
            /// From which account.
            id: EscrowId,
            /// To whom.
            payee: T::AccountId,
            /// How much is still owed.
            amount: Balance,
            /// Why.
            error: DispatchError,
        },
        /// An account was closed and its balance credited to its depositors.
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
        /// An account grew.
        Deposited {
            /// Which.
            id: EscrowId,
            /// Whose money it is.
            who: T::AccountId,
            /// By how much.
            amount: Balance,
        },
        /// A depositor took back what was not used.
        Withdrawn {
            /// From which account.
            id: EscrowId,
            /// Who.
            who: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// An account changed hands. Deposits stay whose they are; approvals are void.
        OwnerSet {
            /// Which.
            id: EscrowId,
            /// Whose it is now.
            owner: T::AccountId,
        },
        /// An owner lets somebody deposit.
        Approved {
            /// Into which account.
            id: EscrowId,
            /// Whom.
            who: T::AccountId,
            /// The smallest deposit.
            minimum: Balance,
        },
        /// An owner took an approval back.
        ApprovalRevoked {
            /// For which account.
            id: EscrowId,
            /// Whose.
            who: T::AccountId,
        },
        /// The fee's rate for leases opened from now on was set.
        FeeRateSet {
            /// The rate.
            rate: FeeRate,
        },
        /// The shares of the protocol's income were set.
        IncomeSharesSet {
            /// Who gets how much.
            shares: Shares<T::AccountId>,
        },
        /// A share of the protocol's income was paid.
        IncomePaid {
            /// To whom.
            recipient: T::AccountId,
            /// How much.
            amount: Balance,
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
        /// Only the owner of an escrow account approves who deposits into it.
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
        /// The owner of the escrow account has not approved this depositor.
        NotApproved,
        /// The deposit is below the smallest that the owner approved.
        BelowMinimum,
        /// The owner deposits without approval.
        OwnerNeedsNoApproval,
        /// The owner has approved as many depositors as it may; revoke one first.
        TooManyApprovals,
        /// The escrow account holds money of as many depositors as it may. Claim what is owed out of money that is
        /// used up, or let one withdraw.
        TooManyDepositors,
        /// Nothing is left of deposits of this account: only depositors withdraw, and only their own money.
        NothingToWithdraw,
        /// Less than this is left of the depositor's own deposits.
        InsufficientDeposit,
        /// The money is not on hold any more: another pallet took it.
        MissingOnHold,
        /// The shares of the income do not add to a million parts of a million.
        SharesDoNotAddUp,
        /// A share of the income is zero.
        ZeroShare,
        /// Two shares of the income name one recipient.
        RecipientTwice,
        /// A share of the income names the pot that it comes from.
        ShareOfPot,
        /// The smallest part of the income is still below the existential deposit; wait for more income.
        IncomeTooSmall,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            let pot = Self::income_account();
            assert!(T::Treasury::get() != pot, "the treasury's share must leave the pot");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight = T::WeightInfo)]
    impl<T: Config> Pallet<T> {
        /// Pays out what the account `id` owes to `payee`. Anybody may call it.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::claim(MAX_DEPOSITORS))]
        pub fn claim(origin: OriginFor<T>, id: EscrowId, payee: T::AccountId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let payout = Self::do_pay_out(id, &payee)?;
            Ok(Some(T::WeightInfo::claim(payout.depositors)).into())
        }

        /// Lets `who` deposit into the account `id`, `minimum` at least each time; a second approval replaces the
        /// first. For the owner.
        #[pallet::call_index(1)]
        pub fn approve(origin: OriginFor<T>, id: EscrowId, who: T::AccountId, minimum: Balance) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_approve(owner, id, who, minimum)
        }

        /// Lets `who` not deposit any more; what it deposited stays. For the owner.
        #[pallet::call_index(2)]
        pub fn revoke_approval(origin: OriginFor<T>, id: EscrowId, who: T::AccountId) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_revoke_approval(owner, id, who)
        }

        /// Sets the fee's rate for leases opened from now on, in parts of a million: 30,000 to 50,000.
        #[pallet::call_index(3)]
        pub fn set_fee_rate(origin: OriginFor<T>, rate: FeeRate) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_fee_rate(rate);
            Ok(())
        }

        /// Sets who gets which part of the protocol's income, also of what waits in the pot. The parts add to a
        /// million; the first recipient gets what rounding leaves.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_income_shares(shares.len() as u32))]
        pub fn set_income_shares(origin: OriginFor<T>, shares: Shares<T::AccountId>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_income_shares(shares)
        }

        /// Pays the protocol's income to those who share it. Anybody may call it.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::distribute(MAX_SHARES))]
        pub fn distribute(origin: OriginFor<T>) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let recipients = Self::do_distribute()?;
            Ok(Some(T::WeightInfo::distribute(recipients)).into())
        }
    }
}
