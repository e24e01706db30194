//! One lease in the model, billed block by block.

use super::{queue::Queue, WHOLE};
use crate::chain::*;
use perigee_billing_model::{self as billing, Agreement, Carry, End, Terms};
use perigee_primitives::{
    AskId, Balance, BlockNumber, CloseReason, Commitment, DeploymentId, GroupOrder, ProviderId, Region,
};
use std::{collections::BTreeMap, rc::Rc};

/// Money that changes its owner.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub from: Who,
    pub to: Who,
    pub amount: Balance,
}

/// Where a lease is in its life.
#[derive(Clone, Debug)]
pub enum Stage {
    Pending {
        activate_by: BlockNumber,
        receipt: bool,
    },
    Active(Box<Life>),
    /// Ended without ever having been active.
    Missed {
        at: BlockNumber,
        reason: CloseReason,
    },
}

/// What became of the reservation fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    Held,
    Returned,
    Burned,
}

#[derive(Clone, Debug)]
pub struct Lease {
    pub deployment: DeploymentId,
    pub owner: Who,
    pub provider: ProviderId,
    pub ask: AskId,
    /// What is ordered of the asks behind that one, should it not be activated.
    pub rest: Option<Rc<GroupOrder<Who>>>,
    /// The number by which it lies apart from others, and where it lies.
    pub spread: Option<(u8, Region)>,
    pub units: u32,
    pub commitment: Commitment,
    pub rate: Balance,
    pub payee: Who,
    pub ppm: u32,
    pub term: Option<BlockNumber>,
    pub notice: BlockNumber,
    pub sla: u32,
    pub stage: Stage,
    pub reservation: Reservation,
    pub deposits: Queue,
    pub deposited: Balance,
    /// Who else may deposit, and how much at least.
    pub approved: BTreeMap<Who, Balance>,
    /// What is left of the bond.
    pub bond: Balance,
}

/// A lease that was activated.
#[derive(Clone, Debug)]
pub struct Life {
    pub bill: billing::Lease,
    /// Why somebody ended it, if somebody did.
    pub called: Option<CloseReason>,
    carry: Carry,
    /// The first block that is not billed.
    pub next: BlockNumber,
    pub billed: Balance,
    pub fee: Balance,
    pub unbilled: BlockNumber,
    pub broken: bool,
    /// What the bond paid for absences.
    pub credited: Balance,
}

impl Lease {
    /// The operator says that it runs.
    pub fn activate(&mut self, now: BlockNumber) {
        let agreement = Agreement {
            times: billing::Times {
                epoch: TIMES.epoch,
                deadline: TIMES.deadline,
                margin: TIMES.margin,
            },
            terms: Terms {
                rate: self.rate,
                payee: self.payee,
                ppm: self.ppm,
                paused: false,
                unready: false,
            },
            deposited: self.deposited,
            term: self.term,
            notice: self.notice,
            sla_window: SLA_WINDOW,
            sla: self.sla,
            bond_blocks: BOND_BLOCKS,
            pause_ratio: PAUSE_RATIO,
        };
        self.rest = None;
        self.stage = Stage::Active(Box::new(Life {
            bill: billing::Lease::activate(agreement, now),
            called: None,
            carry: Carry::default(),
            next: now,
            billed: 0,
            fee: 0,
            unbilled: 0,
            broken: false,
            credited: 0,
        }));
    }

    /// What takes the place of a lease that was never active.
    pub fn order_again(&self) -> GroupOrder<Who> {
        let rest = self.rest.as_ref().expect("it was never active");
        GroupOrder {
            deposit: self.deposited,
            ..(**rest).clone()
        }
    }

    /// A part of what is left of its bond, as far as the provider answers for it.
    pub fn forfeit(&self, ppm: u32) -> Balance {
        let answered = self.life().map(|life| life.carry.answered_for(BOND_BLOCKS));
        self.bond.min(answered.unwrap_or(self.bond)) * Balance::from(ppm) / WHOLE
    }

    pub fn life(&self) -> Option<&Life> {
        match &self.stage {
            Stage::Active(life) => Some(life),
            _ => None,
        }
    }

    pub fn life_mut(&mut self) -> Option<&mut Life> {
        match &mut self.stage {
            Stage::Active(life) => Some(life),
            _ => None,
        }
    }

    /// Is it active and has not ended?
    pub fn is_active(&self) -> bool {
        self.life().is_some_and(|life| life.bill.end().is_none())
    }

    /// Has it not ended?
    pub fn runs(&self, now: BlockNumber) -> bool {
        match self.stage {
            Stage::Pending { activate_by, .. } => now < activate_by,
            Stage::Active(_) => self.is_active(),
            Stage::Missed { .. } => false,
        }
    }

    /// Its end, if it has come to it.
    pub fn ended(&self, now: BlockNumber) -> Option<(BlockNumber, CloseReason)> {
        match &self.stage {
            Stage::Pending { activate_by, receipt } => (*activate_by <= now).then(|| (*activate_by, missed(*receipt))),
            Stage::Missed { at, reason } => Some((*at, *reason)),
            Stage::Active(life) => life.bill.end().map(|(at, why)| (at, life.why(why))),
        }
    }

    /// Is nothing left to be judged of it?
    pub fn is_settled(&self) -> bool {
        match &self.stage {
            Stage::Pending { .. } => false,
            Stage::Missed { .. } => true,
            Stage::Active(life) => life.bill.end().is_some_and(|(at, _)| life.next >= at),
        }
    }

    /// Bills all blocks before `judged`, one after the other.
    pub fn advance(&mut self, judged: BlockNumber, stash: Who) -> Vec<Move> {
        let mut moves = vec![];
        let Stage::Active(life) = &mut self.stage else {
            return moves;
        };
        let until = life.bill.billed_until(judged);
        while life.next < until {
            let line = life.bill.line(life.next, &mut life.carry);
            life.next += 1;
            life.billed += line.cost;
            life.fee += line.fee;
            life.unbilled += u32::from(!line.present);
            life.broken |= line.broken;
            let mut fee = line.fee;
            for (from, part) in self.deposits.spend(line.cost) {
                // Which of two depositors pays the unit of fee makes no difference to what each pays.
                let of_fee = fee.min(part);
                fee -= of_fee;
                let to_payee = Move {
                    from,
                    to: line.payee,
                    amount: part - of_fee,
                };
                moves.extend([
                    to_payee,
                    Move {
                        from,
                        to: POT,
                        amount: of_fee,
                    },
                ]);
            }
            let credit = line.credit.min(self.bond);
            self.bond -= credit;
            life.credited += credit;
            moves.push(Move {
                from: stash,
                to: self.owner,
                amount: credit,
            });
        }
        if life.bill.end().is_some_and(|(at, _)| life.next >= at) {
            self.bond = 0;
        }
        moves
    }

    /// Pays up to `amount` out of the bond to the owner.
    pub fn pay(&mut self, amount: Balance, stash: Who) -> Move {
        let amount = amount.min(self.bond);
        self.bond -= amount;
        Move {
            from: stash,
            to: self.owner,
            amount,
        }
    }

    /// What another rate asks for, less the credits that were paid.
    pub fn bond_at(&self, rate: Balance) -> Balance {
        let credited = self.life().map_or(0, |life| life.credited);
        (rate * Balance::from(BOND_BLOCKS)).saturating_sub(credited)
    }
}

impl Life {
    fn why(&self, why: End) -> CloseReason {
        match why {
            End::Term => CloseReason::TermEnded,
            End::Notice => CloseReason::ClosedByProvider,
            End::Funds => CloseReason::FundsEnded,
            End::Call => self.called.expect("somebody called"),
        }
    }
}

/// Why a lease ended that was not activated in time.
pub fn missed(receipt: bool) -> CloseReason {
    if receipt {
        CloseReason::NoShow
    } else {
        CloseReason::ActivationMissed
    }
}
