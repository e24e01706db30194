//! Group specs: what is ordered on a market, one per placement. Fields are declared in the order of their JSON names;
//! texts are a `String`, or borrow from the document while bytes are made of it.

use crate::quantity::Decimal;
use crate::resources::{Attribute, Resources, Totals};
use serde::{Deserialize, Serialize};

/// What one placement asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec<S = String> {
    /// Name of the placement.
    pub name: S,
    /// Which providers will do.
    pub requirements: Requirements<S>,
    /// What is needed, and for how much.
    pub resources: Vec<ResourceUnit<S>>,
}

impl GroupSpec {
    /// What the group needs in all.
    pub fn total(&self) -> Totals {
        let mut totals = Totals::default();
        for unit in &self.resources {
            totals.add(&unit.resource, unit.count);
        }
        totals
    }

    /// The most that the tenant pays per block for the whole group: the sum of count × amount. `None` where the units
    /// name different denominations or the sum is too large.
    pub fn max_price(&self) -> Option<Price> {
        let denom = &self.resources.first()?.price.denom;
        let mut amount = Decimal::ZERO;
        for unit in &self.resources {
            if unit.price.denom != *denom {
                return None;
            }
            amount = amount.checked_add(unit.price.amount.checked_mul(unit.count)?)?;
        }
        Some(Price {
            amount,
            denom: denom.clone(),
        })
    }
}

/// Which providers will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements<S = String> {
    /// Attributes that the provider must have, sorted by key.
    pub attributes: Option<Vec<Attribute<S>>>,
    /// Who must vouch for them.
    pub signed_by: SignedBy<S>,
}

/// Auditors who must vouch for a provider's attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy<S = String> {
    /// All of these.
    pub all_of: Option<Vec<S>>,
    /// At least one of these.
    pub any_of: Option<Vec<S>>,
}

/// So many replicas of these resources at no more than this price each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceUnit<S = String> {
    /// Replicas.
    pub count: u32,
    /// Most that is paid per replica and block.
    pub price: Price<S>,
    /// What one replica needs.
    pub resource: Resources<S>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price<S = String> {
    /// The amount; JSON has 18 decimals.
    pub amount: Decimal,
    /// What it is counted in, for instance `uprg`.
    pub denom: S,
}
