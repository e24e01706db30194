//! `perigee agent ask|stake|bond|retire`: what a provider has at stake and asks for.

use crate::{
    args::{BondStep, StakeStep},
    commands::providers::{tier_in_a_word, AskRow},
    context::{Clock, Context},
    error::CliError,
    money::{per_cent, Amount},
    printer::table,
    write::Writer,
};
use perigee_chain::{calls, BondPool, Call, Chain, Provider, Unbonding, View};
use perigee_primitives::{Balance, Ppm};
use serde::Serialize;

#[derive(Serialize)]
struct Stake {
    provider: u32,
    stake: Balance,
    /// The sum of the rates of its leases, per block.
    leased_rate: Balance,
    tier: &'static str,
    /// Unknown while less than a day is judged.
    availability_ppm: Option<Ppm>,
    service_ppm: Ppm,
    unbonding: Vec<Leaving>,
}

#[derive(Serialize)]
struct Leaving {
    amount: Balance,
    release_at: u32,
    release_text: String,
}

#[derive(Serialize)]
struct Bond {
    provider: u32,
    total: Balance,
    bonded: Balance,
    free: Balance,
}

#[derive(Serialize)]
struct Asks {
    provider: u32,
    asks: Vec<AskRow>,
}

/// The provider whose stash or operator is the account of `--key`.
async fn own(context: &Context, view: &View) -> Result<Provider, CliError> {
    let me = context.settings.account()?.id();
    let found = match view.provider_by_stash(&me).await? {
        Some(provider) => Some(provider),
        None => view.provider_by_operator(&me).await?,
    };
    found.ok_or_else(|| {
        CliError::refused(format!("{me} is neither stash nor operator of a provider"))
            .hint("Pass --key with the provider's stash. `perigee agent run` registers one.")
    })
}

pub async fn ask(context: &Context) -> Result<(), CliError> {
    let chain = context.connect().await?;
    let view = chain.best().await?;
    let provider = own(context, &view).await?;
    let blocks_per_hour = 3_600_000 / chain.block_time().await?.as_millis().max(1);
    let row = |(id, ask)| AskRow::new(id, &ask, blocks_per_hour);
    let asks = Asks {
        provider: provider.id,
        asks: view.asks_of(provider.id).await?.into_iter().map(row).collect(),
    };
    context.printer.data(&asks, || match asks.asks.is_empty() {
        true => "no ask stands; a running agent publishes the one of its config".into(),
        false => table(&AskRow::HEADS, asks.asks.iter().map(AskRow::cells).collect()),
    })?;
    context.printer.message(
        "Prices and terms are set in [ask] of the agent's config; a restarted agent replaces the ask in place.",
    );
    Ok(())
}

pub async fn stake(context: &Context, step: Option<StakeStep>) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    if let Some(StakeStep::Withdraw { provider: Some(id) }) = step {
        return withdraw(&writer, id).await.map(drop);
    }
    let view = writer.chain.best().await?;
    let provider = own(context, &view).await?;
    let id = provider.id;
    let signed = match step {
        None => true,
        Some(StakeStep::Add { amount }) => {
            let what = format!("Add {amount} to the stake of provider {id}");
            signs(&writer, &calls::bond_stake(amount.0), &what, amount.0).await?
        }
        Some(StakeStep::Unbond { amount }) => {
            ensure_not_needed(&provider, amount, view.stake_needed(&provider)?)?;
            let what = format!("Let {amount} of the stake of provider {id} unbond");
            signs(&writer, &calls::unbond(amount.0), &what, 0).await?
        }
        Some(StakeStep::Withdraw { .. }) => withdraw(&writer, id).await?,
    };
    if !signed {
        return Ok(());
    }
    let shown = shown_stake(context, &writer.chain).await?;
    writer.report(&shown, || stake_text(&shown))
}

/// What a provider needs of its stake stays.
fn ensure_not_needed(provider: &Provider, amount: Amount, needed: Balance) -> Result<(), CliError> {
    let most = provider.stake.saturating_sub(needed);
    if amount.0 <= most {
        return Ok(());
    }
    Err(CliError::refused(format!(
        "{amount} cannot unbond: the stake is {}, and {} of it must stay for what is leased and as the least that a provider has",
        Amount(provider.stake),
        Amount(needed)
    ))
    .hint(match most {
        0 => "Wait until leases have ended; `perigee agent retire` then unbonds all of it.".into(),
        most => format!(
            "Unbond {} at most, or wait until leases have ended; `perigee agent retire` then unbonds all of it.",
            Amount(most)
        ),
    }))
}

async fn withdraw(writer: &Writer<'_>, provider: u32) -> Result<bool, CliError> {
    let view = writer.chain.best().await?;
    let unbonding = view.unbonding(provider).await?;
    let clock = Clock::of(&writer.chain, &view).await?;
    ensure_unbonded(&unbonding, view.block().number, &clock).map_err(|e| e.about(&format!("provider {provider}")))?;
    let what = format!("Return what has unbonded of provider {provider} to its stash");
    signs(writer, &calls::withdraw_unbonded(provider), &what, 0).await
}

/// Is any of it unbonded by now?
fn ensure_unbonded(unbonding: &[Unbonding], now: u32, clock: &Clock) -> Result<(), CliError> {
    let Some(next) = unbonding.iter().min_by_key(|part| part.release_at) else {
        return Err(CliError::refused("nothing of the stake unbonds".into())
            .hint("`perigee agent stake unbond AMOUNT` lets some of it leave."));
    };
    if next.release_at <= now {
        return Ok(());
    }
    Err(CliError::refused(format!(
        "nothing has unbonded yet: the next {} can be withdrawn {}",
        Amount(next.amount),
        clock.when(next.release_at)
    ))
    .hint("`perigee agent stake` shows all that unbonds."))
}

async fn shown_stake(context: &Context, chain: &Chain) -> Result<Stake, CliError> {
    let view = chain.best().await?;
    let provider = own(context, &view).await?;
    let standings = view.standings(provider.id).await?;
    let clock = Clock::of(chain, &view).await?;
    let leaving = |u: Unbonding| Leaving {
        amount: u.amount,
        release_at: u.release_at,
        release_text: clock.when(u.release_at),
    };
    Ok(Stake {
        provider: provider.id,
        stake: provider.stake,
        leased_rate: provider.leased_rate,
        tier: tier_in_a_word(view.tier(provider.id).await?),
        availability_ppm: view.availability(provider.id, &standings).await?,
        service_ppm: standings.service,
        unbonding: view.unbonding(provider.id).await?.into_iter().map(leaving).collect(),
    })
}

fn stake_text(s: &Stake) -> String {
    let availability = match s.availability_ppm {
        Some(ppm) => format!("{} of 30 days, attested", per_cent(ppm)),
        None => "-, less than a day is attested yet".into(),
    };
    let mut lines = vec![
        format!("provider      {}", s.provider),
        format!("stake         {}", Amount(s.stake)),
        format!("leased        {} per block", Amount(s.leased_rate)),
        format!("tier          {}", s.tier),
        format!("availability  {availability}"),
        format!("service       {}, lower bound", per_cent(s.service_ppm)),
    ];
    lines.extend(
        s.unbonding
            .iter()
            .map(|u| format!("unbonding     {}, withdrawable {}", Amount(u.amount), u.release_text)),
    );
    lines.join("\n")
}

pub async fn bond(context: &Context, step: Option<BondStep>) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let view = writer.chain.best().await?;
    let provider = own(context, &view).await?.id;
    let signed = match step {
        None => true,
        Some(BondStep::Add { amount }) => {
            let what = format!("Add {amount} to the bond pool of provider {provider}");
            signs(&writer, &calls::fund_bonds(amount.0), &what, amount.0).await?
        }
        Some(BondStep::Withdraw { amount }) => {
            ensure_free(&view.bond_pool(provider).await?, amount)?;
            let what = format!("Take {amount} out of the bond pool of provider {provider}");
            signs(&writer, &calls::withdraw_bonds(amount.0), &what, 0).await?
        }
    };
    if !signed {
        return Ok(());
    }
    let pool = writer.chain.best().await?.bond_pool(provider).await?;
    let bond = Bond {
        provider,
        total: pool.total,
        bonded: pool.bonded,
        free: pool.free(),
    };
    writer.report(&bond, || {
        format!(
            "bond pool  {} in all, {} bonded to leases, {} free",
            Amount(bond.total),
            Amount(bond.bonded),
            Amount(bond.free)
        )
    })
}

/// What answers for leases stays in the pool.
fn ensure_free(pool: &BondPool, amount: Amount) -> Result<(), CliError> {
    if amount.0 <= pool.free() {
        return Ok(());
    }
    Err(CliError::refused(format!(
        "{amount} cannot be taken out of the bond pool: of its {}, {} answer for leases",
        Amount(pool.total),
        Amount(pool.bonded)
    ))
    .hint(format!(
        "Take {} at most. Bonds come free when the last blocks of their leases are judged.",
        Amount(pool.free())
    )))
}

pub async fn retire(context: &Context) -> Result<(), CliError> {
    let writer = Writer::connect(context).await?;
    let view = writer.chain.best().await?;
    let provider = own(context, &view).await?;
    let leases = view.lease_ids_of(provider.id).await?;
    if !leases.is_empty() {
        let numbers: Vec<_> = leases.iter().map(u64::to_string).collect();
        return Err(CliError::refused(format!(
            "provider {} cannot retire: leases {} still take its capacity",
            provider.id,
            numbers.join(", ")
        ))
        .hint("`perigee agent notice LEASE` ends one; wait until all have ended and are settled."));
    }
    let bonded = view.bond_pool(provider.id).await?.bonded;
    if bonded > 0 {
        return Err(CliError::refused(format!(
            "provider {} cannot retire: {} of its bond pool still answer for leases",
            provider.id,
            Amount(bonded)
        ))
        .hint("They come free when the last blocks of those leases are judged."));
    }
    let what = format!(
        "Retire provider {}: asks go, the stake of {} unbonds",
        provider.id,
        Amount(provider.stake)
    );
    if signs(&writer, &calls::retire(), &what, 0).await? {
        context.printer.message(format!(
            "retired; when the stake has unbonded: `perigee agent stake withdraw --provider {}`",
            provider.id
        ));
    }
    Ok(())
}

/// Was it signed, rather than only shown?
async fn signs(writer: &Writer<'_>, call: &Call, what: &str, takes: Balance) -> Result<bool, CliError> {
    Ok(writer.sign(call, what, takes).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::clock_at;
    use perigee_primitives::PRG;

    fn refused(result: Result<(), CliError>) -> (String, String) {
        let error = result.unwrap_err();
        (error.to_string(), error.hints().join(" "))
    }

    #[test]
    fn stake_that_is_needed_does_not_unbond() {
        let provider = crate::matching::tests::provider(500 * PRG);
        assert!(ensure_not_needed(&provider, Amount(400 * PRG), 100 * PRG).is_ok());
        let (why, next) = refused(ensure_not_needed(&provider, Amount(401 * PRG), 100 * PRG));
        assert!(
            why.contains("401.00 PRG") && why.contains("is 500.00 PRG, and 100.00 PRG"),
            "{why}"
        );
        assert!(next.contains("400.00 PRG at most"), "{next}");
    }

    #[test]
    fn the_pool_keeps_what_answers_for_leases() {
        let pool = BondPool {
            total: 10 * PRG,
            bonded: 4 * PRG,
        };
        assert!(ensure_free(&pool, Amount(6 * PRG)).is_ok());
        let (why, next) = refused(ensure_free(&pool, Amount(7 * PRG)));
        assert!(why.contains("of its 10.00 PRG, 4.00 PRG"), "{why}");
        assert!(next.contains("6.00 PRG at most"), "{next}");
    }

    #[test]
    fn what_has_not_unbonded_is_told_with_its_time() {
        let part = |amount, release_at| Unbonding { amount, release_at };
        let clock = clock_at(100);
        assert!(ensure_unbonded(&[part(PRG, 100)], 100, &clock).is_ok());
        let (why, _) = refused(ensure_unbonded(&[part(2 * PRG, 400), part(PRG, 130)], 100, &clock));
        assert!(why.contains("the next 1.00 PRG can be withdrawn in 1 min"), "{why}");
        let (_, next) = refused(ensure_unbonded(&[], 100, &clock));
        assert!(next.contains("stake unbond AMOUNT"), "{next}");
    }
}
