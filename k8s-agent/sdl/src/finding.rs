//! What reading and checking find, addressed by path. A path means something without a file, too, and becomes a place
//! once there is one.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::yaml::{Kind, Node, Place, Pos, Problem};
use std::fmt;

/// Findings kept of one file; more than are shown.
const MAX_FINDINGS: usize = 300;
/// A longer line is not quoted: it would fill the terminal.
const MAX_EXCERPT: usize = 1000;
/// Below this, two words are just different words.
const MIN_SIMILARITY: f64 = 0.82;
/// Names of a file that are compared with a wrong one; a real file has a few.
const MAX_CANDIDATES: usize = 500;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<&String> for Step {
    fn from(key: &String) -> Self {
        Self::Key(key.clone())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Steps from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    pub fn push(&mut self, step: impl Into<Step>) {
        self.0.push(step.into());
    }

    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// The path one step further.
    pub fn join(&self, step: impl Into<Step>) -> Self {
        let mut path = self.clone();
        path.push(step);
        path
    }

    fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

/// A path from its steps: `at!["services", name, "expose", 0]`.
macro_rules! at {
    ($($step:expr),* $(,)?) => {{
        let mut path = $crate::finding::Path::default();
        $(path.push($step);)*
        path
    }};
}
pub(crate) use at;

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Which of the two is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Key,
    Value,
}

/// Something to say about a document.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub path: Path,
    pub target: Target,
    pub message: String,
    pub expected: Option<String>,
    pub hint: Option<String>,
    pub blocks: bool,
    /// Other parts that were consulted. Where one of them could not be read, the finding is only its echo.
    pub consulted: Vec<Path>,
}

impl Finding {
    pub fn error(code: &'static str, path: Path, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path,
            target: Target::Value,
            message: message.into(),
            expected: None,
            hint: None,
            blocks: false,
            consulted: Vec::new(),
        }
    }

    pub fn warning(code: &'static str, path: Path, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, path, message)
        }
    }

    /// A warning about what no provider can run.
    pub fn blocker(code: &'static str, path: Path, message: impl Into<String>) -> Self {
        Self {
            blocks: true,
            ..Self::warning(code, path, message)
        }
    }

    pub fn at_key(mut self) -> Self {
        self.target = Target::Key;
        self
    }

    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    pub fn consulted(mut self, path: Path) -> Self {
        self.consulted.push(path);
        self
    }

    /// Is it only the echo of one of these errors?
    fn echoes(&self, errors: &[Path]) -> bool {
        std::iter::once(&self.path)
            .chain(&self.consulted)
            .any(|about| errors.iter().any(|e| about.starts_with(e)))
    }
}

/// Findings, bounded.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
}

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        if !self.is_full(finding.severity) {
            self.list.push(finding);
        }
    }

    /// Are there so many that more are dropped? Looking for them, and for advice, is then a waste.
    pub fn is_full(&self, severity: Severity) -> bool {
        self.list.iter().filter(|f| f.severity == severity).count() >= MAX_FINDINGS
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|f| f.severity == Severity::Error)
    }

    /// Adds what is no echo of an error that is already here.
    pub fn extend_without_echoes(&mut self, more: Findings) {
        let is_error = |f: &&Finding| f.severity == Severity::Error;
        let errors: Vec<Path> = self.list.iter().filter(is_error).map(|f| f.path.clone()).collect();
        self.list.extend(more.list.into_iter().filter(|f| !f.echoes(&errors)));
    }

    /// Findings about a document that has no file.
    pub fn without_source(self) -> Diagnostics {
        Diagnostics::new(
            self.list
                .into_iter()
                .map(|f| diagnostic(f, None, &Source::default()))
                .collect(),
        )
    }

    /// Findings and problems with their places.
    pub fn located(self, root: Option<&Node>, problems: Vec<Problem>, source: &Source<'_>) -> Diagnostics {
        let problems = problems.into_iter().map(|problem| syntax_diagnostic(problem, source));
        let findings = self.list.into_iter().map(|finding| {
            let place = root.map(|root| locate(root, &finding.path, finding.target));
            diagnostic(finding, place, source)
        });
        Diagnostics::new(problems.chain(findings).collect())
    }
}

/// A named text, to quote lines of.
#[derive(Default)]
pub(crate) struct Source<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Source<'a> {
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            lines: text.lines().collect(),
        }
    }

    /// A name without a text.
    pub fn unreadable(name: &'a str) -> Self {
        Self {
            name,
            lines: Vec::new(),
        }
    }

    /// The line with this number, from 1, without its end.
    fn line(&self, number: usize) -> Option<&'a str> {
        self.lines.get(number.checked_sub(1)?).copied()
    }
}

fn diagnostic(finding: Finding, place: Option<Place>, source: &Source<'_>) -> Diagnostic {
    let mut item = Diagnostic {
        severity: finding.severity,
        code: finding.code,
        file: source.name.into(),
        line: 0,
        column: 0,
        path: finding.path.to_string(),
        message: finding.message,
        expected: finding.expected,
        hint: finding.hint,
        blocks_deployment: finding.blocks,
        excerpt: None,
        highlight: 0..0,
    };
    if let Some(place) = place {
        set_place(&mut item, place, source);
    }
    item
}

fn syntax_diagnostic(problem: Problem, source: &Source<'_>) -> Diagnostic {
    let finding = Finding::error(problem.code, Path::default(), problem.message).maybe_hint(problem.hint);
    diagnostic(finding, Some(problem.place), source)
}

fn set_place(item: &mut Diagnostic, place: Place, source: &Source<'_>) {
    let mut start = Pos {
        line: place.start.line.max(1),
        ..place.start
    };
    // The end of a file may lie behind its last line.
    if let (true, Some(last)) = (start.line > source.lines.len(), source.lines.last()) {
        start = Pos {
            line: source.lines.len(),
            column: last.chars().count(),
        };
    }
    item.line = start.line;
    item.column = start.column + 1;
    let Some(line) = source.line(start.line).filter(|line| line.len() <= MAX_EXCERPT) else {
        return;
    };
    let end = if place.end.line == start.line {
        place.end.column
    } else {
        usize::MAX
    };
    let from = byte_of(line, start.column);
    let to = byte_of(line, end).min(line.trim_end().len()).max(from);
    item.highlight = from..to;
    item.excerpt = Some(line.to_string());
}

/// Byte offset of the character at `column`, or of the end.
fn byte_of(line: &str, column: usize) -> usize {
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// Where a path stands: as far as it leads, then the key that led there.
fn locate(root: &Node, path: &Path, target: Target) -> Place {
    let mut node = root;
    let mut key = Place {
        start: root.place.start,
        end: root.place.start,
    };
    for step in &path.0 {
        let next = match (step, &node.kind) {
            (Step::Key(name), Kind::Map(_)) => node.get(name).map(|entry| (&entry.value, entry.place)),
            // A single volume may stand without a list.
            (Step::Index(0), Kind::Map(_)) => continue,
            (Step::Index(index), Kind::List(items)) => items.get(*index).map(|item| (item, first_line(item))),
            _ => None,
        };
        let Some((value, place)) = next else { return key };
        node = value;
        key = place;
    }
    match (target, &node.kind) {
        (Target::Value, Kind::Scalar(scalar)) if !scalar.text.is_empty() => node.place,
        _ => key,
    }
}

/// An item of a list has no key; its first key stands for it.
fn first_line(item: &Node) -> Place {
    match &item.kind {
        Kind::Map(entries) => entries.first().map_or(item.place, |entry| entry.place),
        _ => item.place,
    }
}

/// The known word that was probably meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long text is no misspelt word, and comparing it costs time.
    if word.len() > 64 {
        return None;
    }
    let normal = |s: &str| s.to_ascii_lowercase().replace('-', "_");
    let word = normal(word);
    let scored = known
        .into_iter()
        .take(MAX_CANDIDATES)
        .map(|candidate| (strsim::jaro_winkler(&word, &normal(candidate)), candidate));
    let best = scored
        .filter(|(score, _)| *score >= MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, candidate)| candidate)
}

/// "did you mean", where something is near.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["image", "command", "args", "env", "expose"];
        assert_eq!(nearest("imgae", known), Some("image"));
        assert_eq!(nearest("Expose", known), Some("expose"));
        assert_eq!(nearest("restart", known), None);
        assert_eq!(nearest(&"e".repeat(1000), known), None);
    }

    #[test]
    fn paths_read_like_paths() {
        assert_eq!(
            at!["services", "web", "expose", 0, "port"].to_string(),
            "services.web.expose[0].port"
        );
        assert_eq!(Path::default().to_string(), "");
    }
}
