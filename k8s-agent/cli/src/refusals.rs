//! Why the chain does not take an order at asks that seemed to fit, with the figures that matter.

use crate::{
    commands::providers::tier_in_a_word,
    error::CliError,
    money::{per_cent, Amount},
    quote::Quoted,
};
use perigee_chain::{GroupOrder, View};
use perigee_primitives::{Ppm, Refusal, Unmet};
use std::collections::BTreeMap;

/// An ask that does not take the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why, without figures: what is counted together.
    reason: &'static str,
    /// The figures at this provider.
    figures: String,
}

/// What the chain said about the ask of `quoted`, with figures from the chain.
pub async fn with_figures(view: &View, quoted: &Quoted, why: Refusal, order: &GroupOrder) -> Result<Refused, CliError> {
    let (id, provider) = (quoted.provider.id, &quoted.provider);
    let figures = match why {
        Refusal::Stake => {
            let (needs, left) = (quoted.offer.rate, view.rate_left(provider)?);
            format!(
                "needs {} per block, the stake of {} backs {} more",
                Amount(needs),
                Amount(provider.stake),
                Amount(left)
            )
        }
        Refusal::Bond { needed } => {
            let free = view.bond_pool(id).await?.free();
            format!("needs {}, {} are free", least(needed), Amount(free))
        }
        Refusal::Deposit { least: needed } => {
            format!("needs {}, the order has {}", least(needed), Amount(order.deposit))
        }
        Refusal::Price { rate } => {
            format!("{} per block, at most {} are paid", least(rate), Amount(order.max_rate))
        }
        Refusal::Term => term_limits(view, quoted, order).await?,
        Refusal::Requirement(unmet) => requirement(view, quoted, unmet, order).await?,
        Refusal::Gone | Refusal::Tenant | Refusal::Spread | Refusal::Capacity => String::new(),
    };
    Ok(Refused {
        reason: reason(&why),
        figures: match figures.as_str() {
            "" => format!("provider {id}"),
            figures => format!("provider {id} {figures}"),
        },
    })
}

fn least(amount: Option<u128>) -> String {
    amount.map_or_else(
        || "more than can be counted".into(),
        |amount| Amount(amount).to_string(),
    )
}

async fn term_limits(view: &View, quoted: &Quoted, order: &GroupOrder) -> Result<String, CliError> {
    let Some(ask) = view.ask(quoted.offer.ask).await? else {
        return Ok(String::new());
    };
    let limits = ask.terms.terms;
    let longest = limits.longest.map_or_else(|| "any".into(), |blocks| blocks.to_string());
    let ordered = order
        .term
        .map_or_else(|| "an open end".into(), |blocks| format!("{blocks} blocks"));
    Ok(format!(
        "takes {} to {longest} blocks, ordered is {ordered}",
        limits.shortest
    ))
}

async fn requirement(view: &View, quoted: &Quoted, unmet: Unmet, order: &GroupOrder) -> Result<String, CliError> {
    let standings = view.standings(quoted.provider.id).await?;
    let wanted = &order.requirements;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match unmet {
        Unmet::Attribute(index) => match wanted.attributes.get(index as usize) {
            Some((key, value)) => format!("lacks {}={}", text(key), text(value)),
            None => String::new(),
        },
        Unmet::Availability => {
            let known = view.availability(quoted.provider.id, &standings).await?;
            availability(known, wanted.availability)
        }
        Unmet::Service => format!(
            "has {}, asked for is {}",
            per_cent(standings.service),
            per_cent(wanted.service)
        ),
        Unmet::Tier => format!(
            "is {}, asked for is {}",
            tier_in_a_word(view.tier(quoted.provider.id).await?),
            tier_in_a_word(wanted.tier)
        ),
        Unmet::Audit | Unmet::Country | Unmet::Region | Unmet::Isolation => String::new(),
    })
}

/// What attestation knows of a provider's availability, beside what is `wanted` of it.
fn availability(known: Option<Ppm>, wanted: Ppm) -> String {
    let has = known.map_or_else(|| "is not known yet".into(), |ppm| format!("has {}", per_cent(ppm)));
    format!("{has}, asked for is {}", per_cent(wanted))
}

fn reason(why: &Refusal) -> &'static str {
    match why {
        Refusal::Gone => "the ask has expired or was withdrawn",
        Refusal::Tenant => "the ask is not for your account",
        Refusal::Term => "the length of the lease",
        Refusal::Price { .. } => "the price",
        Refusal::Spread => "another lease that this one must be apart from is there",
        Refusal::Capacity => "too little capacity is free",
        Refusal::Stake => "the stake does not back the lease",
        Refusal::Deposit { .. } => "the deposit is too small",
        Refusal::Bond { .. } => "the bond pool does not hold the lease's bond",
        Refusal::Requirement(unmet) => match unmet {
            Unmet::Attribute(_) => "an attribute",
            Unmet::Audit => "the auditors that you name have not signed its attributes",
            Unmet::Country => "the country",
            Unmet::Region => "the region",
            Unmet::Availability => "the attested availability",
            Unmet::Service => "the service score",
            Unmet::Tier => "the tier",
            Unmet::Isolation => "the isolation",
        },
    }
}

/// One line for each reason: at how many of all `providers`, and the figures.
pub fn reasons(refused: &[Refused], providers: usize) -> Vec<String> {
    let mut together: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Refused { reason, figures } in refused {
        together.entry(reason).or_default().push(figures);
    }
    let line = |(reason, figures): (&str, Vec<&str>)| {
        format!(
            "{} of {providers} providers: {reason}: {}",
            figures.len(),
            figures.join("; ")
        )
    };
    together.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_for_one_reason_are_counted_together_with_their_figures() {
        let refused = |why: Refusal, figures: &str| Refused {
            reason: reason(&why),
            figures: figures.into(),
        };
        let lines = reasons(
            &[
                refused(Refusal::Stake, "provider 1 needs 2"),
                refused(Refusal::Tenant, "provider 2"),
                refused(Refusal::Stake, "provider 3 needs 4"),
            ],
            5,
        );
        let expected = [
            "1 of 5 providers: the ask is not for your account: provider 2",
            "2 of 5 providers: the stake does not back the lease: provider 1 needs 2; provider 3 needs 4",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_availability_that_is_not_known_yet_is_not_told_as_none() {
        assert_eq!(availability(None, 990_000), "is not known yet, asked for is 99.00 %");
        assert_eq!(availability(Some(0), 990_000), "has 0.00 %, asked for is 99.00 %");
    }
}
