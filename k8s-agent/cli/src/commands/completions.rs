//! `perigee completions SHELL`

use crate::{
    args::{Cli, Completions},
    context::Context,
    error::CliError,
};
use clap::CommandFactory;

pub fn run(context: &Context, args: Completions) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "perigee", &mut script);
    context.printer.bytes(&script)
}
