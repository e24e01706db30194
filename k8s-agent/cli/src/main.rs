//! One binary, `perigee`: tenant commands and the provider daemon.
//!
//! [`args`] says what can be written, [`settings`] what holds for a run, [`commands`] does it: one file per command.
//! Rules without I/O are [`matching`], [`terms`], [`demands`],
//! [`money`] and [`time`]. stdout is data, stderr is messages, and
//! [`error`] decides the exit code.

mod args;
mod commands;
mod context;
mod cover;
mod delivery;
mod demands;
mod error;
mod hints;
mod market;
mod matching;
mod money;
mod printer;
mod quote;
mod refusals;
mod settings;
mod terms;
mod time;
mod vault;
mod write;

use args::{Cli, Command, Output};
use clap::Parser;
use context::Context;
use error::CliError;
use printer::Printer;
use settings::Settings;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Refuses nothing when it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Printer::new(Output::Text).error(&error);
            ExitCode::from(error.code() as u8)
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    // An agent has a config of its own, and `--config` names that one.
    let (ours, agents) = match cli.command {
        Command::Agent(_) => (None, cli.global.config.clone()),
        _ => (cli.global.config.clone(), None),
    };
    let settings = Settings::resolve(&cli.global, ours)?;
    let formats = cli.command.formats();
    if !formats.contains(&settings.output) {
        let known: Vec<_> = formats.iter().map(Output::to_string).collect();
        let message = format!("this command prints {}, not {}", known.join(" or "), settings.output);
        return Err(CliError::usage(message).hint("Only `perigee space passes` prints csv and ion."));
    }
    let context = Context {
        printer: Printer::new(settings.output),
        settings,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(commands::run(&context, cli.command, agents));
    // Connections that are still open must not keep the program.
    runtime.shutdown_background();
    result
}
