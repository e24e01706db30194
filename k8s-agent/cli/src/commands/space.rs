//! `perigee space passes`: reads the elements; the finding and the writing are perigee-orbit's.

use crate::{
    args::{Output, Passes, Sgp4Mode, Space},
    context::{read_file, Context},
    error::CliError,
};
use perigee_orbit::{
    plan::{Format, Ion, Request},
    Elements, Error, Interval, Mode, Propagator,
};
use std::path::Path;

/// Beyond this a low pass is some fifteen seconds early or late, which is worth a word.
const WORTH_A_WARNING_KM: f64 = 100.0;

pub fn run(context: &Context, args: Space) -> Result<(), CliError> {
    match args {
        Space::Passes(args) => passes(context, &args),
    }
}

fn passes(context: &Context, args: &Passes) -> Result<(), CliError> {
    let elements = elements(args)?;
    let interval = Interval::new(args.from, args.to).map_err(usage)?;
    let mode = match args.mode {
        Sgp4Mode::Improved => Mode::Improved,
        Sgp4Mode::Afspc => Mode::Afspc,
    };
    let request = Request {
        elements: &elements,
        stations: &args.stations,
        interval,
        mode,
        accuracy_km: args.accuracy_km,
        frequency_hz: args.frequency_hz,
    };
    let rows = request.rows().map_err(usage)?;
    if args.accuracy_km.is_none() {
        warn_of_age(context, &elements, interval)?;
    }
    let format = match context.settings.output {
        Output::Text => Format::Text,
        Output::Json => Format::Json,
        Output::Csv => Format::Csv,
        Output::Ion => Format::Ion(Ion {
            first_node: args.first_node,
            rate: args.rate,
            reference: args.from,
        }),
    };
    context.printer.bytes(format.render(&rows).as_bytes())
}

fn elements(args: &Passes) -> Result<Vec<Elements>, CliError> {
    let read = |file: &Path, parse: fn(&str) -> Result<Vec<Elements>, Error>| {
        let (name, text) = read_file(file)?;
        parse(&text).map_err(|error| CliError::usage(format!("{name}: {error}")))
    };
    match (&args.tle, &args.omm) {
        (Some(file), _) => read(file, Elements::parse_tle),
        (None, Some(file)) => read(file, Elements::parse_omm),
        (None, None) => Err(CliError::usage("give --tle FILE or --omm FILE".into())),
    }
}

fn warn_of_age(context: &Context, elements: &[Elements], interval: Interval) -> Result<(), CliError> {
    for set in elements {
        let propagator = Propagator::new(set).map_err(usage)?;
        if let Err(error) = propagator.check_accuracy(interval, WORTH_A_WARNING_KM) {
            context.printer.warning(error.to_string());
        }
    }
    Ok(())
}

fn usage(error: Error) -> CliError {
    CliError::usage(error.to_string())
}
