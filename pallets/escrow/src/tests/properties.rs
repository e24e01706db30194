//! Whatever the order of events, the account does what plain integers say.

use super::*;
use crate::Credit;
use perigee_primitives::{traits::Charge, FeeRate};
use proptest::prelude::*;

proptest! {
    /// However a charge is cut, fee, pay and who paid them are the same.
    #[test]
    fn cutting_a_charge_changes_nothing(
        cuts in prop::collection::vec(0..u64::MAX, 1..20),
        deposits in prop::collection::vec(1..u64::MAX, 1..8),
        ppm in FeeRate::MIN.ppm()..=FeeRate::MAX.ppm(),
    ) {
        let fee = FeeRate::new(ppm).expect("within the bounds");
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
                let charge = Charge { payee: PROVIDER, amount: *amount, fee };
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
