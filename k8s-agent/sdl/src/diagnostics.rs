//! What is wrong with a file and where; for terminals and for editors.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// More than this nobody reads; the rest is counted.
const MAX_ITEMS: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted.
    Warning,
}

/// One thing to say about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Name of the rule, stable.
    pub code: &'static str,
    /// Name of the file as the caller gave it.
    pub file: String,
    /// Line, from 1; 0 where there is no file.
    pub line: usize,
    /// Column in characters, from 1; 0 where there is no file.
    pub column: usize,
    /// Where in the document, for instance `services.web.expose[0].port`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was expected there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// A warning about something that no provider can run as written. Who is about to pay should treat it as an error.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blocks_deployment: bool,
    /// The line of the source.
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
    /// Bytes of `excerpt` that are meant.
    #[serde(skip)]
    pub(crate) highlight: Range<usize>,
}

/// Everything there is to say about a file, in the order of the file. Serialises as an array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    #[serde(skip)]
    omitted: usize,
}

impl Diagnostics {
    /// Sorts by place and keeps the first hundred, errors before warnings if not all fit.
    pub(crate) fn new(mut items: Vec<Diagnostic>) -> Self {
        items.sort_by_key(|d| (d.severity, d.line, d.column));
        items.dedup();
        let omitted = items.len().saturating_sub(MAX_ITEMS);
        items.truncate(MAX_ITEMS);
        items.sort_by_key(|d| (d.line, d.column));
        Self { items, omitted }
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there nothing to say?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Is the file refused?
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|d| d.severity == Severity::Error)
    }

    /// Those that stand against a deployment although the file is accepted.
    pub fn blockers(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter().filter(|d| d.blocks_deployment)
    }

    /// Text for people: each with its line and a caret. `colour` for terminals.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for item in &self.items {
            out.push_str(&item.render(&renderer));
            out.push('\n');
        }
        if self.omitted > 0 {
            out.push_str(&format!("… and {} more\n", self.omitted));
        }
        out
    }

    /// A JSON array for editors.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("all keys are strings; qed")
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostic {
    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group: Group<'_> = match &self.excerpt {
            _ if self.line == 0 => Group::with_title(level.primary_title(format!("{}: {}", self.path, self.message))),
            Some(line) => {
                let mark = AnnotationKind::Primary.span(self.highlight.clone());
                let mark = match &self.expected {
                    Some(expected) => mark.label(format!("expected {expected}")),
                    None => mark,
                };
                let snippet = Snippet::source(line)
                    .line_start(self.line)
                    .path(&self.file)
                    .annotation(mark);
                level.primary_title(&self.message).element(snippet)
            }
            None => {
                let origin = Origin::path(&self.file).line(self.line).char_column(self.column);
                let group = level.primary_title(&self.message).element(origin);
                match &self.expected {
                    Some(expected) => group.element(Level::NOTE.message(format!("expected {expected}"))),
                    None => group,
                }
            }
        };
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint));
        }
        renderer.render(&[group])
    }
}
