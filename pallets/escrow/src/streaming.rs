//! What other pallets do with accounts.

use crate::{Account, Accounts, Config, Error, Event, HoldReason, Pallet};
use frame_support::{ensure, traits::fungible::hold::Mutate};
use perigee_primitives::{
    traits::{Charge, EscrowTotals, StreamingEscrow},
    Balance, EscrowId,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> StreamingEscrow<T::AccountId> for Pallet<T> {
    fn open(id: EscrowId, owner: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(!Accounts::<T>::contains_key(id), Error::<T>::AccountExists);
        let mut account = Account::new(owner.clone());
        account.deposit::<T>(owner, amount)?;
        T::Currency::hold(&HoldReason::Deposit.into(), owner, amount)?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::Opened {
            id,
            owner: owner.clone(),
            amount,
        });
        Ok(())
    }

    fn deposit(id: EscrowId, who: &T::AccountId, amount: Balance) -> DispatchResult {
        let mut account = Self::account(id)?;
        account.deposit::<T>(who, amount)?;
        T::Currency::hold(&HoldReason::Deposit.into(), who, amount)?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::Deposited {
            id,
            who: who.clone(),
            amount,
        });
        Ok(())
    }

    fn withdraw(id: EscrowId, who: &T::AccountId, amount: Balance) -> DispatchResult {
        let mut account = Self::account(id)?;
        account.withdraw::<T>(who, amount)?;
        Self::release(who, amount)?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::Withdrawn {
            id,
            who: who.clone(),
            amount,
        });
        Ok(())
    }

    fn set_owner(id: EscrowId, owner: &T::AccountId) -> DispatchResult {
        let mut account = Self::account(id)?;
        account.set_owner::<T>(owner.clone())?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::OwnerSet {
            id,
            owner: owner.clone(),
        });
        Ok(())
    }

    fn totals(id: EscrowId) -> Option<EscrowTotals> {
        Accounts::<T>::get(id).map(|account| account.totals)
    }

    fn depositors(id: EscrowId) -> u32 {
        Accounts::<T>::get(id).map_or(0, |account| account.funders().len() as u32)
    }

    fn quote(id: EscrowId, charges: &[Charge<T::AccountId>]) -> Result<EscrowTotals, DispatchError> {
        let mut account = Self::account(id)?;
        account.charge::<T>(charges, &Self::income_account())?;
        Ok(account.totals)
    }

    fn charge(id: EscrowId, charges: &[Charge<T::AccountId>]) -> DispatchResult {
        let mut account = Self::account(id)?;
        account.charge::<T>(charges, &Self::income_account())?;
        Accounts::<T>::insert(id, account);
        Ok(())
    }

    fn pay_out(id: EscrowId, payee: &T::AccountId) -> Result<Balance, DispatchError> {
        Self::do_pay_out(id, payee).map(|payout| payout.amount)
    }

    fn close(id: EscrowId) -> DispatchResult {
        let mut account = Self::account(id)?;
        let refund = account.close::<T>()?;
        Self::deposit_event(Event::Closed { id, refund });
        Self::pay_all(id, &mut account);
        Self::store(id, account);
        Ok(())
    }
}
