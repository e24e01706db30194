//! Who may deposit besides the owner.

use crate::{Account, Accounts, Config, Error, Event, Pallet};
use frame_support::ensure;
use perigee_primitives::{Balance, EscrowId};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_approve(owner: T::AccountId, id: EscrowId, who: T::AccountId, minimum: Balance) -> DispatchResult {
        let mut account = Self::owned(id, &owner)?;
        account.approve::<T>(who.clone(), minimum)?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::Approved { id, who, minimum });
        Ok(())
    }

    pub(crate) fn do_revoke_approval(owner: T::AccountId, id: EscrowId, who: T::AccountId) -> DispatchResult {
        let mut account = Self::owned(id, &owner)?;
        account.revoke_approval::<T>(&who)?;
        Accounts::<T>::insert(id, account);
        Self::deposit_event(Event::ApprovalRevoked { id, who });
        Ok(())
    }

    fn owned(id: EscrowId, owner: &T::AccountId) -> Result<Account<T::AccountId>, Error<T>> {
        let account = Self::account(id)?;
        ensure!(&account.owner == owner, Error::<T>::NotOwner);
        Ok(account)
    }
}
