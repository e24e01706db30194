//! What a provider has on chain, and what of it is to be changed.

use perigee_primitives::{AskId, Isolation, PriceSchedule, Resources, TlsPin};

/// Capacity that grew by less than this part is not worth a transaction.
const GROWTH_THAT_COUNTS: u64 = 100;

/// A standing ask, without whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Prices.
    pub prices: PriceSchedule,
    /// Attributes, sorted by key.
    pub attributes: Vec<(String, String)>,
    /// How tenants are kept apart.
    pub isolation: Isolation,
}

/// A registered provider as the chain has it, or as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<Asks> {
    /// Pins of the gateway's certificate.
    pub pins: Vec<TlsPin>,
    /// `host:port` of the gateway.
    pub gateway: String,
    /// What there is for rent; `None` while it could not be measured.
    pub capacity: Option<Resources>,
    /// Asks.
    pub asks: Asks,
}

/// A change to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Pins or address of the gateway.
    Gateway,
    /// Capacity.
    Capacity(Resources),
    /// An ask goes.
    Withdraw(AskId),
    /// The configured ask comes.
    Publish,
}

/// What turns `has` into `wants`, in order. Nothing when they agree.
pub fn changes(has: &Standing<Vec<(AskId, Terms)>>, wants: &Standing<Terms>) -> Vec<Change> {
    let mut changes = Vec::new();
    if has.pins != wants.pins || has.gateway != wants.gateway {
        changes.push(Change::Gateway);
    }
    if let Some(capacity) = wants
        .capacity
        .filter(|to| is_worth_reporting(&has.capacity.unwrap_or_default(), to))
    {
        changes.push(Change::Capacity(capacity));
    }
    let right = has
        .asks
        .iter()
        .find(|(_, terms)| *terms == wants.asks)
        .map(|(id, _)| *id);
    changes.extend(
        has.asks
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| Some(*id) != right)
            .map(Change::Withdraw),
    );
    if right.is_none() {
        changes.push(Change::Publish);
    }
    changes
}

/// Less is said at once, for somebody might rent what is not there; more when it counts.
fn is_worth_reporting(from: &Resources, to: &Resources) -> bool {
    let grew = |from: u64, to: u64| to > from && (to - from) >= (from / GROWTH_THAT_COUNTS).max(1);
    !from.fits(to)
        || grew(from.cpu_milli, to.cpu_milli)
        || grew(from.memory_mib, to.memory_mib)
        || grew(from.storage_mib, to.storage_mib)
        || from.gpus != to.gpus
        || from.endpoints != to.endpoints
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: Resources = Resources {
        cpu_milli: 4000,
        memory_mib: 8000,
        storage_mib: 100_000,
        gpus: 0,
        endpoints: 100,
    };

    fn terms(cpu: u64) -> Terms {
        Terms {
            prices: PriceSchedule {
                cpu_milli: cpu,
                ..Default::default()
            },
            attributes: vec![("region".into(), "eu".into())],
            isolation: Isolation::SharedKernel,
        }
    }

    fn with<Asks>(asks: Asks) -> Standing<Asks> {
        Standing {
            pins: vec![[1; 32]],
            gateway: "gw:8443".into(),
            capacity: Some(CAPACITY),
            asks,
        }
    }

    #[test]
    fn what_agrees_is_left_alone() {
        assert_eq!(changes(&with(vec![(3, terms(1))]), &with(terms(1))), []);
    }

    #[test]
    fn a_fresh_provider_gets_capacity_and_ask() {
        let fresh = Standing {
            capacity: Some(Resources::default()),
            ..with(vec![])
        };
        assert_eq!(
            changes(&fresh, &with(terms(1))),
            [Change::Capacity(CAPACITY), Change::Publish]
        );
    }

    #[test]
    fn a_changed_price_withdraws_before_it_publishes() {
        assert_eq!(
            changes(&with(vec![(3, terms(1))]), &with(terms(2))),
            [Change::Withdraw(3), Change::Publish]
        );
    }

    #[test]
    fn doubles_from_an_interrupted_change_are_withdrawn() {
        let has = with(vec![(3, terms(1)), (4, terms(2)), (5, terms(2))]);
        assert_eq!(
            changes(&has, &with(terms(2))),
            [Change::Withdraw(3), Change::Withdraw(5)]
        );
    }

    #[test]
    fn a_new_certificate_or_address_is_told() {
        let has = with(vec![(3, terms(1))]);
        assert_eq!(
            changes(
                &has,
                &Standing {
                    pins: vec![[2; 32]],
                    ..with(terms(1))
                }
            ),
            [Change::Gateway]
        );
        assert_eq!(
            changes(
                &has,
                &Standing {
                    gateway: "other:1".into(),
                    ..with(terms(1))
                }
            ),
            [Change::Gateway]
        );
    }

    #[test]
    fn capacity_that_could_not_be_measured_is_not_touched() {
        assert_eq!(
            changes(
                &with(vec![(3, terms(1))]),
                &Standing {
                    capacity: None,
                    ..with(terms(1))
                }
            ),
            []
        );
    }

    #[test]
    fn less_is_told_at_once_and_more_when_it_counts() {
        let to = |cpu_milli| is_worth_reporting(&CAPACITY, &Resources { cpu_milli, ..CAPACITY });
        assert!(to(3999));
        assert!(!to(4000));
        assert!(!to(4039));
        assert!(to(4040));
        assert!(is_worth_reporting(&CAPACITY, &Resources { gpus: 1, ..CAPACITY }));
    }
}
