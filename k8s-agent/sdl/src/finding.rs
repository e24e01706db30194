//! What reading and checking find, addressed by path. A path means something without a file, too, and becomes a place
//! once there is one.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::yaml::{Kind, Node, Place, Problem};
use std::cell::OnceCell;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<&'a String> for Step<'a> {
    fn from(key: &'a String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl Step<'_> {
    fn show(&self, first: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) if first => f.write_str(key),
            Self::Key(key) => write!(f, ".{key}"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// No path of the format is longer.
const MAX_STEPS: usize = 12;

/// Steps from the root, borrowed from the document: to follow it costs nothing until there is something to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    steps: [Step<'a>; MAX_STEPS],
    length: usize,
}

impl Default for Path<'_> {
    fn default() -> Self {
        Self {
            steps: [Step::Index(0); MAX_STEPS],
            length: 0,
        }
    }
}

impl<'a> Path<'a> {
    pub fn push(&mut self, step: impl Into<Step<'a>>) {
        if let Some(place) = self.steps.get_mut(self.length) {
            *place = step.into();
        }
        self.length += 1;
    }

    pub fn pop(&mut self) {
        self.length = self.length.saturating_sub(1);
    }

    /// The path one step further.
    pub fn join(&self, step: impl Into<Step<'a>>) -> Self {
        let mut path = *self;
        path.push(step);
        path
    }

    fn steps(&self) -> &[Step<'a>] {
        &self.steps[..self.length.min(MAX_STEPS)]
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = self.steps().iter().enumerate();
        steps.try_for_each(|(at, step)| step.show(at == 0, f))
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

/// A path that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address(Vec<Stop>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stop {
    Key(String),
    Index(usize),
}

impl Stop {
    fn step(&self) -> Step<'_> {
        match self {
            Self::Key(key) => Step::Key(key),
            Self::Index(index) => Step::Index(*index),
        }
    }
}

impl From<Path<'_>> for Address {
    fn from(path: Path<'_>) -> Self {
        let stop = |step: &Step<'_>| match step {
            Step::Key(key) => Stop::Key((*key).into()),
            Step::Index(index) => Stop::Index(*index),
        };
        Self(path.steps().iter().map(stop).collect())
    }
}

impl Address {
    fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stops = self.0.iter().enumerate();
        stops.try_for_each(|(at, stop)| stop.step().show(at == 0, f))
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
    pub path: Address,
    pub target: Target,
    pub message: String,
    pub expected: Option<String>,
    pub hint: Option<String>,
    pub blocks: bool,
    /// Other parts that were consulted. Where one of them could not be read, the finding is only its echo.
    pub consulted: Vec<Address>,
}

impl Finding {
    pub fn error(code: &'static str, path: impl Into<Address>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: path.into(),
            target: Target::Value,
            message: message.into(),
            expected: None,
            hint: None,
            blocks: false,
            consulted: Vec::new(),
        }
    }

    pub fn warning(code: &'static str, path: impl Into<Address>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, path, message)
        }
    }

    /// A warning about what no provider can run.
    pub fn blocker(code: &'static str, path: impl Into<Address>, message: impl Into<String>) -> Self {
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

    pub fn consulted(mut self, path: impl Into<Address>) -> Self {
        self.consulted.push(path.into());
        self
    }

    /// Is it only the echo of one of these errors?
    fn echoes(&self, errors: &[Address]) -> bool {
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
        let errors: Vec<Address> = self.list.iter().filter(is_error).map(|f| f.path.clone()).collect();
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
    pub fn located(self, root: Option<&Node<'_>>, problems: Vec<Problem>, source: &Source<'_>) -> Diagnostics {
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
    text: &'a str,
    /// Found once there is something to say.
    lines: OnceCell<Vec<&'a str>>,
}

impl<'a> Source<'a> {
    pub fn new(name: &'a str, text: &'a str) -> Self {
        let lines = OnceCell::new();
        Self { name, text, lines }
    }

    /// A name without a text.
    pub fn unreadable(name: &'a str) -> Self {
        Self::new(name, "")
    }

    fn lines(&self) -> &[&'a str] {
        self.lines.get_or_init(|| lines(self.text))
    }

    /// The line with this number, from 1, without its end.
    fn line(&self, number: usize) -> Option<&'a str> {
        self.lines().get(number.checked_sub(1)?).copied()
    }
}

/// What `str::lines` gives, faster.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::with_capacity(text.len() / 16);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let line = &text[start..end];
        lines.push(line.strip_suffix('\r').unwrap_or(line));
        start = end + 1;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
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
    let finding = Finding::error(problem.code, Address::default(), problem.message).maybe_hint(problem.hint);
    diagnostic(finding, Some(problem.place), source)
}

fn set_place(item: &mut Diagnostic, place: Place, source: &Source<'_>) {
    let (mut line, mut column) = (place.start.line.max(1) as usize, place.start.column as usize);
    // The end of a file may lie behind its last line.
    if let (true, Some(last)) = (line > source.lines().len(), source.lines().last()) {
        (line, column) = (source.lines().len(), last.chars().count());
    }
    item.line = line;
    item.column = column + 1;
    let Some(text) = source.line(line).filter(|text| text.len() <= MAX_EXCERPT) else {
        return;
    };
    let end = match place.end.line as usize == line {
        true => place.end.column as usize,
        false => usize::MAX,
    };
    let from = byte_of(text, column);
    let to = byte_of(text, end).min(text.trim_end().len()).max(from);
    // For the parser all that follows text in quotes on its line belongs to it.
    let to = quoted_length(&text[from..to]).map_or(to, |length| from + length);
    item.highlight = from..to;
    item.excerpt = Some(text.to_string());
}

/// How long text in quotes is that stands at the beginning, with its quotes.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let doubled = quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == quote);
        match c {
            '\\' if quote == '"' => _ = chars.next(),
            c if c == quote && doubled => _ = chars.next(),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Byte offset of the character at `column`, or of the end.
fn byte_of(line: &str, column: usize) -> usize {
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// Where a path stands: as far as it leads, then the key that led there.
fn locate(root: &Node<'_>, path: &Address, target: Target) -> Place {
    let mut node = root;
    let mut key = Place {
        start: root.place.start,
        end: root.place.start,
    };
    for stop in &path.0 {
        let next = match (stop, node.kind) {
            (Stop::Key(name), Kind::Map(_)) => node.get(name).map(|entry| (&entry.value, entry.place)),
            // A single volume may stand without a list.
            (Stop::Index(0), Kind::Map(_)) => continue,
            (Stop::Index(index), Kind::List(items)) => items.get(*index).map(|item| (item, first_line(item))),
            _ => None,
        };
        let Some((value, place)) = next else { return key };
        node = value;
        key = place;
    }
    match (target, node.kind) {
        (Target::Value, Kind::Scalar(scalar)) if !scalar.text.is_empty() => node.place,
        _ => key,
    }
}

/// An item of a list has no key; its first key stands for it.
fn first_line(item: &Node<'_>) -> Place {
    match item.kind {
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
    fn text_in_quotes_ends_at_its_quote() {
        for (text, length) in [
            ("\"80\"  # c", Some(4)),
            ("\"a\\\"b\" \"", Some(6)),
            ("'it''s' # '", Some(7)),
            ("'open", None),
            ("80", None),
            ("", None),
        ] {
            assert_eq!(quoted_length(text), length, "{text}");
        }
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
