//! What a provider has on chain, and what of it is to be changed.

use perigee_chain::AskTerms;
use perigee_primitives::{AskId, Resources, TlsPin};

/// Capacity that grew by less than this part is not worth a transaction.
const GROWTH_THAT_COUNTS: u64 = 100;

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
    /// An ask gets the configured terms.
    Replace(AskId),
    /// The configured ask comes.
    Publish,
}

/// What turns `has` into `wants`, in order. Nothing when they agree.
pub fn changes(has: &Standing<Vec<(AskId, AskTerms)>>, wants: &Standing<AskTerms>) -> Vec<Change> {
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
    let right = has.asks.iter().find(|(_, terms)| *terms == wants.asks);
    // One ask stands: the right one, or the oldest with new terms, so that there is no block without any.
    let kept = right.or(has.asks.first()).map(|(id, _)| *id);
    let others = has.asks.iter().map(|(id, _)| *id).filter(|id| Some(*id) != kept);
    changes.extend(others.map(Change::Withdraw));
    match kept {
        Some(_) if right.is_some() => {}
        Some(id) => changes.push(Change::Replace(id)),
        None => changes.push(Change::Publish),
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
        || from.persistent_mib != to.persistent_mib
        || from.gpus != to.gpus
        || from.ips != to.ips
        || from.endpoints != to.endpoints
}

#[cfg(test)]
mod tests {
    use super::*;
    use perigee_primitives::{GpuModel, Isolation, PerModel, PriceSchedule};

    fn capacity() -> Resources {
        Resources {
            cpu_milli: 4000,
            memory_mib: 8000,
            storage_mib: 100_000,
            endpoints: 100,
            ..Default::default()
        }
    }

    fn terms(cpu: u64) -> AskTerms {
        AskTerms {
            prices: PriceSchedule {
                cpu_milli: cpu,
                ..Default::default()
            },
            attributes: Default::default(),
            place: Default::default(),
            isolation: Isolation::SharedKernel,
            terms: Default::default(),
            valid_until: None,
            tenants: Default::default(),
            notice: 1800,
            sla: 990_000,
        }
    }

    fn with<Asks>(asks: Asks) -> Standing<Asks> {
        Standing {
            pins: vec![[1; 32]],
            gateway: "gw:8443".into(),
            capacity: Some(capacity()),
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
            [Change::Capacity(capacity()), Change::Publish]
        );
    }

    #[test]
    fn a_changed_price_replaces_the_ask_in_place() {
        assert_eq!(
            changes(&with(vec![(3, terms(1))]), &with(terms(2))),
            [Change::Replace(3)]
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
        let to = |cpu_milli| {
            is_worth_reporting(
                &capacity(),
                &Resources {
                    cpu_milli,
                    ..capacity()
                },
            )
        };
        assert!(to(3999));
        assert!(!to(4000));
        assert!(!to(4039));
        assert!(to(4040));
        let model = GpuModel::new(b"nvidia/a100").unwrap();
        let with_gpu = Resources {
            gpus: PerModel::one(model, 1),
            ..capacity()
        };
        assert!(is_worth_reporting(&capacity(), &with_gpu));
    }
}
