//! YAML with places: events of the parser become a tree that knows where everything stands.
//!
//! The tree is bounded before anything reads it. Aliases share nodes, so that a "billion laughs" file costs no memory;
//! its weight, counted as if every alias were written out, is refused. So are deep trees, which makes recursion safe.

use crate::quantity::parse_integer;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

/// Larger files are refused; the largest real one known has 20 kB.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Deeper nesting is refused; the format itself needs 12.
const MAX_DEPTH: usize = 64;
/// Nodes, and 16 bytes of text each, with aliases written out. A file of [`MAX_BYTES`] without aliases stays below.
const MAX_WEIGHT: usize = 1 << 21;
/// Bytes that are read again after repairs: many times a real file, few times a large one.
const MAX_WORK: usize = 32 << 20;
/// What an indentation lacks, in steps.
const MORE_INDENT: &str = "                ";
/// Complaints kept about one file.
const MAX_PROBLEMS: usize = 200;

/// A position: line from 1, column in characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pos {
    pub line: usize,
    pub column: usize,
}

/// From where to where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub start: Pos,
    pub end: Pos,
}

impl From<&Marker> for Pos {
    fn from(marker: &Marker) -> Self {
        Self {
            line: marker.line(),
            column: marker.col(),
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            start: (&span.start).into(),
            end: (&span.end).into(),
        }
    }
}

/// Something wrong with the YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub place: Place,
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub place: Place,
    pub kind: Kind,
    weight: usize,
    depth: usize,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// Text, and how it was written.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub text: String,
    /// Without quotes, so that `yes`, `null` and `80` are no text.
    pub plain: bool,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Rc<Node>,
}

impl Node {
    /// Nothing: absent text, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(s) if s.is_null())
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }
}

impl Scalar {
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// A boolean, as go-yaml reads it into a field that must be one: words of YAML 1.1 count, in quotes too; `true`
    /// in quotes is text.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }

    /// A whole number without quotes. `None` for text; an error for what is no number of 64 bits, or not the same
    /// number to all readers of YAML.
    pub fn as_integer(&self) -> Option<Result<i64, ()>> {
        if !self.plain {
            return None;
        }
        let (sign, digits) = match self.text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, self.text.strip_prefix('+').unwrap_or(&self.text)),
        };
        let radix = match digits.get(..2) {
            Some("0x") => 16,
            Some("0o") => 8,
            Some("0b") => 2,
            _ => return Some(decimal_integer(digits)?.map(|value| sign * value)),
        };
        let digits = &digits[2..];
        if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
            return None;
        }
        Some(
            i64::from_str_radix(digits, radix)
                .map(|value| sign * value)
                .map_err(|_| ()),
        )
    }
}

/// A whole number in decimal digits; `1.0` and `1e3` are whole numbers too.
fn decimal_integer(digits: &str) -> Option<Result<i64, ()>> {
    // With a leading zero some readers take digits below 8 for octal.
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        if significant.len() > 1 && !significant.contains(['8', '9']) {
            return Some(Err(()));
        }
    }
    parse_integer(digits)
}

/// Reads one document. A tree comes out unless the text is no YAML; problems that leave a tree are reported with it.
///
/// The parser is stricter than YAML and Akash's parsers in three places that real files use. There the text is repaired
/// and read again, in ways that change no value.
pub(crate) fn load(text: &str) -> (Option<Rc<Node>>, Vec<Problem>) {
    let mut text = Cow::Borrowed(text);
    let mut builder = Builder::default();
    let mut work = MAX_WORK;
    loop {
        let Err(failure) = load_once(&text, &mut builder) else {
            return (builder.root, builder.problems);
        };
        let rest = work.checked_sub(text.len());
        let (Some(repair), Some(rest)) = (failure.repair, rest) else {
            builder.problems.push(failure.problem);
            return (None, builder.problems);
        };
        work = rest;
        let mut inserted = builder.inserted;
        match repair {
            Repair::SpaceForTab { at } => text.to_mut().replace_range(at..=at, " "),
            Repair::SpaceBefore { at } => text.to_mut().insert(at, ' '),
            Repair::Indent { line, at } => {
                text.to_mut().insert_str(at, MORE_INDENT);
                *inserted.entry(line).or_default() += MORE_INDENT.len();
            }
        }
        builder = Builder {
            inserted,
            ..Builder::default()
        };
    }
}

/// Why no tree came out.
struct Failure {
    problem: Problem,
    repair: Option<Repair>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, repair: None }
    }
}

/// A change of the text after which it can be read.
enum Repair {
    /// A tab between key and value becomes a space.
    SpaceForTab { at: usize },
    /// A comment may follow quoted text at once; a space is put before it. It ends its line, so no column changes.
    SpaceBefore { at: usize },
    /// Lines of a `[…]` or `{…}` may be indented less than its key; spaces are put before such a line.
    Indent { line: usize, at: usize },
}

fn load_once(text: &str, builder: &mut Builder) -> Result<(), Failure> {
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let problem = syntax_problem(&error, builder.pos(error.marker()));
                return Err(Failure {
                    problem,
                    repair: repair(text, &error),
                });
            }
        }
    }
    if builder.root.is_none() && builder.problems.is_empty() {
        let message = "the file is empty".into();
        let hint = Some("start with `version: \"2.0\"`".into());
        builder.problems.push(Problem {
            place: Place::default(),
            code: "yaml-empty",
            message,
            hint,
        });
    }
    Ok(())
}

/// What can be done about an error of the parser.
fn repair(text: &str, error: &ScanError) -> Option<Repair> {
    let (at, c) = text.char_indices().nth(error.marker().index())?;
    let before = &text[..at];
    if error.info().starts_with("':' must be followed by") {
        return (c != '-' && before.ends_with('\t')).then(|| Repair::SpaceForTab { at: at - 1 });
    }
    if c == '#' && error.info().starts_with("comments must be separated") {
        return Some(Repair::SpaceBefore { at });
    }
    // Only lines inside of brackets are refused with these words.
    if error.info() == "invalid indentation" {
        let at = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        return Some(Repair::Indent {
            line: error.marker().line(),
            at,
        });
    }
    None
}

fn syntax_problem(error: &ScanError, start: Pos) -> Problem {
    let place = Place { start, end: start };
    if error.info().contains("recursion limit") {
        return too_deep(place);
    }
    Problem {
        place,
        code: "yaml-syntax",
        message: format!("this is no valid YAML: {}", error.info()),
        hint: syntax_hint(error.info()),
    }
}

/// What people usually did.
fn syntax_hint(info: &str) -> Option<String> {
    let hint = if info.contains("tab") {
        "YAML is indented with spaces, never with tabs"
    } else if info.contains("anchor") {
        "define it before its use, with `&name`; text that begins with `*` or `&` needs quotes"
    } else if info.contains("mapping values are not allowed") || info.contains("simple key") {
        "check the indentation; text with `: ` in it needs quotes"
    } else if info.contains("did not find expected") || info.contains("unexpected") {
        "check the indentation of this line and of the one above"
    } else {
        return None;
    };
    Some(hint.into())
}

/// A collection that is not complete yet.
enum Frame {
    List {
        open: Open,
        items: Vec<Rc<Node>>,
    },
    Map {
        open: Open,
        entries: Vec<(Rc<Node>, Rc<Node>)>,
        key: Option<Rc<Node>>,
    },
}

struct Open {
    place: Place,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    /// `None` while the anchored node is not complete.
    anchors: HashMap<usize, Option<Rc<Node>>>,
    root: Option<Rc<Node>>,
    documents: usize,
    problems: Vec<Problem>,
    /// Spaces that repairs put before lines, by line.
    inserted: HashMap<usize, usize>,
}

impl Builder {
    /// Where a marker stands in the text as it was given.
    fn pos(&self, marker: &Marker) -> Pos {
        let inserted = self.inserted.get(&marker.line()).copied().unwrap_or_default();
        Pos {
            line: marker.line(),
            column: marker.col().saturating_sub(inserted),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let place = Place {
            start: self.pos(&span.start),
            end: self.pos(&span.end),
        };
        match event {
            Event::DocumentStart(_) => self.start_document(place),
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = scalar(text, style, tag, place)?;
                let weight = 1 + scalar.text.len() / 16;
                let node = Node {
                    place,
                    kind: Kind::Scalar(scalar),
                    weight,
                    depth: 1,
                };
                self.complete(node, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(Some(node)) => {
                    let node = Rc::clone(node);
                    self.place_node(node)
                }
                _ => Err(problem(
                    place,
                    "yaml-alias",
                    "this alias stands inside of what it refers to",
                )),
            },
            Event::SequenceStart(anchor, tag) => {
                collection_tag(tag, "seq", place)?;
                self.open(anchor);
                self.push(
                    Frame::List {
                        open: Open { place, anchor },
                        items: Vec::new(),
                    },
                    place,
                )
            }
            Event::MappingStart(anchor, tag) => {
                collection_tag(tag, "map", place)?;
                self.open(anchor);
                self.push(
                    Frame::Map {
                        open: Open { place, anchor },
                        entries: Vec::new(),
                        key: None,
                    },
                    place,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            _ => Ok(()),
        }
    }

    fn start_document(&mut self, place: Place) -> Result<(), Problem> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(problem(
                place,
                "yaml-documents",
                "a second document begins here, and a deployment is one file",
            ));
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn push(&mut self, frame: Frame, place: Place) -> Result<(), Problem> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, place: Place) -> Result<(), Problem> {
        let (open, kind) = match self.stack.pop() {
            Some(Frame::List { open, items }) => (open, Kind::List(items)),
            Some(Frame::Map { open, entries, .. }) => (open, Kind::Map(self.entries(entries)?)),
            None => return Err(problem(place, "yaml-syntax", "a collection ends that never began")),
        };
        let Open { place, anchor } = open;
        let (weight, depth) = measure(&kind);
        self.complete(
            Node {
                place,
                kind,
                weight,
                depth,
            },
            anchor,
        )
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if node.weight > MAX_WEIGHT {
            let message = "aliases make this file larger than any deployment";
            return Err(problem(node.place, "yaml-too-large", message));
        }
        if node.depth > MAX_DEPTH {
            return Err(too_deep(node.place));
        }
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Some(Rc::clone(&node)));
        }
        self.place_node(node)
    }

    /// Puts a complete node where it belongs.
    fn place_node(&mut self, node: Rc<Node>) -> Result<(), Problem> {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
        Ok(())
    }

    /// Keys become text, `<<` is merged, and a key that stands twice is a problem.
    fn entries(&mut self, pairs: Vec<(Rc<Node>, Rc<Node>)>) -> Result<Vec<Entry>, Problem> {
        let mut merged = Vec::new();
        let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
        let mut seen: HashMap<String, usize> = HashMap::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Kind::Scalar(scalar) = &key.kind else {
                return Err(problem(key.place, "yaml-key", "a key must be text"));
            };
            if scalar.is_null() {
                return Err(problem(key.place, "yaml-key", "a key is missing here"));
            }
            if scalar.plain && scalar.text == "<<" {
                merged.push(value);
                continue;
            }
            if let Some(line) = seen.get(&scalar.text) {
                let message = format!("the key `{}` stands twice", scalar.text);
                let hint = Some(format!("it is already on line {line}; keep one of the two"));
                self.report(Problem {
                    place: key.place,
                    code: "yaml-duplicate-key",
                    message,
                    hint,
                });
                continue;
            }
            seen.insert(scalar.text.clone(), key.place.start.line);
            entries.push(Entry {
                key: scalar.text.clone(),
                place: key.place,
                value,
            });
        }
        for source in merged {
            merge(&source, &mut entries, &mut seen)?;
        }
        Ok(entries)
    }

    fn report(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Adds what `entries` do not have themselves.
fn merge(source: &Node, entries: &mut Vec<Entry>, seen: &mut HashMap<String, usize>) -> Result<(), Problem> {
    match &source.kind {
        Kind::Map(more) => {
            for entry in more {
                if seen.contains_key(&entry.key) {
                    continue;
                }
                seen.insert(entry.key.clone(), entry.place.start.line);
                entries.push(Entry {
                    key: entry.key.clone(),
                    place: entry.place,
                    value: Rc::clone(&entry.value),
                });
            }
            Ok(())
        }
        Kind::List(sources) if sources.iter().all(|s| matches!(s.kind, Kind::Map(_))) => {
            sources.iter().try_for_each(|source| merge(source, entries, seen))
        }
        _ => Err(problem(
            source.place,
            "yaml-merge",
            "`<<` merges mappings, and this is none",
        )),
    }
}

fn measure(kind: &Kind) -> (usize, usize) {
    let add = |(weight, depth): (usize, usize), node: &Rc<Node>, extra: usize| {
        (
            weight.saturating_add(node.weight).saturating_add(extra),
            depth.max(node.depth + 1),
        )
    };
    match kind {
        Kind::Scalar(scalar) => (1 + scalar.text.len() / 16, 1),
        Kind::List(items) => items.iter().fold((1, 1), |sum, node| add(sum, node, 0)),
        Kind::Map(entries) => entries
            .iter()
            .fold((1, 1), |sum, entry| add(sum, &entry.value, entry.key.len() / 16)),
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<Cow<'_, Tag>>, place: Place) -> Result<Scalar, Problem> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        // `!` alone means "text".
        Some(tag) if tag.handle.len() < 2 && matches!(tag.suffix.as_str(), "" | "!") => false,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => false,
            "int" | "float" | "bool" | "null" => true,
            _ => return Err(unknown_tag(&tag, place)),
        },
        Some(tag) => return Err(unknown_tag(&tag, place)),
    };
    Ok(Scalar {
        text: text.into_owned(),
        plain,
    })
}

fn collection_tag(tag: Option<Cow<'_, Tag>>, suffix: &str, place: Place) -> Result<(), Problem> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == suffix) => Err(unknown_tag(&tag, place)),
        _ => Ok(()),
    }
}

fn unknown_tag(tag: &Tag, place: Place) -> Problem {
    problem(place, "yaml-tag", &format!("the tag `{tag}` has no meaning here"))
}

fn too_deep(place: Place) -> Problem {
    problem(
        place,
        "yaml-too-deep",
        &format!("more than {MAX_DEPTH} levels of nesting"),
    )
}

fn problem(place: Place, code: &'static str, message: &str) -> Problem {
    Problem {
        place,
        code,
        message: message.into(),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Rc<Node> {
        let (root, problems) = load(text);
        assert_eq!(problems, []);
        root.unwrap()
    }

    fn codes(text: &str) -> Vec<&'static str> {
        load(text).1.iter().map(|p| p.code).collect()
    }

    fn text_of(node: &Node, key: &str) -> String {
        match &node.get(key).unwrap().value.kind {
            Kind::Scalar(s) => s.text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn places_are_lines_and_columns() {
        let root = tree("a: 1\nb:\n  - é: x\n");
        let entry = root.get("b").unwrap();
        assert_eq!(entry.place.start, Pos { line: 2, column: 0 });
        let Kind::List(items) = &entry.value.kind else { panic!() };
        let inner = items[0].get("é").unwrap();
        assert_eq!(inner.place.start, Pos { line: 3, column: 4 });
        assert_eq!(inner.value.place.start, Pos { line: 3, column: 7 });
    }

    #[test]
    fn a_tab_between_key_and_value_is_a_space() {
        let text = "a:\t80\nb:\t \tx\nc: |\n  d:\te\n";
        let root = tree(text);
        assert_eq!(["a", "b", "c"].map(|key| text_of(&root, key)), ["80", "x", "d:\te\n"]);
        assert_eq!(root.get("a").unwrap().value.place.start, Pos { line: 1, column: 3 });
    }

    #[test]
    fn brackets_may_stand_anywhere_on_their_lines() {
        for text in [
            "a:\n  b: [\n    \"x\",\n    'y'\n  ]\n  c: 1\n",
            "a:\n  b: [\n\"x\",\n'y'\n]\n  c: 1\n",
            "a:\n  b: [\"x\" # one\n  , 'y' # two\n ]\n  c: 1\n",
        ] {
            let root = tree(text);
            let a = &root.get("a").unwrap().value;
            let b = &a.get("b").unwrap().value;
            let Kind::List(items) = &b.kind else { panic!("{b:?}") };
            let line = |n: usize| text.lines().nth(n).unwrap();
            for (item, quoted) in items.iter().zip(["\"x\"", "'y'"]) {
                assert_eq!(
                    line(item.place.start.line - 1).find(quoted),
                    Some(item.place.start.column),
                    "{text}"
                );
            }
            assert_eq!((items.len(), text_of(a, "c")), (2, "1".into()));
        }
        let (root, problems) = load("a: [\n\"x\",\n\"y\"\n@\n]\n");
        assert!(root.is_none());
        assert_eq!(problems[0].place.start, Pos { line: 4, column: 0 });
    }

    #[test]
    fn a_comment_may_touch_quoted_text() {
        let root = tree("a: \"x\"# one\nb: 'y'#two\nc: z#three\n");
        assert_eq!(["a", "b", "c"].map(|key| text_of(&root, key)), ["x", "y", "z#three"]);
    }

    #[test]
    fn a_lone_exclamation_mark_makes_text() {
        let root = tree("a: ! 80\n");
        let Kind::Scalar(scalar) = &root.get("a").unwrap().value.kind else {
            panic!()
        };
        assert!(!scalar.plain);
    }

    #[test]
    fn merge_keys_fill_in_what_is_missing() {
        let root = tree("base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nuse:\n  <<: [*b, *m]\n  y: 7\n");
        let used = &root.get("use").unwrap().value;
        assert_eq!(["x", "y", "z"].map(|key| text_of(used, key)), ["1", "7", "3"]);
        assert_eq!(codes("a: &a 5\nb:\n  <<: *a\n"), ["yaml-merge"]);
    }

    #[test]
    fn a_key_that_stands_twice_is_reported_and_reading_goes_on() {
        let (root, problems) = load("a: 1\nb: 2\na: 3\nb: 4\n");
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].place.start.line, 3);
        assert!(problems[0].hint.as_ref().unwrap().contains("line 1"));
        assert_eq!(text_of(&root.unwrap(), "a"), "1");
    }

    #[test]
    fn a_billion_laughs_are_refused_quickly() {
        let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..40 {
            let refs = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
        }
        assert_eq!(codes(&text), ["yaml-too-large"]);
    }

    #[test]
    fn depth_is_bounded_also_through_aliases() {
        assert_eq!(codes(&"[".repeat(100_000)), ["yaml-too-deep"]);
        let mut text = String::from("a0: &a0 [x]\n");
        for level in 1..100 {
            text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        assert_eq!(codes(&text), ["yaml-too-deep"]);
    }

    #[test]
    fn what_is_no_single_document_of_plain_values_is_refused() {
        assert_eq!(codes("a: &a [*a]\n"), ["yaml-alias"]);
        assert_eq!(codes("a: *b\n"), ["yaml-syntax"]);
        assert_eq!(codes("a: 1\n---\nb: 2\n"), ["yaml-documents"]);
        assert_eq!(codes("? [a, b]\n: 1\n"), ["yaml-key"]);
        assert_eq!(codes(": 1\n"), ["yaml-key"]);
        assert_eq!(codes("a: !!binary aGk=\n"), ["yaml-tag"]);
        assert_eq!(codes("a: !thing {}\n"), ["yaml-tag"]);
        assert_eq!(codes("a:\n\tb: 1\n"), ["yaml-syntax"]);
        assert_eq!(codes("# only a comment\n"), ["yaml-empty"]);
    }

    #[test]
    fn scalars_resolve_as_in_go() {
        let scalar = |text: &str, plain| Scalar {
            text: text.into(),
            plain,
        };
        for (text, value) in [
            ("yes", true),
            ("On", true),
            ("true", true),
            ("off", false),
            ("N", false),
        ] {
            assert_eq!(scalar(text, true).as_bool(), Some(value));
        }
        assert_eq!(scalar("true", false).as_bool(), None);
        assert_eq!(scalar("truly", true).as_bool(), None);
        assert_eq!(scalar("80", true).as_integer(), Some(Ok(80)));
        assert_eq!(scalar("80.0", true).as_integer(), Some(Ok(80)));
        assert_eq!(scalar("0x50", true).as_integer(), Some(Ok(80)));
        assert_eq!(scalar("-1", true).as_integer(), Some(Ok(-1)));
        assert_eq!(scalar("1e3", true).as_integer(), Some(Ok(1000)));
        assert_eq!(scalar("080", true).as_integer(), Some(Ok(80)));
        assert_eq!(scalar("01", true).as_integer(), Some(Ok(1)));
        assert_eq!(scalar("0443", true).as_integer(), Some(Err(())), "291 to some readers");
        assert_eq!(scalar("1.5", true).as_integer(), None);
        assert_eq!(scalar("99999999999999999999", true).as_integer(), Some(Err(())));
        assert_eq!(scalar("80", false).as_integer(), None);
        assert_eq!(scalar("80-90", true).as_integer(), None);
        assert!(scalar("", true).is_null() && scalar("~", true).is_null() && !scalar("", false).is_null());
    }
}
