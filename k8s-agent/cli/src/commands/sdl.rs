//! `perigee sdl validate|manifest|groups|hash FILE`

use crate::{
    args::{File, Output, Sdl as Args},
    context::{read_file, Context},
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
        Args::Manifest(File { file }) => context.printer.bytes(&load(context, &file)?.1.manifest_json()),
        Args::Groups(File { file }) => context.printer.bytes(&load(context, &file)?.1.groups_json()),
        Args::Hash(File { file }) => {
            let hash = Hash {
                hash: hex::encode(load(context, &file)?.1.hash()),
            };
            context.printer.data(&hash, || hash.hash.clone())
        }
    }
}

/// For editors, JSON lists every finding, also of a file that is refused.
fn validate(context: &Context, file: &std::path::Path) -> Result<(), CliError> {
    let (name, text) = read_file(file)?;
    let (findings, valid) = match Sdl::parse(&name, &text) {
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
