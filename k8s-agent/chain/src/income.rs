//! The protocol's income: what waits in the pot, and who shares it.

use crate::{api, records::IncomeShare, AccountId, ChainError, Income, View};
use perigee_primitives::Balance;
use subxt::storage::Address;

impl View {
    /// The protocol's income that nobody has distributed yet.
    pub async fn income(&self) -> Result<Income, ChainError> {
        let pot = pot(self.constant(api::constants().escrow().pallet_id())?.0);
        let least_part = self.existential_deposit()?;
        let shares = self.value_or_default(api::storage().escrow().income_shares()).await?;
        let fee_rate = self.value_or_default(api::storage().escrow().fee_rate_now()).await?;
        Ok(Income {
            pot,
            // What keeps the pot alive stays in it.
            waits: self.balances(&pot).await?.free.saturating_sub(least_part),
            least_part,
            fee_rate: fee_rate.0,
            shares: (shares.0.into_iter())
                .map(|share| IncomeShare {
                    recipient: share.recipient,
                    ppm: share.ppm,
                })
                .collect(),
        })
    }

    /// A value that the runtime has a default for.
    async fn value_or_default<A: Address<KeyParts = ()>>(&self, address: A) -> Result<A::Value, ChainError> {
        let value = self.at.storage().fetch(address, ()).await;
        let value = value.map_err(|e| self.link.error(e))?;
        value.decode().map_err(|e| self.link.error(e))
    }
}

impl Income {
    /// What must wait for every part to reach the least that is paid out.
    pub fn needed(&self) -> Balance {
        let smallest = self.shares.iter().map(|share| share.ppm).min().unwrap_or(1).max(1);
        let whole = Balance::from(perigee_primitives::MILLION);
        self.least_part.saturating_mul(whole).div_ceil(smallest.into())
    }
}

/// The account of a pallet with this id.
fn pot(id: [u8; 8]) -> AccountId {
    let mut account = [0; 32];
    account[..4].copy_from_slice(b"modl");
    account[4..12].copy_from_slice(&id);
    AccountId(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn income(shares: &[u32]) -> Income {
        let share = |ppm: &u32| IncomeShare {
            recipient: AccountId([1; 32]),
            ppm: *ppm,
        };
        Income {
            pot: pot(*b"prg/incm"),
            waits: 0,
            least_part: 1_000,
            fee_rate: 40_000,
            shares: shares.iter().map(share).collect(),
        }
    }

    #[test]
    fn the_smallest_share_says_how_much_must_wait() {
        assert_eq!(income(&[1_000_000]).needed(), 1_000);
        assert_eq!(income(&[900_000, 100_000]).needed(), 10_000);
        assert_eq!(income(&[700_000, 300_000]).needed(), 3_334);
    }

    #[test]
    fn the_pot_is_the_account_that_the_pallet_pays_into() {
        let expected = "5EYCAe5ijQguiDVPMubsKVprHB1yfvBJAwiwBfuxyt6qhURV";
        assert_eq!(pot(*b"prg/incm").to_string(), expected);
    }
}
