//! What other pallets do with accounts.

use crate::{Account, Accounts, Config, Error, Event, HoldReason, Pallet};
use frame_support::{
    ensure,
    traits::{fungible::hold::Mutate, Get},
};
use perigee_primitives::{
    traits::{Charge, EscrowTotals, StreamingEscrow},
    Balance, EscrowId,
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> StreamingEscrow<T::AccountId> for Pallet<T> {
    fn open(id: EscrowId, owner: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        ensure!(!Accounts::<T>::contains_key(id), Error::<T>::AccountExists);
        T::Currency::hold(&HoldReason::Deposit.into(), owner, amount)?;
        Accounts::<T>::insert(id, Account::new(owner.clone(), amount));
        Self::deposit_event(Event::Opened {
            id,
            owner: owner.clone(),
            amount,
        });
        Ok(())
    }

    fn deposit(id: EscrowId, who: &T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::ZeroAmount);
        let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)?;
        ensure!(&account.owner == who, Error::<T>::NotOwner);
        account.deposit::<T>(amount)?;
        T::Currency::hold(&HoldReason::Deposit.into(), who, amount)?;
        Accounts::<T>::insert(id, account);
        Ok(())
    }

    fn totals(id: EscrowId) -> Option<EscrowTotals> {
        Accounts::<T>::get(id).map(|account| account.totals)
    }

    fn quote(id: EscrowId, charges: &[Charge<T::AccountId>]) -> Result<EscrowTotals, DispatchError> {
        let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)?;
        account.charge::<T>(charges, &T::FeeRecipient::get())?;
        Ok(account.totals)
    }

    fn charge(id: EscrowId, charges: &[Charge<T::AccountId>]) -> DispatchResult {
        let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)?;
        account.charge::<T>(charges, &T::FeeRecipient::get())?;
        Accounts::<T>::insert(id, account);
        Ok(())
    }

    fn pay_out(id: EscrowId, payee: &T::AccountId) -> Result<Balance, DispatchError> {
        Self::do_pay_out(id, payee)
    }

    fn close(id: EscrowId) -> DispatchResult {
        let mut account = Accounts::<T>::get(id).ok_or(Error::<T>::NoSuchAccount)?;
        let refund = account.close::<T>()?;
        Self::deposit_event(Event::Closed { id, refund });
        Self::store(id, account.clone());
        Self::pay_out_all(id, &account);
        Ok(())
    }
}
