//! Whatever the order of events, escrow does what plain integers say.

use super::{
    model::{Model, Money},
    *,
};
use crate::{Credit, CurrentFee, Share, Shares};
use frame_support::{
    dispatch::DispatchResultWithPostInfo,
    traits::{
        fungible::{Inspect, Mutate, MutateFreeze},
        tokens::{Fortitude, Preservation},
        Get,
    },
};
use perigee_primitives::{traits::Charge, FeeRate, Ppm, MILLION};
use proptest::prelude::*;
use sp_runtime::{DispatchError, DispatchResult};
use std::collections::BTreeMap;

/// Pays for whoever is funded, and takes what others give away.
const BANK: u64 = 90;

/// Everybody's money. Iterating hashes no keys, which dominates such tests.
fn money() -> BTreeMap<u64, Money> {
    let accounts = frame_system::Account::<Test>::iter().map(|(who, account)| (who, account.data.free));
    let mut money: BTreeMap<_, _> = accounts.map(|(who, free)| (who, Money { free, held: 0 })).collect();
    for (who, holds) in pallet_balances::Holds::<Test>::iter() {
        money.entry(who).or_default().held = holds.iter().map(|hold| hold.amount).sum();
    }
    money
}

/// Whom a step names: often somebody to whom the account already means something, so that they meet.
#[derive(Clone, Debug)]
enum Who {
    Owner,
    /// One who may deposit.
    Approved(usize),
    /// One whose money the account holds.
    Funder(usize),
    /// One to whom it owes.
    Payee(usize),
    Actor(u64),
}

#[derive(Clone, Debug)]
enum Step {
    Open {
        owner: Who,
        amount: Balance,
    },
    Deposit {
        who: Who,
        amount: Balance,
    },
    Withdraw {
        who: Who,
        amount: Balance,
    },
    SetOwner {
        owner: Who,
    },
    Approve {
        by: Who,
        who: Who,
        minimum: Balance,
    },
    Revoke {
        by: Who,
        who: Who,
    },
    Charge {
        charges: Vec<(Who, Balance)>,
    },
    Claim {
        payee: Who,
    },
    Close,
    SetFee {
        ppm: Ppm,
    },
    SetShares {
        shares: Vec<(u64, Ppm)>,
    },
    Distribute,
    /// Gives away all it can: its account goes if nothing needs it.
    Drain {
        who: Who,
    },
    Fund {
        who: Who,
        amount: Balance,
    },
    Freeze {
        who: Who,
        frozen: bool,
    },
}

fn actor() -> impl Strategy<Value = u64> {
    prop_oneof![
        RICH..RICH + 8,
        NOBODY..NOBODY + 4,
        Just(TENANT),
        Just(OTHER),
        Just(PROVIDER),
    ]
}

fn owner() -> impl Strategy<Value = Who> {
    prop_oneof![9 => Just(Who::Owner), 1 => actor().prop_map(Who::Actor)]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        Just(Who::Owner),
        (0..8usize).prop_map(Who::Approved),
        (0..8usize).prop_map(Who::Funder),
        (0..8usize).prop_map(Who::Payee),
        actor().prop_map(Who::Actor),
    ]
}

fn depositor() -> impl Strategy<Value = Who> {
    prop_oneof![4 => (0..8usize).prop_map(Who::Approved), 2 => Just(Who::Owner), 1 => who()]
}

fn payee() -> impl Strategy<Value = Who> {
    prop_oneof![
        3 => Just(Who::Actor(PROVIDER)),
        2 => (NOBODY..NOBODY + 4).prop_map(Who::Actor),
        1 => who(),
    ]
}

fn some_shares() -> impl Strategy<Value = Vec<(u64, Ppm)>> {
    let parts = (1..MILLION).prop_map(|ppm| vec![(TREASURY, ppm), (NOBODY, MILLION - ppm)]);
    let several = (1..1_000 as Ppm).prop_map(|ppm| {
        let rest = MILLION - 4 * ppm;
        (0..4).map(|n| (NOBODY + n, ppm)).chain([(OTHER, rest)]).collect()
    });
    prop_oneof![
        Just(vec![(TREASURY, MILLION)]),
        Just(vec![(TREASURY, 600_000), (PROVIDER, 250_000), (OTHER, 150_000)]),
        parts,
        several,
        Just(vec![(TREASURY, MILLION - 1)]),
        Just(vec![(TREASURY, MILLION), (OTHER, 0)]),
        Just(vec![(TREASURY, MILLION / 2), (TREASURY, MILLION / 2)]),
        Just(vec![(pot(), MILLION)]),
    ]
}

/// A step on one of two accounts, and whether one that is gone is opened anew before it.
fn step() -> impl Strategy<Value = (u64, Step, bool)> {
    let charges = prop::collection::vec((payee(), 0..40 as Balance), 0..4);
    let ppm = FeeRate::MIN.ppm()..=FeeRate::MAX.ppm();
    let step = prop_oneof![
        1 => (actor(), 0..200 as Balance).prop_map(|(owner, amount)| Step::Open { owner: Who::Actor(owner), amount }),
        16 => (depositor(), 0..60 as Balance).prop_map(|(who, amount)| Step::Deposit { who, amount }),
        4 => (prop_oneof![3 => (0..8usize).prop_map(Who::Funder), 1 => who()], 0..60 as Balance)
            .prop_map(|(who, amount)| Step::Withdraw { who, amount }),
        1 => who().prop_map(|owner| Step::SetOwner { owner }),
        10 => (owner(), actor(), 0..20 as Balance)
            .prop_map(|(by, who, minimum)| Step::Approve { by, who: Who::Actor(who), minimum }),
        2 => (owner(), (0..8usize).prop_map(Who::Approved)).prop_map(|(by, who)| Step::Revoke { by, who }),
        10 => charges.prop_map(|charges| Step::Charge { charges }),
        4 => prop_oneof![4 => (0..8usize).prop_map(Who::Payee), 1 => who()].prop_map(|payee| Step::Claim { payee }),
        1 => Just(Step::Close),
        1 => ppm.prop_map(|ppm| Step::SetFee { ppm }),
        1 => some_shares().prop_map(|shares| Step::SetShares { shares }),
        1 => Just(Step::Distribute),
        2 => who().prop_map(|who| Step::Drain { who }),
        4 => (who(), 0..1_000 as Balance).prop_map(|(who, amount)| Step::Fund { who, amount }),
        2 => (who(), any::<bool>()).prop_map(|(who, frozen)| Step::Freeze { who, frozen }),
    ];
    (1..3u64, step, prop::bool::weighted(0.8))
}

/// What the currency lets `who` hold.
fn available(who: u64) -> Balance {
    Balances::reducible_balance(&who, Preservation::Protect, Fortitude::Force)
}

/// Leaves out the weight.
fn done(found: DispatchResultWithPostInfo) -> DispatchResult {
    found.map(|_| ()).map_err(|error| error.error)
}

fn rate(ppm: Ppm) -> FeeRate {
    FeeRate::new(ppm).expect("within the bounds")
}

impl Model {
    fn new() -> Self {
        Self {
            pot: pot(),
            rate: CurrentFee::<Test>::get().ppm(),
            shares: vec![(TREASURY, MILLION)],
            accounts: Default::default(),
            money: money(),
        }
    }

    /// Whom `who` means for account `id`.
    fn find(&self, id: u64, who: &Who) -> u64 {
        let account = self.accounts.get(&id);
        let nth = |all: Vec<u64>, n: &usize| all.get(n % all.len().max(1)).copied();
        let found = match who {
            Who::Owner => account.map(|account| account.owner),
            Who::Approved(n) => account.and_then(|account| nth(account.approvals.keys().copied().collect(), n)),
            Who::Funder(n) => account.and_then(|account| nth(account.funders().into_iter().collect(), n)),
            Who::Payee(n) => account.and_then(|account| nth(account.payees().into_iter().collect(), n)),
            Who::Actor(who) => Some(*who),
        };
        found.unwrap_or(TENANT)
    }

    /// Makes one step here and there, and compares what comes of it.
    fn step(&mut self, id: u64, step: Step) {
        let (found, expected): (Result<(), DispatchError>, _) = match step {
            Step::Open { owner, amount } => {
                let owner = self.find(id, &owner);
                let expected = self.open(id, owner, amount, available(owner));
                (Escrow::open(id, &owner, amount), expected)
            }
            Step::Deposit { who, amount } => {
                let who = self.find(id, &who);
                let expected = self.deposit(id, who, amount, available(who));
                (Escrow::deposit(id, &who, amount), expected)
            }
            Step::Withdraw { who, amount } => {
                let who = self.find(id, &who);
                (Escrow::withdraw(id, &who, amount), self.withdraw(id, who, amount))
            }
            Step::SetOwner { owner } => {
                let owner = self.find(id, &owner);
                (Escrow::set_owner(id, &owner), self.set_owner(id, owner))
            }
            Step::Approve { by, who, minimum } => {
                let (by, who) = (self.find(id, &by), self.find(id, &who));
                let found = Escrow::approve(signed(by), id, who, minimum);
                (found, self.approve(id, by, who, minimum))
            }
            Step::Revoke { by, who } => {
                let (by, who) = (self.find(id, &by), self.find(id, &who));
                let found = Escrow::revoke_approval(signed(by), id, who);
                (found, self.revoke_approval(id, by, who))
            }
            Step::Charge { charges } => self.step_charge(id, &charges),
            Step::Claim { payee } => {
                let payee = self.find(id, &payee);
                let found = Escrow::claim(signed(OTHER), id, payee);
                (done(found), self.pay_out(id, payee).map(|_| ()))
            }
            Step::Close => (Escrow::close(id), self.close(id)),
            Step::SetFee { ppm } => {
                self.rate = ppm;
                (Escrow::set_fee_rate(RuntimeOrigin::root(), rate(ppm)), Ok(()))
            }
            Step::SetShares { shares } => {
                let set = shares.iter().map(|&(recipient, ppm)| Share { recipient, ppm });
                let set = Shares::try_from(set.collect::<Vec<_>>()).expect("few enough");
                let found = Escrow::set_income_shares(RuntimeOrigin::root(), set);
                (found, self.set_income_shares(shares))
            }
            Step::Distribute => (done(Escrow::distribute(signed(OTHER))), self.distribute()),
            Step::Drain { .. } | Step::Fund { .. } | Step::Freeze { .. } => return self.step_elsewhere(id, step),
        };
        assert_eq!(found, expected);
        assert!(found.is_ok() || System::events().is_empty(), "what fails says nothing");
    }

    fn step_charge(&mut self, id: u64, charges: &[(Who, Balance)]) -> (DispatchResult, DispatchResult) {
        let fee = rate(self.accounts.get(&id).map_or(self.rate, |account| account.rate));
        let charges: Vec<_> = charges
            .iter()
            .map(|(who, amount)| (self.find(id, who), *amount))
            .collect();
        let of = |&(payee, amount): &(u64, Balance)| Charge { payee, amount, fee };
        let real: Vec<_> = charges.iter().map(of).collect();
        let quote = self.charged(id, &charges).map(|account| account.totals());
        assert_eq!(Escrow::quote(id, &real), quote);
        (Escrow::charge(id, &real), self.charge(id, &charges))
    }

    /// Steps of the currency, whose outcome escrow has to live with. Nobody has the pot's key.
    fn step_elsewhere(&mut self, id: u64, step: Step) {
        match step {
            Step::Drain { who } => {
                let who = self.find(id, &who);
                let all = Balances::reducible_balance(&who, Preservation::Expendable, Fortitude::Polite);
                if who != pot() {
                    let _ = <Balances as Mutate<u64>>::transfer(&who, &BANK, all, Preservation::Expendable);
                }
            }
            Step::Fund { who, amount } => {
                let who = self.find(id, &who);
                let _ = <Balances as Mutate<u64>>::transfer(&BANK, &who, amount, Preservation::Preserve);
            }
            Step::Freeze { who, frozen } => {
                let who = self.find(id, &who);
                let _ = match frozen && who != pot() {
                    true => Balances::set_freeze(&0, &who, Balance::MAX),
                    false => Balances::thaw(&0, &who),
                };
            }
            _ => unreachable!("a step of escrow"),
        }
        self.money = money();
    }

    /// The chain holds what the model holds.
    fn compare(&self) {
        for id in 1..3 {
            let Some(plain) = self.accounts.get(&id) else {
                assert_eq!(Accounts::<Test>::get(id), None);
                continue;
            };
            let found = account(id);
            assert_eq!(found.totals, plain.totals());
            assert_eq!(
                (found.owner, found.closed, found.carry),
                (plain.owner, plain.closed, plain.carry)
            );
            assert_eq!(deposits(id), plain.runs());
            let owed = credits(id)
                .into_iter()
                .map(|(payee, from, amount)| ((payee, from), amount));
            assert_eq!(owed.collect::<BTreeMap<_, _>>(), plain.owed);
            let approvals = found
                .approvals
                .into_iter()
                .map(|approval| (approval.who, approval.minimum));
            assert_eq!(approvals.collect::<BTreeMap<_, _>>(), plain.approvals);
        }
        let mut expected = self.money.clone();
        expected.retain(|_, money| *money != Money::default());
        assert_eq!(money(), expected);
        assert_eq!(CurrentFee::<Test>::get().ppm(), self.rate);
    }
}

/// Adds what the last step paid in and out, and forgets its events.
fn tally(paid_in: &mut Balance, paid_out: &mut Balance) {
    for record in System::events() {
        match record.event {
            RuntimeEvent::Escrow(Event::Opened { amount, .. } | Event::Deposited { amount, .. }) => *paid_in += amount,
            RuntimeEvent::Escrow(Event::PaidOut { amount, .. } | Event::Withdrawn { amount, .. }) => {
                *paid_out += amount
            }
            _ => {}
        }
    }
    System::reset_events();
}

proptest! {
    // A case is long: 150 steps on average. PROPTEST_CASES, 256 by default, makes more of them.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.div_ceil(16), ..Default::default() })]

    /// Escrow and the model agree after every step, nothing that fails changes anything, and no unit is lost or made.
    #[test]
    fn escrow_does_what_plain_integers_say(steps in prop::collection::vec(step(), 1..300)) {
        build_and_execute(|| {
            Balances::mint_into(&BANK, 1_000_000).expect("there is room");
            let issuance = Balances::total_issuance();
            let mut model = Model::new();
            System::reset_events();
            let (mut paid_in, mut paid_out) = (0, 0);
            for (id, step, reopen) in steps {
                if reopen && !model.accounts.contains_key(&id) {
                    let tenant = || Who::Actor(TENANT);
                    model.step(id, Step::Fund { who: tenant(), amount: 500 });
                    model.step(id, Step::Open { owner: tenant(), amount: 200 });
                    tally(&mut paid_in, &mut paid_out);
                }
                model.step(id, step);
                model.compare();
                tally(&mut paid_in, &mut paid_out);
                Escrow::do_try_state().expect("invariants hold");
            }
            let on_hold: Balance = money().values().map(|money| money.held).sum();
            assert_eq!(paid_in, paid_out + on_hold);
            assert_eq!(Balances::total_issuance(), issuance);
        });
    }

    /// However a charge is cut, fee, pay and who paid them are the same.
    #[test]
    fn cutting_a_charge_changes_nothing(
        cuts in prop::collection::vec(0..u64::MAX, 1..20),
        deposits in prop::collection::vec(1..u64::MAX, 1..8),
        ppm in FeeRate::MIN.ppm()..=FeeRate::MAX.ppm(),
    ) {
        let amounts: Vec<_> = cuts.iter().map(|cut| Balance::from(*cut)).collect();
        let total: Balance = amounts.iter().sum();
        let charged = |amounts: &[Balance]| {
            let mut account = Account::new(TENANT);
            for (n, amount) in deposits.iter().enumerate() {
                account.owner = n as u64;
                account.deposit::<Test>(&(n as u64), (*amount).into()).expect("an owner may");
            }
            account.deposit::<Test>(&account.owner.clone(), total).expect("an owner may");
            for amount in amounts {
                let charge = Charge { payee: PROVIDER, amount: *amount, fee: rate(ppm) };
                account.charge::<Test>(&[charge], &TREASURY).expect("covered");
            }
            account.credits.0.sort_by_key(|Credit { payee, depositor, .. }| (*payee, *depositor));
            account
        };
        let (many, one) = (charged(&amounts), charged(&[total]));
        prop_assert_eq!(&many, &one);
        prop_assert_eq!(one.totals.fee, total * Balance::from(ppm) / 1_000_000);
    }
}
