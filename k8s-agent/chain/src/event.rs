//! Events of the marketplace.

use crate::{api::marketplace::events as e, config::PerigeeConfig, AccountId};
use perigee_primitives::{AskId, Balance, BlockNumber, CloseReason, DeploymentId, LeaseId, ProviderId};
use subxt::extrinsics::ExtrinsicEvents;

/// What an extrinsic did in the marketplace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A deployment was opened.
    DeploymentOpened {
        /// Which.
        deployment: DeploymentId,
        /// Who pays.
        owner: AccountId,
    },
    /// A lease was opened.
    LeaseOpened {
        /// Which.
        lease: LeaseId,
        /// Its deployment.
        deployment: DeploymentId,
        /// Who provides.
        provider: ProviderId,
        /// The ask it was opened at.
        ask: AskId,
        /// Rate per block.
        rate: Balance,
        /// First block at which activation is too late.
        activate_by: BlockNumber,
    },
    /// A lease runs.
    LeaseActivated {
        /// Which.
        lease: LeaseId,
        /// Billed from this block on.
        at: BlockNumber,
    },
    /// A lease was settled.
    LeaseSettled {
        /// Which.
        lease: LeaseId,
        /// Up to this block.
        until: BlockNumber,
        /// Billed by this settlement, fee included.
        billed: Balance,
        /// The fee's part.
        fee: Balance,
    },
    /// A lease ended; its tail may still wait for verdicts.
    LeaseEnded {
        /// Which.
        lease: LeaseId,
        /// First block that is not billed.
        at: BlockNumber,
        /// Why.
        reason: CloseReason,
    },
    /// A lease is settled for good.
    LeaseFinal {
        /// Which.
        lease: LeaseId,
        /// All deposits.
        deposited: Balance,
        /// To the provider.
        to_provider: Balance,
        /// The fee.
        fee: Balance,
        /// Back to the owner.
        refunded: Balance,
    },
    /// Escrow grew.
    Deposited {
        /// Of which lease.
        lease: LeaseId,
        /// Who paid.
        who: AccountId,
        /// How much.
        amount: Balance,
    },
    /// The provider ends the lease.
    NoticeGiven {
        /// Which.
        lease: LeaseId,
        /// When.
        ends_at: BlockNumber,
    },
}

impl Event {
    pub(crate) fn all(events: &ExtrinsicEvents<PerigeeConfig>) -> Result<Vec<Self>, Box<subxt::error::EventsError>> {
        let mut found = Vec::new();
        for event in events.iter() {
            found.extend(Self::read(&event?).transpose()?);
        }
        Ok(found)
    }

    fn read(event: &subxt::events::Event<'_, PerigeeConfig>) -> Option<Result<Self, subxt::error::EventsError>> {
        macro_rules! read {
            ($($kind:ident { $($field:ident),* }),* $(,)?) => {
                $(if let Some(found) = event.decode_fields_as::<e::$kind>() {
                    return Some(found.map(|e::$kind { $($field),* }| Self::$kind { $($field: Plain::plain($field)),* }));
                })*
            };
        }
        read!(
            DeploymentOpened { deployment, owner },
            LeaseOpened {
                lease,
                deployment,
                provider,
                ask,
                rate,
                activate_by
            },
            LeaseActivated { lease, at },
            LeaseSettled {
                lease,
                until,
                billed,
                fee
            },
            LeaseEnded { lease, at, reason },
            LeaseFinal {
                lease,
                deposited,
                to_provider,
                fee,
                refunded
            },
            Deposited { lease, who, amount },
            NoticeGiven { lease, ends_at },
        );
        None
    }
}

/// Takes the marker off fields that are decoded by their own code rather than by metadata.
trait Plain {
    type Plain;
    fn plain(self) -> Self::Plain;
}

impl Plain for subxt::utils::Static<CloseReason> {
    type Plain = CloseReason;
    fn plain(self) -> CloseReason {
        self.0
    }
}

macro_rules! already_plain {
    ($($t:ty),*) => {
        $(impl Plain for $t {
            type Plain = $t;
            fn plain(self) -> $t {
                self
            }
        })*
    };
}
already_plain!(u32, u64, u128, AccountId);
