//! Parameters, payments, and reports that nobody planned.

use super::*;

impl Steps {
    pub(super) fn money_step(&mut self, model: &Model) -> Step {
        let stranger = self.one_of(&everybody());
        match self.0.gen_range(0..10) {
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
            _ => {
                let operator = self.one_of(&OPERATORS);
                call(
                    operator,
                    pallet_balances::Call::transfer_all {
                        dest: SINK,
                        keep_alive: false,
                    },
                )
            }
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
