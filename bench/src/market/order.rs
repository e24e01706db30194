//! What is ordered: the only place that knows the shape of an ask and of an order.

use anyhow::{anyhow, Result};
use perigee_chain::{calls, AskTerms, Call, GroupOrder, Requirements};
use perigee_primitives::{
    AskId, AttestationTimes, Attributes, Balance, BlockNumber, Isolation, Place, PriceSchedule, Resources, Tenants,
    TermLimits, MILLION, PRG, UPRG,
};

/// Price of a thousandth of a core: a lease costs a micro-PRG per block.
const CPU_PRICE: u64 = 10_000 * 1_000_000;
/// A day at two seconds a block: what the command line deposits if nobody says otherwise.
const DAY: BlockNumber = 43_200;
/// Blocks of presence between a notice and the end.
const NOTICE: BlockNumber = 1_800;
/// Stake and bonds of the provider: the chain wants stake for seven days of all leases and a bond of a day for each.
pub const STAKE: Balance = 500_000 * PRG;
/// See [`STAKE`].
pub const BONDS: Balance = 200_000 * PRG;
/// Leases that stake and bonds answer for.
const ROOM: u64 = 1_600_000;

/// A tenth of a core: what a small service takes.
fn leased() -> Resources {
    Resources {
        cpu_milli: 100,
        memory_mib: 128,
        storage_mib: 256,
        endpoints: 1,
        ..Default::default()
    }
}

fn prices() -> PriceSchedule {
    PriceSchedule {
        cpu_milli: CPU_PRICE,
        ..Default::default()
    }
}

/// The ask that every order names, and the price of an order at it.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    ask: AskId,
    rate: Balance,
    deposit: Balance,
}

impl Terms {
    /// Orders at `ask` on a chain with these times.
    pub fn new(ask: AskId, times: &AttestationTimes) -> Self {
        let rate = prices().rate(&leased()).unwrap_or(UPRG);
        let blocks = DAY.max(times.window() + times.epoch);
        Self {
            ask,
            rate,
            deposit: rate * Balance::from(blocks),
        }
    }

    /// Opens a deployment of one lease. `serial` makes its commitment one of a kind.
    pub fn deploy(&self, serial: u64) -> Result<Call> {
        let mut commitment = [0; 32];
        commitment[..8].copy_from_slice(&serial.to_be_bytes());
        let asks = vec![self.ask]
            .try_into()
            .map_err(|_| anyhow!("an order names no ask"))?;
        Ok(calls::deploy(vec![GroupOrder {
            resources: leased(),
            commitment,
            asks,
            max_rate: self.rate,
            deposit: self.deposit,
            term: None,
            requirements: Requirements::default(),
        }]))
    }
}

/// Capacity for all leases that stake and bonds answer for.
pub fn capacity() -> Call {
    let one = leased();
    calls::set_capacity(Resources {
        cpu_milli: one.cpu_milli * ROOM,
        memory_mib: one.memory_mib * ROOM,
        storage_mib: one.storage_mib * ROOM,
        endpoints: u32::MAX,
        ..Default::default()
    })
}

/// The ask.
pub fn ask() -> Call {
    calls::publish_ask(AskTerms {
        prices: prices(),
        attributes: Attributes::default(),
        place: Place::default(),
        isolation: Isolation::SharedKernel,
        terms: TermLimits::default(),
        valid_until: None,
        tenants: Tenants::All,
        notice: NOTICE,
        sla: MILLION * 99 / 100,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_costs_a_micro_prg_per_block_and_its_deposit_covers_a_day() {
        let times = AttestationTimes {
            epoch: 10,
            deadline: 5,
            margin: 5,
        };
        let terms = Terms::new(3, &times);
        assert_eq!(terms.rate, UPRG);
        assert_eq!(terms.deposit, 43_200 * UPRG);
    }

    #[test]
    fn stake_and_bonds_answer_for_all_the_room() {
        let rates = Balance::from(ROOM) * UPRG;
        assert!(STAKE >= 7 * rates * Balance::from(DAY));
        assert!(BONDS >= rates * Balance::from(DAY));
    }
}
