//! `perigee agent ask|stake|bond|retire`: what a provider has at stake and asks for.

use crate::{
    args::{BondStep, StakeStep},
    commands::providers::{tier_in_a_word, AskRow},
    context::{when, Context},
    error::CliError,
    money::{per_cent, Amount},
    printer::table,
    write::Writer,
};
use perigee_chain::{calls, Chain, Provider, View};
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
    if let Some(StakeStep::Withdraw { provider: Some(id) }) = step {
        return withdraw(context, id).await.map(drop);
    }
    let view = context.connect().await?.best().await?;
    let provider = own(context, &view).await?.id;
    let signed = match step {
        None => true,
        Some(StakeStep::Add { amount }) => {
            let what = format!("Add {amount} to the stake of provider {provider}");
            sign(context, &calls::bond_stake(amount.0), &what, amount.0).await?
        }
        Some(StakeStep::Unbond { amount }) => {
            let what = format!("Let {amount} of the stake of provider {provider} unbond");
            sign(context, &calls::unbond(amount.0), &what, 0).await?
        }
        Some(StakeStep::Withdraw { .. }) => withdraw(context, provider).await?,
    };
    if !signed {
        return Ok(());
    }
    let chain = context.connect().await?;
    let shown = shown_stake(context, &chain).await?;
    context.printer.data(&shown, || stake_text(&shown))
}

async fn withdraw(context: &Context, provider: u32) -> Result<bool, CliError> {
    let what = format!("Return what has unbonded of provider {provider} to its stash");
    sign(context, &calls::withdraw_unbonded(provider), &what, 0).await
}

async fn shown_stake(context: &Context, chain: &Chain) -> Result<Stake, CliError> {
    let view = chain.best().await?;
    let provider = own(context, &view).await?;
    let standings = view.standings(provider.id).await?;
    let (now, now_ms, block_time) = (view.block().number, view.timestamp().await?, chain.block_time().await?);
    let leaving = |u: perigee_chain::Unbonding| Leaving {
        amount: u.amount,
        release_at: u.release_at,
        release_text: when(now, now_ms, u.release_at, block_time),
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
    let view = context.connect().await?.best().await?;
    let provider = own(context, &view).await?.id;
    let signed = match step {
        None => true,
        Some(BondStep::Add { amount }) => {
            let what = format!("Add {amount} to the bond pool of provider {provider}");
            sign(context, &calls::fund_bonds(amount.0), &what, amount.0).await?
        }
        Some(BondStep::Withdraw { amount }) => {
            let what = format!("Take {amount} out of the bond pool of provider {provider}");
            sign(context, &calls::withdraw_bonds(amount.0), &what, 0).await?
        }
    };
    if !signed {
        return Ok(());
    }
    let pool = context.connect().await?.best().await?.bond_pool(provider).await?;
    let bond = Bond {
        provider,
        total: pool.total,
        bonded: pool.bonded,
        free: pool.free(),
    };
    context.printer.data(&bond, || {
        format!(
            "bond pool  {} in all, {} bonded to leases, {} free",
            Amount(bond.total),
            Amount(bond.bonded),
            Amount(bond.free)
        )
    })
}

pub async fn retire(context: &Context) -> Result<(), CliError> {
    let view = context.connect().await?.best().await?;
    let provider = own(context, &view).await?;
    let leases = view.lease_ids_of(provider.id).await?;
    if !leases.is_empty() {
        let numbers: Vec<_> = leases.iter().map(u64::to_string).collect();
        return Err(CliError::refused(format!(
            "provider {} cannot retire: leases {} still take its capacity",
            provider.id,
            numbers.join(", ")
        ))
        .hint("Withdraw the ask by stopping the agent, and wait until the leases have ended and are settled."));
    }
    if view.bond_pool(provider.id).await?.bonded > 0 {
        return Err(
            CliError::refused("parts of the bond pool still answer for leases".into())
                .hint("They come free when the last blocks of those leases are judged."),
        );
    }
    let what = format!(
        "Retire provider {}: asks go, the stake of {} unbonds",
        provider.id,
        Amount(provider.stake)
    );
    if sign(context, &calls::retire(), &what, 0).await? {
        context.printer.message(format!(
            "retired; when the stake has unbonded: `perigee agent stake withdraw --provider {}`",
            provider.id
        ));
    }
    Ok(())
}

/// Was it signed, rather than only shown?
async fn sign(context: &Context, call: &perigee_chain::Call, what: &str, takes: Balance) -> Result<bool, CliError> {
    Ok(Writer::connect(context).await?.sign(call, what, takes).await?.is_some())
}
