//! `perigee price FILE`

use crate::{
    args::Price,
    context::Context,
    error::CliError,
    quote::{load, quote, Pay},
};

pub async fn run(context: &Context, args: Price) -> Result<(), CliError> {
    let (_, sdl) = load(context, &args.file)?;
    // What the file itself makes impossible is said before a node is needed.
    crate::terms::wanted(&sdl, &context.settings.denominations, &args.demands)?;
    let chain = context.connect().await?;
    let quote = quote(context, &chain, &sdl, &args.demands, Pay::Default).await?;
    context.printer.data(&quote.json(), || quote.text())
}
