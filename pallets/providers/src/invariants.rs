//! What holds after every block.

use crate::{
    AskDeposits, Asks, AsksByProvider, ByHeartbeatKey, ByOperator, ByStash, Config, HoldReason, NextAskId,
    NextProviderId, Pallet, ProviderDeposits, Providers,
};
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks everything that must hold.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_indices()?;
        Self::check_stakes()?;
        Self::check_asks()
    }

    /// Every index points at its provider, and there are no others.
    fn check_indices() -> Result<(), TryRuntimeError> {
        let count = Providers::<T>::iter_keys().count();
        for (id, p) in Providers::<T>::iter() {
            ensure!(id < NextProviderId::<T>::get(), "provider index was not given out");
            ensure!(
                ByStash::<T>::get(&p.stash) == Some(id),
                "stash does not lead to its provider"
            );
            ensure!(
                ByOperator::<T>::get(&p.operator) == Some(id),
                "operator does not lead to its provider"
            );
            ensure!(
                ByHeartbeatKey::<T>::get(p.heartbeat_key) == Some(id),
                "key does not lead to its provider"
            );
            ensure!(ProviderDeposits::<T>::contains_key(id), "provider without a deposit");
        }
        ensure!(ByStash::<T>::iter_keys().count() == count, "stash of no provider");
        ensure!(ByOperator::<T>::iter_keys().count() == count, "operator of no provider");
        ensure!(ByHeartbeatKey::<T>::iter_keys().count() == count, "key of no provider");
        ensure!(
            ProviderDeposits::<T>::iter_keys().count() == count,
            "deposit for no provider"
        );
        Ok(())
    }

    fn check_stakes() -> Result<(), TryRuntimeError> {
        let reason = HoldReason::Stake.into();
        for p in Providers::<T>::iter_values() {
            ensure!(
                T::Currency::balance_on_hold(&reason, &p.stash) == p.stake,
                "hold differs from stake"
            );
        }
        Ok(())
    }

    /// Asks and the lists of them agree.
    fn check_asks() -> Result<(), TryRuntimeError> {
        let mut listed = 0;
        for (id, asks) in AsksByProvider::<T>::iter() {
            for ask in &asks {
                ensure!(
                    Asks::<T>::get(ask).is_some_and(|a| a.provider == id),
                    "listed ask is not the provider's"
                );
                ensure!(AskDeposits::<T>::contains_key(ask), "ask without a deposit");
            }
            ensure!(
                asks.is_empty() || Providers::<T>::contains_key(id),
                "asks of no provider"
            );
            listed += asks.len();
        }
        ensure!(
            Asks::<T>::iter_keys().all(|a| a < NextAskId::<T>::get()),
            "ask number was not given out"
        );
        ensure!(Asks::<T>::iter_keys().count() == listed, "ask that is not listed");
        ensure!(AskDeposits::<T>::iter_keys().count() == listed, "deposit for no ask");
        Ok(())
    }
}
