//! Weights as Rust.

use super::{Cost, Line};
use crate::machine::Machine;
use anyhow::Result;
use std::{collections::BTreeMap, fmt::Write, process::Command};

/// What the files of all pallets begin with.
pub fn header(machine: &Machine, command: &str) -> Result<String> {
    let date = Command::new("date").args(["-u", "+%F"]).output()?.stdout;
    let date = String::from_utf8_lossy(&date).trim().to_owned();
    Ok(format!(
        "//! Weights, measured by `{command}`; not edited by hand.\n\
         //!\n\
         //! Machine: {machine}.\n\
         //! Date: {date}. The runtime ran in WebAssembly, compiled by the profile `wasm`, on the state of genesis in\n\
         //! memory. For keys read and written the runtime's `RuntimeDbWeight` is added, see docs/weights.md.\n\n"
    ))
}

const USES: &str = "use core::marker::PhantomData;\n\
     use frame_support::{traits::Get, weights::{RuntimeDbWeight, Weight}};\n\n";

/// The weights of a pallet of ours.
pub fn pallet(header: &str, costs: &BTreeMap<String, Cost>) -> Result<String> {
    let mut text = header.to_owned() + USES;
    text.push_str(
        "/// Weights of this pallet, one for each of its benchmarks.\n\
         pub trait WeightInfo {\n",
    );
    for (name, cost) in costs {
        writeln!(
            text,
            "/// Of the benchmark `{name}`.\nfn {name}({}) -> Weight;",
            parameters(cost, "")
        )?;
    }
    text.push_str("}\n\n");
    over_the_database(&mut text, "WeightInfo", costs)?;
    text.push_str("/// Without the database, for tests.\nimpl WeightInfo for () {\n");
    delegate(&mut text, costs, "RuntimeDbWeight::default()")?;
    text.push_str("}\n\n");
    measured(&mut text, costs)?;
    Ok(text)
}

/// The weights of a pallet of the SDK, which has its own trait for them.
pub fn stock(header: &str, trait_: &str, costs: &BTreeMap<String, Cost>) -> Result<String> {
    let mut text = header.to_owned() + USES;
    over_the_database(&mut text, trait_, costs)?;
    measured(&mut text, costs)?;
    Ok(text)
}

fn over_the_database(text: &mut String, trait_: &str, costs: &BTreeMap<String, Cost>) -> Result<()> {
    write!(
        text,
        "/// Over the runtime's database.\npub struct SubstrateWeight<T>(PhantomData<T>);\n\n\
         impl<T: frame_system::Config> {trait_} for SubstrateWeight<T> {{\n"
    )?;
    delegate(text, costs, "T::DbWeight::get()")?;
    text.push_str("}\n\n");
    Ok(())
}

fn measured(text: &mut String, costs: &BTreeMap<String, Cost>) -> Result<()> {
    text.push_str("/// What was measured, once for every database.\nmod measured {\nuse super::*;\n\n");
    for (name, cost) in costs {
        function(text, name, cost)?;
    }
    text.push_str("}\n");
    Ok(())
}

/// The components as parameters, behind `first`.
fn parameters(cost: &Cost, first: &str) -> String {
    let components = cost.components.iter().map(|name| format!("{name}: u32"));
    let first = Some(first.to_owned()).filter(|first| !first.is_empty());
    first.into_iter().chain(components).collect::<Vec<_>>().join(", ")
}

fn delegate(text: &mut String, costs: &BTreeMap<String, Cost>, db: &str) -> Result<()> {
    for (name, cost) in costs {
        let arguments: String = cost.components.iter().map(|name| format!(", {name}")).collect();
        let parameters = parameters(cost, "");
        writeln!(
            text,
            "fn {name}({parameters}) -> Weight {{ measured::{name}({db}{arguments}) }}"
        )?;
    }
    Ok(())
}

fn function(text: &mut String, name: &str, cost: &Cost) -> Result<()> {
    let touches = cost.reads.is_some() || cost.writes.is_some();
    let db = if touches {
        "db: RuntimeDbWeight"
    } else {
        "_: RuntimeDbWeight"
    };
    writeln!(text, "pub fn {name}({}) -> Weight {{", parameters(cost, db))?;
    write!(
        text,
        "Weight::from_parts({}, {})",
        number(cost.time.base),
        number(cost.proof.base)
    )?;
    for (at, component) in cost.components.iter().enumerate() {
        let (time, proof) = (cost.time.slopes[at], cost.proof.slopes[at]);
        if time > 0 || proof > 0 {
            let parts = format!("Weight::from_parts({}, {})", number(time), number(proof));
            write!(text, ".saturating_add({parts}.saturating_mul({component}.into()))")?;
        }
    }
    touched(text, "reads", &cost.reads, &cost.components)?;
    touched(text, "writes", &cost.writes, &cost.components)?;
    text.push_str("\n}\n");
    Ok(())
}

fn touched(text: &mut String, what: &str, line: &Line, components: &[String]) -> Result<()> {
    if line.base > 0 {
        write!(text, ".saturating_add(db.{what}({}))", line.base)?;
    }
    for (slope, component) in line.slopes.iter().zip(components).filter(|(slope, _)| **slope > 0) {
        write!(
            text,
            ".saturating_add(db.{what}({slope}).saturating_mul({component}.into()))"
        )?;
    }
    Ok(())
}

impl Line {
    /// Is it more than zero anywhere?
    fn is_some(&self) -> bool {
        self.base > 0 || self.slopes.iter().any(|slope| *slope > 0)
    }
}

/// A number with its thousands apart, as the formatter leaves it.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost() -> Cost {
        let line = |base, slope| Line {
            base,
            slopes: vec![slope],
        };
        Cost {
            components: vec!["n".to_owned()],
            most: vec![8],
            time: line(1_234_567, 1_000),
            reads: line(3, 0),
            writes: line(0, 2),
            proof: line(64, 0),
        }
    }

    #[test]
    fn a_weight_says_what_was_measured_and_no_more() {
        let mut text = String::new();
        function(&mut text, "call", &cost()).expect("writes into a string");
        assert_eq!(
            text,
            "pub fn call(db: RuntimeDbWeight, n: u32) -> Weight {\nWeight::from_parts(1_234_567, 64)\
             .saturating_add(Weight::from_parts(1_000, 0).saturating_mul(n.into()))\
             .saturating_add(db.reads(3))\
             .saturating_add(db.writes(2).saturating_mul(n.into()))\n}\n"
        );
    }

    #[test]
    fn what_touches_no_key_takes_no_database() {
        let none = Line {
            base: 0,
            slopes: vec![],
        };
        let cost = Cost {
            components: vec![],
            most: vec![],
            time: Line {
                base: 5,
                slopes: vec![],
            },
            reads: none.clone(),
            writes: none.clone(),
            proof: none,
        };
        let mut text = String::new();
        function(&mut text, "look", &cost).expect("writes into a string");
        assert!(
            text.starts_with("pub fn look(_: RuntimeDbWeight) -> Weight {"),
            "{text}"
        );
    }
}
