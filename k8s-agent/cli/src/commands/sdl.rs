//! `perigee sdl validate|manifest|groups|hash FILE`

use crate::{
    args::{File, Output, Sdl as Args},
    context::{read_bytes, Context},
    error::CliError,
    quote::load,
};
use perigee_sdl::Sdl;
use serde::Serialize;

#[derive(Serialize)]
struct Hash {
    hash: String,
}

pub fn run(context: &Context, args: Args) -> Result<(), CliError> {
    match args {
        Args::Validate(File { file }) => validate(context, &file),
        Args::Manifest(File { file }) => context.printer.exactly(&load(context, &file)?.1.manifest_json()),
        Args::Groups(File { file }) => context.printer.exactly(&load(context, &file)?.1.groups_json()),
        Args::Hash(File { file }) => hash(context, &file),
    }
}

fn hash(context: &Context, file: &std::path::Path) -> Result<(), CliError> {
    let hash = hex::encode(load(context, file)?.1.hash());
    match context.settings.output {
        Output::Json => context.printer.data(&Hash { hash }, String::new),
        _ => context.printer.exactly(hash.as_bytes()),
    }
}

/// For editors, JSON lists every finding, also of a file that is refused.
fn validate(context: &Context, file: &std::path::Path) -> Result<(), CliError> {
    let (name, text) = read_bytes(file)?;
    let (findings, valid) = match Sdl::parse_bytes(&name, &text) {
        Ok(sdl) => (sdl.warnings().clone(), true),
        Err(findings) => (findings, false),
    };
    if context.settings.output == Output::Json {
        context.printer.bytes(format!("{}\n", findings.to_json()).as_bytes())?;
    } else {
        context.printer.findings(&findings);
    }
    match valid {
        true if context.settings.output == Output::Text => {
            context.printer.bytes(format!("{name} is valid\n").as_bytes())
        }
        true => Ok(()),
        false => Err(CliError::usage(format!("{name} is not valid"))),
    }
}
