//! Every invariant fires when storage is corrupted.

use crate::{mock::*, *};
use frame_support::storage::with_storage_layer;
use perigee_primitives::traits::{LeaseBonds, StreamingEscrow};
use sp_runtime::DispatchError;

/// Corrupts storage, expects the invariants to notice, and undoes it.
fn fires(expected: &str, corrupt: impl FnOnce()) {
    let undone = with_storage_layer::<(), DispatchError, _>(|| {
        corrupt();
        match Marketplace::do_try_state() {
            Err(DispatchError::Other(found)) => assert_eq!(found, expected),
            other => panic!("{expected}: {other:?}"),
        }
        Err(DispatchError::Other("undo"))
    });
    assert!(undone.is_err());
}

fn lease(id: u64, change: impl FnOnce(&mut Lease<u64>)) {
    Leases::<Test>::mutate(id, |lease| change(lease.as_mut().expect("a record")));
}

fn bill(id: u64, change: impl FnOnce(&mut Bill<u64>)) {
    lease(id, |lease| change(&mut lease.bill));
}

fn provider(change: impl FnOnce(&mut pallet_providers::Provider<u64>)) {
    pallet_providers::Providers::<Test>::mutate(0, |provider| change(provider.as_mut().expect("registered")));
}

#[test]
fn every_invariant_fires() {
    build_and_execute(|| {
        let (live, pending, waiting, done) = (active(1_000), deploy(order(1_000)), active(1_000), active(1_000));
        close(done);
        run_to(15);
        close(waiting);

        fires("a lease id is not below the next", || NextLeaseId::<Test>::put(done));
        fires("a deployment id is not below the next", || {
            NextDeploymentId::<Test>::put(done)
        });
        fires("a lease without a deployment", || Deployments::<Test>::remove(live));
        fires("a deployment does not list its lease", || {
            Deployments::<Test>::mutate(live, |d| d.as_mut().expect("a record").leases.clear())
        });
        fires("lease and deployment differ in their owner", || {
            lease(live, |l| l.owner = OTHER)
        });
        fires("a live lease without an escrow account", || {
            pallet_escrow::Accounts::<Test>::remove(live)
        });
        fires("deposits differ from paid, fee, refund and balance", || {
            pallet_escrow::Accounts::<Test>::mutate(live, |a| a.as_mut().expect("open").totals.deposited += 1)
        });
        fires("a final lease has a balance", || {
            lease(done, |l| {
                if let Stage::Ended {
                    totals: Some(totals), ..
                } = &mut l.stage
                {
                    totals.balance += 1;
                }
            })
        });
        fires("a tail is not funded", || {
            let balance = Escrow::totals(waiting).expect("open").balance;
            bill(waiting, |b| b.segments[0].rate = balance)
        });
        fires("a tail's cost overflows", || {
            bill(waiting, |b| b.segments[0].rate = u128::MAX)
        });
        fires("an active lease without terms", || bill(live, |b| b.segments.clear()));
        fires("funds were checked beyond what is billed", || {
            bill(live, |b| b.funded_until = b.billed_until + 1)
        });
        fires("segments out of order", || {
            bill(live, |b| {
                let first = b.segments[0].clone();
                b.segments.try_push(first).expect("room");
            })
        });
        fires("too many pending changes", || {
            bill(live, |b| {
                for n in 0..5 {
                    let next = Segment {
                        from: 100 + n,
                        unready: n % 2 == 0,
                        ..b.segments[0].clone()
                    };
                    b.segments.try_push(next).expect("room");
                }
            })
        });
        fires("a pause without an end", || bill(live, |b| b.segments[0].paused = true));
        fires("a pause is not counted", || {
            bill(live, |b| {
                let after = Segment {
                    from: 100,
                    ..b.segments[0].clone()
                };
                b.segments[0].paused = true;
                b.segments.try_push(after).expect("room");
            })
        });
        fires("a lease and its last terms differ in their rate", || {
            lease(live, |l| l.rate += 1)
        });
        fires("the SLA is counted beyond what is billed", || {
            lease(live, |l| l.sla_count.counted_until = l.bill.billed_until + 1)
        });
        fires("a final lease whose SLA is not counted", || {
            lease(done, |l| l.bill.billed_until += 1)
        });
        fires("attestation may forget what an SLA is counted by", || {
            lease(live, |l| l.sla_count.counted_until -= 1)
        });
        fires("a deployment is offered to its owner", || {
            Deployments::<Test>::mutate(live, |d| d.as_mut().expect("a record").offered_to = Some(TENANT))
        });
        fires("the index of a provider's leases differs from the lease", || {
            let wake = Leases::<Test>::get(live).expect("a record").wake.to_be_bytes();
            LeasesByProvider::<Test>::remove((0, wake, live))
        });
        fires("a lease is stuck that is gone", || Stuck::<Test>::insert(0, 99, ()));
        let orphan = || Deployment {
            owner: TENANT,
            leases: Default::default(),
            opened_at: 1,
            offered_to: None,
            ticket: Deployments::<Test>::get(live).expect("a record").ticket,
        };
        fires("an empty deployment remains", || {
            Deployments::<Test>::insert(99, orphan())
        });
        fires("a deployment lists a lease that is gone", || {
            let leases = vec![99].try_into().expect("one");
            Deployments::<Test>::insert(99, Deployment { leases, ..orphan() })
        });
        fires("an owner does not list a deployment", || {
            DeploymentsByOwner::<Test>::remove(TENANT, live)
        });
        fires("an owner lists a deployment that is gone", || {
            DeploymentsByOwner::<Test>::insert(OTHER, 99, ())
        });
        fires("a lease is not on the agenda", || {
            let wake = Leases::<Test>::get(live).expect("a record").wake.to_be_bytes();
            Agenda::<Test>::remove(wake, live)
        });
        fires("the agenda holds more than the leases", || {
            Agenda::<Test>::insert([9; 4], live, ())
        });
        fires("a provider has more leases than take its capacity", || {
            LeasesByProvider::<Test>::insert((0, [9; 4], live), ())
        });
        let rest = |asks: Vec<u64>| {
            Some(Box::new(OrderRest {
                asks: asks.try_into().expect("few"),
                max_rate: 7,
                requirements: Default::default(),
            }))
        };
        fires("what is leased of a provider overflows", || {
            lease(waiting, |l| l.resources.cpu_milli = u64::MAX)
        });
        fires("what is leased of a provider overflows", || {
            lease(waiting, |l| l.rate = u128::MAX)
        });
        fires("what is leased of a provider differs from its leases", || {
            provider(|p| p.leased.cpu_milli += 1)
        });
        fires("what is leased of a provider differs from its leases", || {
            provider(|p| p.leased.cpu_milli -= 1)
        });
        fires("what is leased of a provider differs from its leases", || {
            pallet_providers::Providers::<Test>::remove(0)
        });
        fires("the rate that is leased of a provider differs from its leases", || {
            provider(|p| p.leased_rate += 1)
        });
        fires("a lease takes capacity of no provider", || {
            pallet_providers::NextProviderId::<Test>::put(0)
        });
        fires("the rest of an order outlives the wait for activation", || {
            lease(live, |l| l.rest = rest(vec![1]))
        });
        fires("the rest of an order names no ask", || {
            lease(pending, |l| l.rest = rest(vec![]))
        });
        fires("a lease that waits for activation lacks its bond", || {
            Providers::release(0, pending)
        });
        fires("a final lease has a bond", || {
            Providers::set(0, done, 1).expect("in the pool")
        });
        fires("leases that are spread lie together", || {
            let spread = || {
                Some(Spread {
                    number: 1,
                    region: Default::default(),
                })
            };
            lease(live, |l| l.spread = spread());
            lease(pending, |l| {
                l.spread = spread();
                l.deployment = live
            });
            Deployments::<Test>::mutate(live, |d| {
                let leases = &mut d.as_mut().expect("a record").leases;
                leases.try_push(pending).expect("room")
            });
        });
        fires("a reservation fee outlives its reservation", || {
            lease(live, |l| l.reservation = Reservation::Held(RESERVATION))
        });
        fires("an owner's hold differs from its reservation fees", || {
            lease(pending, |l| l.reservation = Reservation::Held(RESERVATION + 1))
        });
    });
}
