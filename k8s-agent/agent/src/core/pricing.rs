//! What a person asks for 30 days becomes what the chain counts per block.
//!
//! A schedule holds micro base units (10⁻⁶) per block and unit, so with a price in PRG for 30 days of
//! 2-second blocks: `PRG × 10¹² × 10⁶ / 1,296,000 / units`, where a core is 1,000 units and a GiB is 1,024.

use crate::config::{Amount, Ask};
use perigee_primitives::{PerModel, PriceSchedule, StorageClass, STORAGE_CLASSES};

/// Blocks of 2 s in 30 days.
pub const BLOCKS_PER_MONTH: u128 = 30 * 24 * 60 * 60 / 2;
/// Schedules count millionths of a base unit.
const MICRO: u128 = 1_000_000;

/// The schedule of `ask`, rounded to the nearest unit. Fails with the key of a price that does not fit.
pub fn schedule(ask: &Ask) -> Result<PriceSchedule, &'static str> {
    Ok(PriceSchedule {
        cpu_milli: per_block(ask.cpu, 1000).ok_or("cpu")?,
        memory_mib: per_block(ask.memory, 1024).ok_or("memory")?,
        storage_mib: per_block(ask.storage, 1024).ok_or("storage")?,
        persistent_mib: persistent(ask).ok_or("persistent")?,
        gpus: gpus(ask).ok_or("gpus")?,
        ip: per_block(ask.ip, 1).ok_or("ip")?,
        endpoint: per_block(ask.endpoint, 1).ok_or("endpoint")?,
    })
}

fn persistent(ask: &Ask) -> Option<[u64; STORAGE_CLASSES]> {
    let mut prices = [0; STORAGE_CLASSES];
    for (price, class) in prices.iter_mut().zip(StorageClass::ALL) {
        let month = ask.persistent.get(class.name()).copied().unwrap_or_default();
        *price = per_block(month, 1024)?;
    }
    Some(prices)
}

fn gpus(ask: &Ask) -> Option<PerModel<u64>> {
    let mut prices = PerModel::default();
    for (model, month) in &ask.gpus {
        prices.set(model.0, per_block(*month, 1)?)?;
    }
    Some(prices)
}

fn per_block(month: Amount, units: u128) -> Option<u64> {
    let parts = BLOCKS_PER_MONTH * units;
    let micro = month.base_units().checked_mul(MICRO)?.checked_add(parts / 2)? / parts;
    micro.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::{Resources, PRG};

    const FREE: Amount = Amount::prg(0);

    fn ask(cpu: Amount, memory: Amount) -> Ask {
        Ask {
            cpu,
            memory,
            storage: FREE,
            persistent: Default::default(),
            gpus: Default::default(),
            ip: FREE,
            endpoint: FREE,
            ..Ask::default()
        }
    }

    fn month(ask: &Ask, resources: Resources) -> u128 {
        schedule(ask).unwrap().rate(&resources).unwrap() * BLOCKS_PER_MONTH
    }

    #[test]
    fn a_core_for_a_month_costs_what_was_asked() {
        let cost = month(
            &ask(Amount::prg(3), FREE),
            Resources {
                cpu_milli: 1000,
                ..Default::default()
            },
        );
        // The rate is rounded to whole base units, the schedule to millionths.
        assert!(cost.abs_diff(3 * PRG) < 2 * BLOCKS_PER_MONTH, "{cost}");
    }

    #[test]
    fn a_gib_is_1024_mib() {
        let cost = month(
            &ask(FREE, Amount::prg(1)),
            Resources {
                memory_mib: 1024,
                ..Default::default()
            },
        );
        assert!(cost.abs_diff(PRG) < 2 * BLOCKS_PER_MONTH, "{cost}");
    }

    #[test]
    fn free_is_free() {
        assert_eq!(schedule(&ask(FREE, FREE)).unwrap(), PriceSchedule::default());
    }

    #[test]
    fn a_price_beyond_counting_names_its_key() {
        let most = "999999999999999".parse().unwrap();
        assert_eq!(
            schedule(&Ask {
                ip: most,
                ..ask(FREE, FREE)
            }),
            Err("ip")
        );
    }
}
