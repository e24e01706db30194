//! Parameters, payments, frozen and emptied accounts, and reports that nobody planned.

use super::*;
use frame_support::traits::fungible::Inspect;

fn give_away(who: Who) -> Step {
    let transfer = pallet_balances::Call::transfer_all {
        dest: SINK,
        keep_alive: false,
    };
    call(who, transfer)
}

fn give_back(who: Who) -> Step {
    let transfer = pallet_balances::Call::transfer_allow_death {
        dest: who,
        value: RICH * 3 / 4,
    };
    call(SINK, transfer)
}

impl Steps {
    pub(super) fn money_step(&mut self, model: &Model) -> Step {
        let stranger = self.one_of(&everybody());
        match self.0.gen_range(0..16) {
            0..=1 => {
                let rate = FeeRate::new(self.0.gen_range(30_000..=50_000)).expect("within the bounds");
                self.root(Pay::set_fee_rate { rate }, stranger)
            }
            2..=3 => self.shares(stranger),
            4..=6 => call(stranger, Pay::distribute {}),
            7 => {
                let lease = self.lease(model);
                call(stranger, Pay::claim { id: lease, payee: POT })
            }
            8..=9 => {
                let operator = self.one_of(&OPERATORS);
                give_away(operator)
            }
            10..=12 => self.freeze(),
            _ => self.spend(),
        }
    }

    /// An account of anybody is frozen, in part or more than it owns, or thawed.
    fn freeze(&mut self) -> Step {
        let others: Vec<_> = everybody().into_iter().filter(|who| *who != POT).collect();
        let amount = match self.0.gen_range(0..6) {
            0..=2 => 0,
            3 => self.0.gen_range(1..2 * ED),
            4 => RICH / 2,
            _ => Balance::MAX,
        };
        Step::Freeze {
            who: self.one_of(&others),
            amount,
        }
    }

    /// Somebody gives everything away, or gets it back. What has no holds is reaped.
    fn spend(&mut self) -> Step {
        let who = self.one_of(&SPENDERS);
        let poor = |who: &Who| Balances::total_balance(who) < RICH / 2;
        match SPENDERS.into_iter().find(poor) {
            Some(poor) if self.0.gen_ratio(2, 3) => give_back(poor),
            _ => give_away(who),
        }
    }

    fn shares(&mut self, stranger: Who) -> Step {
        let first = self.0.gen_range(1..999_999);
        let second = if self.often() {
            1_000_000 - first
        } else {
            self.0.gen_range(0..1_000_000)
        };
        let mut who = [RECIPIENTS.as_slice(), &[11, 2]].concat();
        who.shuffle(&mut self.0);
        if !self.often() {
            who[1] = self.one_of(&[who[0], POT]);
        }
        let shares = [(who[0], first), (who[1], second)].map(|(recipient, ppm)| Share { recipient, ppm });
        self.root(
            Pay::set_income_shares {
                shares: shares.to_vec().try_into().expect("two"),
            },
            stranger,
        )
    }

    /// Reports that nobody planned: of an epoch that is not over or judged long ago, and of a validator that is none.
    pub(super) fn odd_step(&mut self, model: &Model) -> Step {
        let epoch = TIMES.epoch_of(model.now);
        let validator = self.0.gen_range(0..VALIDATORS);
        let (epoch, validator) = match self.0.gen_range(0..3) {
            0 => (epoch, validator),
            1 => (epoch.saturating_sub(1), VALIDATORS + validator),
            2 if epoch > 1 => (epoch - 2, validator),
            _ => (epoch + 1, validator),
        };
        let report = Report {
            epoch,
            validator,
            finalised: 0,
            absent: Gaps::from_ids([]).expect("empty"),
        };
        let call = pallet_reputation::Call::report {
            report,
            signature: signature(),
        }
        .into();
        let caller = self.one_of(&[Caller::Report, Caller::Report, Caller::Root, Caller::Account(1)]);
        Step::Call {
            caller,
            call: Box::new(call),
        }
    }
}
