//! One file per command. Each takes resolved values and says what to print.

mod agent;
mod claim;
mod close;
mod completions;
mod deploy;
mod deposit;
mod depositors;
mod extend;
mod faucet;
mod income;
mod keys;
mod list;
mod notice;
mod pause;
mod price;
mod provider;
pub mod providers;
mod sdl;
mod send;
mod space;
mod status;
mod transfer;
mod update;
mod withdraw;

use crate::{args::Command, context::Context, error::CliError};

/// Does what was asked for.
pub async fn run(
    context: &Context,
    command: Command,
    agent_config: Option<std::path::PathBuf>,
) -> Result<(), CliError> {
    match command {
        Command::Deploy(args) => deploy::run(context, args).await,
        Command::Price(args) => price::run(context, args).await,
        Command::Send(args) => send::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Status(args) => status::run(context, args).await,
        Command::Close(args) => close::run(context, args).await,
        Command::Update(args) => update::update(context, args).await,
        Command::Scale(args) => update::scale(context, args).await,
        Command::Extend(args) => extend::run(context, args).await,
        Command::Pause(args) => pause::pause(context, args).await,
        Command::Resume(args) => pause::resume(context, args).await,
        Command::Transfer(args) => transfer::run(context, args).await,
        Command::Deposit(args) => deposit::run(context, args).await,
        Command::Withdraw(args) => withdraw::run(context, args).await,
        Command::Depositors(args) => depositors::run(context, args).await,
        Command::Claim(args) => claim::run(context, args).await,
        Command::Income { step } => income::run(context, step).await,
        Command::Providers => providers::run(context).await,
        Command::Faucet(args) => faucet::run(context, args).await,
        Command::Keys(args) => keys::run(context, args),
        Command::Sdl(args) => sdl::run(context, args),
        Command::Space(args) => space::run(context, args).await,
        Command::Agent(args) => agent::run(context, args, agent_config).await,
        Command::Completions(args) => completions::run(context, args),
    }
}
