#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod build;
pub mod builder;
mod canonical;
mod check;
pub mod diagnostics;
mod finding;
mod grammar;
pub mod groups;
pub mod image;
pub mod manifest;
pub mod model;
pub mod needs;
mod print;
pub mod quantity;
mod read;
pub mod resources;
pub mod schema;
mod yaml;

pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use groups::{GroupSpec, Price, ResourceUnit};
pub use manifest::{Manifest, ManifestGroup, Service, ServiceExpose};
pub use model::Document;
pub use needs::Need;
pub use quantity::Decimal;
pub use resources::{Attribute, Resources, Totals};

use finding::Source;
use std::borrow::Cow;
use yaml::{Arena, Place, Pos, Problem, MAX_BYTES};

/// An SDL file that was read and accepted.
#[derive(Clone, Debug)]
pub struct Sdl {
    document: Document,
    /// The manifest's bytes: what is printed, sent and hashed.
    manifest_json: Vec<u8>,
    groups_json: Vec<u8>,
    warnings: Diagnostics,
}

impl Sdl {
    /// Reads an SDL file. `source_name` is what diagnostics call it.
    ///
    /// On failure all errors of the file come out at once, with the warnings.
    pub fn parse(source_name: &str, text: &str) -> Result<Self, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > MAX_BYTES {
            let message = format!("the file has {} bytes, and {MAX_BYTES} are the most", text.len());
            let source = Source::unreadable(source_name);
            return Err(refusal(&source, Pos { line: 1, column: 0 }, "too-large", message));
        }
        let source = Source::new(source_name, text);
        let arena = Arena::of(text);
        let (root, problems) = arena.load(text);
        let Some(root) = root else {
            return Err(finding::Findings::default().located(None, problems, &source));
        };
        let (document, mut findings) = read::document(&root);
        findings.extend_without_echoes(check::check(&document));
        let refused = findings.has_errors() || !problems.is_empty();
        let diagnostics = findings.located(Some(&root), problems, &source);
        if refused {
            return Err(diagnostics);
        }
        Ok(Self::of(document, diagnostics))
    }

    /// Reads an SDL file of unknown encoding: text that is no UTF-8 is refused with its place.
    pub fn parse_bytes(source_name: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(source_name, text),
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let line = good.matches('\n').count() + 1;
                let column = good.chars().rev().take_while(|c| *c != '\n').count();
                let at = Pos {
                    line: line as u32,
                    column: column as u32,
                };
                let source = Source::unreadable(source_name);
                Err(refusal(&source, at, "not-utf8", "this is no UTF-8 text".into()))
            }
        }
    }

    /// Checks a document that a program built, and makes its manifest and group specs.
    pub fn from_document(document: Document) -> Result<Self, Diagnostics> {
        let findings = check::check(&document);
        let refused = findings.has_errors();
        let diagnostics = findings.without_source();
        if refused {
            return Err(diagnostics);
        }
        Ok(Self::of(document, diagnostics))
    }

    fn of(document: Document, warnings: Diagnostics) -> Self {
        let (manifest, groups) = build::build::<Cow<'_, str>>(&document);
        Self {
            manifest_json: canonical::to_vec(&manifest),
            groups_json: canonical::to_vec(&groups),
            document,
            warnings,
        }
    }

    /// The file as typed values.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The manifest: what providers run.
    pub fn manifest(&self) -> Manifest {
        build::build(&self.document).0
    }

    /// The exact bytes whose SHA-256 is [`Sdl::hash`].
    pub fn manifest_json(&self) -> Vec<u8> {
        self.manifest_json.clone()
    }

    /// What is ordered: one group per placement, sorted by name.
    pub fn groups(&self) -> Vec<GroupSpec> {
        build::build(&self.document).1
    }

    /// The group specs in the canonical form of the manifest.
    pub fn groups_json(&self) -> Vec<u8> {
        self.groups_json.clone()
    }

    /// The manifest hash.
    pub fn hash(&self) -> [u8; 32] {
        manifest::hash_of(&self.manifest_json)
    }

    /// What is odd about the file although it is accepted.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }
}

/// A refusal of the whole file.
fn refusal(source: &Source<'_>, at: Pos, code: &'static str, message: String) -> Diagnostics {
    let problem = Problem {
        place: Place { start: at, end: at },
        code,
        message,
        hint: None,
    };
    finding::Findings::default().located(None, vec![problem], source)
}
