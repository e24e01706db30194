//! `perigee keys new|list|show`

use crate::{args::Keys, context::Context, error::CliError, printer::table};
use serde::Serialize;

#[derive(Serialize)]
struct Key {
    name: String,
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Serialize)]
struct Listing {
    keys: Vec<Key>,
}

pub fn run(context: &Context, args: Keys) -> Result<(), CliError> {
    match args {
        Keys::New { name } => new(context, name),
        Keys::List => list(context),
        Keys::Show { name } => show(context, name),
    }
}

fn new(context: &Context, name: String) -> Result<(), CliError> {
    let store = context.settings.keys();
    let address = store.create(&name)?.id().to_string();
    let file = store.path(&name)?.display().to_string();
    context.printer.message(format!(
        "{file} holds the key's words, readable by you only. Keep a copy: there is no other."
    ));
    let key = Key {
        name,
        address,
        file: Some(file),
    };
    context.printer.data(&key, || key.address.clone())
}

fn list(context: &Context) -> Result<(), CliError> {
    let store = context.settings.keys();
    let mut keys = Vec::new();
    for name in store.list()? {
        match store.resolve(&name) {
            Ok(account) => keys.push(Key {
                address: account.id().to_string(),
                name,
                file: None,
            }),
            Err(error) => context.printer.warning(error.to_string()),
        }
    }
    let listing = Listing { keys };
    context.printer.data(&listing, || match listing.keys.is_empty() {
        true => format!("no keys in {}", store.directory().display()),
        false => table(
            &["NAME", "ADDRESS"],
            listing
                .keys
                .iter()
                .map(|k| vec![k.name.clone(), k.address.clone()])
                .collect(),
        ),
    })
}

fn show(context: &Context, name: String) -> Result<(), CliError> {
    let address = context.settings.keys().resolve(&name)?.id().to_string();
    let key = Key {
        name,
        address,
        file: None,
    };
    context.printer.data(&key, || key.address.clone())
}
