//! `perigee space passes|map|watch`: reads the elements; finding, drawing and writing are perigee-orbit's.

mod watch;

use crate::{
    args::{Map as MapArgs, Output, Passes, Sgp4Mode, Sky, Space},
    context::{read_file, Context},
    error::CliError,
};
use jiff::Timestamp;
use perigee_orbit::{
    map::Map,
    plan::{Format, Ion, Request},
    Elements, Error, Interval, Mode, Propagator,
};
use std::path::Path;

/// Beyond this a low pass is some fifteen seconds early or late, which is worth a word.
const WORTH_A_WARNING_KM: f64 = 100.0;

pub async fn run(context: &Context, args: Space) -> Result<(), CliError> {
    match args {
        Space::Passes(args) => passes(context, &args),
        Space::Map(args) => map(context, &args),
        Space::Watch(args) => watch::run(context, &args).await,
    }
}

fn passes(context: &Context, args: &Passes) -> Result<(), CliError> {
    let elements = elements(&args.sky)?;
    let request = request(&args.sky, &elements, args.from, args.to)?;
    let rows = request.rows().map_err(usage)?;
    warn_of_age(context, &request)?;
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

/// JSON of a map is GeoJSON.
fn map(context: &Context, args: &MapArgs) -> Result<(), CliError> {
    let elements = elements(&args.sky)?;
    let request = request(&args.sky, &elements, args.from, args.to)?;
    let map = Map::new(&request).map_err(usage)?;
    warn_of_age(context, &request)?;
    match args.svg.as_deref() {
        Some(file) if file == Path::new("-") => return context.printer.bytes(map.svg().as_bytes()),
        Some(file) => std::fs::write(file, map.svg())
            .map_err(|error| CliError::usage(format!("cannot write {}: {error}", file.display())))?,
        None => {}
    }
    let drawn = match context.settings.output {
        Output::Json => map.geojson(),
        _ => map.text(context.printer.terminal().unwrap_or_default()),
    };
    context.printer.bytes(drawn.as_bytes())
}

fn request<'a>(
    sky: &'a Sky,
    elements: &'a [Elements],
    from: Timestamp,
    to: Timestamp,
) -> Result<Request<'a>, CliError> {
    Ok(Request {
        elements,
        stations: &sky.stations,
        interval: Interval::new(from, to).map_err(usage)?,
        mode: match sky.mode {
            Sgp4Mode::Improved => Mode::Improved,
            Sgp4Mode::Afspc => Mode::Afspc,
        },
        accuracy_km: sky.accuracy_km,
        frequency_hz: sky.frequency_hz,
    })
}

fn elements(sky: &Sky) -> Result<Vec<Elements>, CliError> {
    type Parse = fn(&str) -> Result<Vec<Elements>, Error>;
    let read = |file: &Path, parse: Parse, other: Parse, hint: &str| {
        let (name, text) = read_file(file)?;
        parse(&text).map_err(|error| {
            let error = CliError::usage(format!("{name}: {error}"));
            match other(&text) {
                Ok(_) => error.hint(hint),
                Err(_) => error,
            }
        })
    };
    let (tle, omm): (Parse, Parse) = (Elements::parse_tle, Elements::parse_omm);
    match (&sky.tle, &sky.omm) {
        (Some(file), _) => read(file, tle, omm, "This is an OMM: give it with --omm."),
        (None, Some(file)) => read(file, omm, tle, "These are two-line elements: give them with --tle."),
        (None, None) => Err(CliError::usage("give --tle FILE or --omm FILE".into())),
    }
}

/// Where no accuracy was asked for, which would have refused old elements.
fn warn_of_age(context: &Context, request: &Request<'_>) -> Result<(), CliError> {
    if request.accuracy_km.is_some() {
        return Ok(());
    }
    for set in request.elements {
        let propagator = Propagator::new(set).map_err(usage)?;
        if let Err(error) = propagator.check_accuracy(request.interval, WORTH_A_WARNING_KM) {
            context.printer.warning(error.to_string());
        }
    }
    Ok(())
}

fn usage(error: Error) -> CliError {
    CliError::usage(error.to_string())
}
