//! What an SDL file asks of the market, in the units of the chain. Pure.

use crate::{demands::Demands, error::CliError, matching::Wanted, money::Decimal, settings::Denomination};
use perigee_chain::{AccountId, Requirements};
use perigee_primitives::{
    AttestationTimes, AttributePatterns, Balance, BlockNumber, GpuModel, PerModel, Resources, StorageClass, MAX_GROUPS,
    UPRG,
};
use perigee_sdl::{GroupSpec, Manifest, ManifestGroup, Sdl};
use std::collections::BTreeMap;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// The denomination of this chain.
const NATIVE: &str = "uprg";

/// The orders that a file makes, one for each of its placements, by name.
pub fn wanted(
    sdl: &Sdl,
    denominations: &BTreeMap<String, Denomination>,
    demands: &Demands,
) -> Result<Vec<Wanted>, CliError> {
    let groups = sdl.groups();
    if groups.len() > MAX_GROUPS as usize {
        return Err(CliError::usage(format!(
            "the file has {} placements; a deployment holds {MAX_GROUPS} at most",
            groups.len()
        ))
        .hint("Put services into the same placement, or split the file in several."));
    }
    if demands.spread && groups.len() < 2 {
        return Err(
            CliError::usage("there is nothing to spread: the file has one placement".into())
                .hint("Give each replica that must be apart a placement of its own, or leave --spread out."),
        );
    }
    let each = groups.iter().zip(sdl.manifest().groups);
    each.map(|(group, manifest)| order(group, &manifest, denominations, demands))
        .collect()
}

fn order(
    group: &GroupSpec,
    manifest: &ManifestGroup,
    denominations: &BTreeMap<String, Denomination>,
    demands: &Demands,
) -> Result<Wanted, CliError> {
    let mut requirements = requirements(group)?;
    demands.add_to(&mut requirements)?;
    Ok(Wanted {
        name: group.name.clone(),
        resources: resources(group)?,
        max_rate: max_rate(group, denominations)?,
        requirements,
        needs: manifest.needs(),
        apart_from: Vec::new(),
    })
}

/// The manifest of each placement, by name: a lease runs one, and its provider sees no other.
pub fn manifests(sdl: &Sdl) -> Vec<Manifest> {
    let groups = sdl.manifest().groups.into_iter();
    groups.map(|group| Manifest { groups: vec![group] }).collect()
}

/// A deposit, divided by rates. What is left of the division goes to the first.
pub fn shares(deposit: Balance, rates: &[Balance]) -> Option<Vec<Balance>> {
    let sum = rates.iter().try_fold(0, |sum: Balance, rate| sum.checked_add(*rate))?;
    let share = |rate: &Balance| deposit.checked_mul(*rate)?.checked_div(sum);
    let mut shares: Vec<_> = rates.iter().map(share).collect::<Option<_>>()?;
    let rest = deposit.checked_sub(shares.iter().sum())?;
    *shares.first_mut()? += rest;
    Some(shares)
}

/// What the file asks of the provider.
fn requirements(group: &GroupSpec) -> Result<Requirements, CliError> {
    let asked = &group.requirements;
    let auditors = |list: &Option<Vec<String>>| {
        let each = list.iter().flatten().map(|text| auditor(text));
        let all: Vec<_> = each.collect::<Result<_, _>>()?;
        all.try_into()
            .map_err(|_| CliError::usage("an order names four auditors at most in each list of signedBy".into()))
    };
    Ok(Requirements {
        attributes: patterns(group)?,
        all_of: auditors(&asked.signed_by.all_of)?,
        any_of: auditors(&asked.signed_by.any_of)?,
        ..Default::default()
    })
}

fn auditor(text: &str) -> Result<AccountId, CliError> {
    text.parse().map_err(|_| {
        CliError::usage(format!("signedBy names `{text}`, which is no account of this chain"))
            .hint("Auditors sign on this chain: put their addresses there (they begin with 5), or take signedBy out.")
    })
}

fn patterns(group: &GroupSpec) -> Result<AttributePatterns, CliError> {
    let text = |text: &str| {
        text.as_bytes().to_vec().try_into().map_err(|_| {
            CliError::usage(format!(
                "the attribute text `{text}` is longer than the 64 bytes the chain takes"
            ))
        })
    };
    let each = group.requirements.attributes.iter().flatten();
    let all: Vec<_> = each
        .map(|a| Ok((text(&a.key)?, text(&a.value)?)))
        .collect::<Result<_, CliError>>()?;
    all.try_into()
        .map_err(|_| CliError::usage("an order asks for 16 attributes at most".into()))
}

fn resources(group: &GroupSpec) -> Result<Resources, CliError> {
    let totals = group.total();
    let small = |value: u64, what: &str| {
        u32::try_from(value).map_err(|_| CliError::usage(format!("the file asks for {value} {what}: too many")))
    };
    let persistent_bytes = persistent_bytes(group);
    let all_persistent = persistent_bytes
        .iter()
        .fold(0, |sum: u64, bytes| sum.saturating_add(*bytes));
    Ok(Resources {
        cpu_milli: totals.cpu_milli,
        memory_mib: totals.memory_mib(),
        storage_mib: totals.storage_bytes.saturating_sub(all_persistent).div_ceil(MIB),
        persistent_mib: persistent_bytes.map(|bytes| bytes.div_ceil(MIB)),
        gpus: gpus(group)?,
        ips: 0,
        endpoints: small(totals.endpoints, "endpoints")?,
    })
}

/// Bytes of persistent volumes, by the index of their class.
fn persistent_bytes(group: &GroupSpec) -> [u64; StorageClass::ALL.len()] {
    let volumes = || {
        let units = group.resources.iter();
        units.flat_map(|unit| {
            unit.resource
                .storage
                .iter()
                .map(|volume| (volume, u64::from(unit.count)))
        })
    };
    StorageClass::ALL.map(|class| {
        let of_class = volumes().filter(|(volume, _)| volume.is_persistent() && volume.class() == Some(class.name()));
        of_class.fold(0, |sum: u64, (volume, count)| {
            sum.saturating_add(volume.size.val.saturating_mul(count))
        })
    })
}

/// GPUs by model. The market prices models, so a file has to name one.
fn gpus(group: &GroupSpec) -> Result<PerModel<u32>, CliError> {
    let mut gpus = PerModel::default();
    for unit in group.resources.iter().filter(|unit| unit.resource.gpu.units.val > 0) {
        let gpu = &unit.resource.gpu;
        let named = gpu.attributes.iter().find_map(|a| model_of(&a.key));
        let model = named.ok_or_else(|| {
            CliError::usage("the file asks for GPUs without naming a model".into())
                .hint("`perigee providers` shows the models that are offered; name vendor and model in the file.")
        })?;
        let count = u64::from(unit.count).saturating_mul(gpu.units.val);
        let sum = u64::from(gpus.get(&model)).saturating_add(count);
        let too_many = || CliError::usage("the file asks for too many GPUs".into());
        gpus.set(model, sum.try_into().map_err(|_| too_many())?)
            .ok_or_else(too_many)?;
    }
    Ok(gpus)
}

/// `vendor/nvidia/model/a100/…` names `nvidia/a100`.
fn model_of(key: &str) -> Option<GpuModel> {
    let mut parts = key.split('/');
    match (parts.next()?, parts.next()?, parts.next()?, parts.next()?) {
        ("vendor", vendor, "model", model) if model != "*" => GpuModel::new(format!("{vendor}/{model}").as_bytes()),
        _ => None,
    }
}

/// The most that the file pays per block of ours, in base units, rounded down.
fn max_rate(group: &GroupSpec, denominations: &BTreeMap<String, Denomination>) -> Result<Balance, CliError> {
    let too_large = || CliError::usage("the prices in the file are too large".into());
    let mut rate = Decimal::whole(0);
    for unit in &group.resources {
        let amount: Decimal = unit.price.amount.to_string().parse().map_err(|_| too_large())?;
        let factor = uprg_per_block(&unit.price.denom, denominations)?;
        let part = amount
            .checked_mul(Decimal::whole(unit.count.into()))
            .and_then(|p| p.checked_mul(factor));
        rate = part.and_then(|p| rate.checked_add(p)).ok_or_else(too_large)?;
    }
    rate.checked_mul(Decimal::whole(UPRG))
        .map(Decimal::floor)
        .ok_or_else(too_large)
}

/// uprg per block of ours for one unit of `denom` per block of its own chain.
fn uprg_per_block(denom: &str, denominations: &BTreeMap<String, Denomination>) -> Result<Decimal, CliError> {
    if denom == NATIVE {
        return Ok(Decimal::ONE);
    }
    let Some(known) = denominations.get(denom) else {
        return Err(
            CliError::usage(format!("the file's prices are in {denom}, which has no value here")).hint(format!(
                "Say what it is worth in ~/.config/perigee/config.toml (or --config FILE), or change the file to uprg:\n\n\
             \x20   [denominations.{denom}]\n\
             \x20   price = \"1\"      # uprg for one {denom}\n\
             \x20   blocks = \"0.33\"  # blocks of its chain per block of ours (6 s against 2 s)\n"
            )),
        );
    };
    let factor = known.price.checked_mul(known.blocks);
    factor.ok_or_else(|| CliError::usage(format!("the value of {denom} in the config file is too large")))
}

/// Money and time of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What goes into escrow.
    pub deposit: Balance,
    /// Blocks after which the lease ends by itself.
    pub term: Option<BlockNumber>,
}

/// How the tenant wants to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funding {
    /// For so many blocks, then end.
    Term(BlockNumber),
    /// For so many blocks at first, with no end.
    Open(BlockNumber),
    /// With this deposit, with no end.
    Deposit(Balance),
}

impl Funding {
    /// The terms at `rate`. Escrow must at all times cover the blocks that wait for their verdict.
    pub fn terms(self, rate: Balance, times: &AttestationTimes) -> Result<Terms, CliError> {
        let too_large = || CliError::usage("the deposit would be larger than any amount".into());
        let cost = |blocks: BlockNumber| rate.checked_mul(blocks.into()).ok_or_else(too_large);
        let reserve = cost(reserve_blocks(times))?;
        let (deposit, term) = match self {
            Self::Term(blocks) => (cost(blocks)?.checked_add(reserve).ok_or_else(too_large)?, Some(blocks)),
            Self::Open(blocks) => (cost(blocks)?.checked_add(reserve).ok_or_else(too_large)?, None),
            Self::Deposit(amount) => (amount, None),
        };
        if deposit < reserve {
            let (have, least) = (crate::money::Amount(deposit), crate::money::Amount(reserve));
            return Err(
                CliError::refused(format!("a deposit of {have} is below the minimum of {least}")).hint(format!(
                "Escrow must cover the {} blocks that can wait for a verdict. Deposit more, or leave --deposit out.",
                reserve_blocks(times)
            )),
            );
        }
        Ok(Terms { deposit, term })
    }
}

/// W + E: the blocks that a deposit must always cover.
pub fn reserve_blocks(times: &AttestationTimes) -> BlockNumber {
    times.window().saturating_add(times.epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::TIMES;
    use perigee_sdl::Need;

    const APP: &str = r#"version: "2.0"
services:
  web:
    image: nginx:1.27
    expose:
      - port: 80
        to:
          - global: true
profiles:
  compute:
    small:
      resources:
        cpu:
          units: 100m
        memory:
          size: 64.5Mi
        storage:
          size: 128Mi
  placement:
    anywhere:
      attributes:
        region: eu-west
      pricing:
        small:
          denom: uprg
          amount: 1.5
deployment:
  web:
    anywhere:
      profile: small
      count: 3
"#;

    fn orders(text: &str, demands: &Demands) -> Result<Vec<Wanted>, CliError> {
        let sdl = Sdl::parse("app.yaml", text).map_err(|d| CliError::usage(d.render(false)))?;
        wanted(&sdl, &BTreeMap::new(), demands)
    }

    fn order(text: &str) -> Result<Wanted, CliError> {
        let mut all = orders(text, &Demands::default())?;
        assert_eq!(all.len(), 1);
        Ok(all.remove(0))
    }

    /// A file whose service `web` runs at so many placements.
    fn at_placements(count: usize) -> String {
        let (head, tail) = APP.split_once("    anywhere:\n").expect("a placement");
        let (placement, tail) = tail.split_once("deployment:").expect("a deployment");
        let (service, replicas) = tail.split_once("    anywhere:\n").expect("a place");
        let each = |body: &str| {
            (0..count)
                .map(|i| format!("    place-{i}:\n{body}"))
                .collect::<String>()
        };
        format!("{head}{}deployment:{service}{}", each(placement), each(replicas))
    }

    const SPREAD: fn() -> Demands = || Demands {
        spread: true,
        ..Default::default()
    };

    #[test]
    fn each_placement_is_an_order_of_its_own_with_its_manifest() {
        let two = at_placements(2);
        let all = orders(&two, &SPREAD()).unwrap();
        let names: Vec<_> = all.iter().map(|wanted| wanted.name.as_str()).collect();
        assert_eq!(names, ["place-0", "place-1"]);
        assert!(all.iter().all(|wanted| wanted.resources.cpu_milli == 300));
        assert!(all.iter().all(|wanted| wanted.requirements.spread == Some(0)));
        let sdl = Sdl::parse("app.yaml", &two).unwrap();
        let placed = |manifest: &Manifest| manifest.groups.iter().map(|g| g.name.clone()).collect::<Vec<_>>();
        let manifests: Vec<_> = manifests(&sdl).iter().map(placed).collect();
        assert_eq!(manifests, [["place-0"], ["place-1"]]);
    }

    #[test]
    fn a_single_placement_has_the_manifest_of_the_file() {
        let sdl = Sdl::parse("app.yaml", APP).unwrap();
        let all = manifests(&sdl);
        assert_eq!((all.len(), all[0].hash()), (1, sdl.hash()));
    }

    #[test]
    fn more_placements_than_a_deployment_holds_are_counted() {
        assert_eq!(orders(&at_placements(8), &Demands::default()).unwrap().len(), 8);
        let error = orders(&at_placements(9), &Demands::default()).unwrap_err();
        assert!(error.to_string().contains("9 placements"), "{error}");
    }

    #[test]
    fn one_placement_cannot_be_spread() {
        assert!(orders(APP, &SPREAD())
            .unwrap_err()
            .to_string()
            .contains("nothing to spread"));
    }

    #[test]
    fn a_deposit_is_divided_by_rates_to_the_unit() {
        assert_eq!(shares(100, &[1, 2]), Some(vec![34, 66]));
        assert_eq!(shares(7, &[5]), Some(vec![7]));
        assert_eq!(shares(7, &[0]), None);
        assert_eq!(shares(Balance::MAX, &[1, 2]), None);
    }

    #[test]
    fn a_file_becomes_an_order_for_all_replicas() {
        let wanted = order(APP).unwrap();
        // 1.5 uprg for each of three replicas.
        assert_eq!(wanted.max_rate, 4_500_000);
        assert_eq!(wanted.resources.cpu_milli, 300);
        // 3 × 64.5 MiB, rounded up once.
        assert_eq!(wanted.resources.memory_mib, 194);
        let [(key, value)] = wanted.requirements.attributes.as_slice() else {
            panic!("one attribute is asked for");
        };
        assert_eq!((key.as_slice(), value.as_slice()), (&b"region"[..], &b"eu-west"[..]));
        assert!(wanted.needs.is_empty());
    }

    #[test]
    fn what_not_every_provider_has_is_part_of_the_order() {
        let tcp = APP.replace("port: 80", "port: 5432");
        assert_eq!(order(&tcp).unwrap().needs, [Need::NodePorts].into());
    }

    #[test]
    fn a_term_is_deposited_exactly_with_its_reserve() {
        let terms = Funding::Term(100).terms(7, &TIMES).unwrap();
        assert_eq!(
            terms,
            Terms {
                deposit: 7 * (100 + 30),
                term: Some(100)
            }
        );
    }

    #[test]
    fn an_open_end_has_no_term() {
        assert_eq!(
            Funding::Open(100).terms(7, &TIMES).unwrap(),
            Terms {
                deposit: 7 * 130,
                term: None
            }
        );
    }

    #[test]
    fn a_deposit_at_the_minimum_is_taken_and_below_it_refused_with_figures() {
        assert!(Funding::Deposit(7 * 30).terms(7, &TIMES).is_ok());
        let error = Funding::Deposit(7 * 30 - 1).terms(7, &TIMES).unwrap_err();
        assert_eq!(error.code(), crate::error::ExitCode::Refused);
        assert!(error.to_string().contains("minimum of 0.00000000021 PRG"), "{error}");
    }

    #[test]
    fn an_impossible_deposit_is_an_error() {
        assert!(Funding::Open(u32::MAX).terms(Balance::MAX, &TIMES).is_err());
    }

    #[test]
    fn foreign_denominations_need_a_value_and_the_error_shows_how() {
        let error = uprg_per_block("uakt", &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("uakt"));
        assert!(error.hints()[0].contains("[denominations.uakt]"));
        let value = Denomination {
            price: "0.5".parse().unwrap(),
            blocks: "0.33".parse().unwrap(),
        };
        let known = BTreeMap::from([("uakt".to_string(), value)]);
        assert_eq!(uprg_per_block("uakt", &known).unwrap(), "0.165".parse().unwrap());
        assert_eq!(uprg_per_block("uprg", &known).unwrap(), Decimal::ONE);
    }
}
