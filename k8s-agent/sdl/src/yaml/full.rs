//! All of YAML: events of the parser become the tree.

use super::{Entry, Kind, Node, Place, Pos, Problem, Scalar};
use bumpalo::Bump;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Deeper nesting is refused; the format itself needs 12.
const MAX_DEPTH: usize = 64;
/// Nodes, and 16 bytes of text each, with aliases written out. A file of [`super::MAX_BYTES`] without aliases stays below.
const MAX_WEIGHT: usize = 1 << 21;
/// Bytes that are read again after repairs: many times a real file, few times a large one.
const MAX_WORK: usize = 32 << 20;
/// What an indentation lacks, in steps.
const MORE_INDENT: &str = "                ";
/// Complaints kept about one file.
const MAX_PROBLEMS: usize = 200;

impl From<&Marker> for Pos {
    fn from(marker: &Marker) -> Self {
        // Files are far smaller than what would not fit.
        Self {
            line: marker.line() as u32,
            column: marker.col() as u32,
        }
    }
}

/// Reads one document. A tree comes out unless the text is no YAML; problems that leave a tree are reported with it.
///
/// The parser is stricter than YAML and Akash's parsers in three places that real files use. There the text is repaired
/// and read again, in ways that change no value.
pub(super) fn load<'t>(arena: &'t Bump, text: &str) -> (Option<Node<'t>>, Vec<Problem>) {
    let mut text = Cow::Borrowed(text);
    let mut builder = Builder::new(arena, HashMap::new());
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
        builder = Builder::new(arena, inserted);
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

fn load_once(text: &str, builder: &mut Builder<'_>) -> Result<(), Failure> {
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
enum Frame<'t> {
    List {
        open: Open,
        items: Vec<Node<'t>>,
    },
    Map {
        open: Open,
        entries: Vec<(Node<'t>, Node<'t>)>,
        key: Option<Node<'t>>,
    },
}

impl Frame<'_> {
    fn open(&mut self) -> &mut Open {
        match self {
            Self::List { open, .. } | Self::Map { open, .. } => open,
        }
    }
}

struct Open {
    place: Place,
    anchor: usize,
    /// Of what is complete already.
    size: Size,
}

impl Open {
    fn new(place: Place, anchor: usize) -> Self {
        let size = Size { weight: 1, depth: 1 };
        Self { place, anchor, size }
    }
}

/// How large a node is with aliases written out.
#[derive(Clone, Copy)]
struct Size {
    weight: usize,
    depth: usize,
}

impl Size {
    fn of_scalar(scalar: &Scalar<'_>) -> Self {
        Self {
            weight: 1 + scalar.text.len() / 16,
            depth: 1,
        }
    }

    fn add(&mut self, part: Self) {
        self.weight = self.weight.saturating_add(part.weight);
        self.depth = self.depth.max(part.depth + 1);
    }
}

struct Builder<'t> {
    arena: &'t Bump,
    stack: Vec<Frame<'t>>,
    /// What anchors name; `None` while it is not complete.
    anchors: HashMap<usize, Option<(Node<'t>, Size)>>,
    root: Option<Node<'t>>,
    documents: usize,
    problems: Vec<Problem>,
    /// Spaces that repairs put before lines, by line.
    inserted: HashMap<usize, usize>,
}

impl<'t> Builder<'t> {
    fn new(arena: &'t Bump, inserted: HashMap<usize, usize>) -> Self {
        Self {
            arena,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            problems: Vec::new(),
            inserted,
        }
    }

    /// Where a marker stands in the text as it was given.
    fn pos(&self, marker: &Marker) -> Pos {
        let inserted = self.inserted.get(&marker.line()).copied().unwrap_or_default();
        let pos = Pos::from(marker);
        Pos {
            column: pos.column.saturating_sub(inserted as u32),
            ..pos
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
                let plain = is_plain(style, tag, place)?;
                let text = self.arena.alloc_str(&text);
                let scalar = Scalar { text, plain };
                let size = Size::of_scalar(&scalar);
                let kind = Kind::Scalar(scalar);
                self.complete(Node { place, kind }, size, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).copied() {
                Some(Some((node, size))) => {
                    self.place_node(node, size);
                    Ok(())
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
                let (open, items) = (Open::new(place, anchor), Vec::new());
                self.push(Frame::List { open, items }, place)
            }
            Event::MappingStart(anchor, tag) => {
                collection_tag(tag, "map", place)?;
                self.open(anchor);
                let (open, entries) = (Open::new(place, anchor), Vec::new());
                let key = None;
                self.push(Frame::Map { open, entries, key }, place)
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

    fn push(&mut self, frame: Frame<'t>, place: Place) -> Result<(), Problem> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, place: Place) -> Result<(), Problem> {
        let (Open { place, anchor, size }, kind) = match self.stack.pop() {
            Some(Frame::List { open, items }) => (open, Kind::List(self.arena.alloc_slice_copy(&items))),
            Some(Frame::Map { open, entries, .. }) => (open, Kind::Map(self.entries(entries)?)),
            None => return Err(problem(place, "yaml-syntax", "a collection ends that never began")),
        };
        self.complete(Node { place, kind }, size, anchor)
    }

    fn complete(&mut self, node: Node<'t>, size: Size, anchor: usize) -> Result<(), Problem> {
        if size.weight > MAX_WEIGHT {
            let message = "aliases make this file larger than any deployment";
            return Err(problem(node.place, "yaml-too-large", message));
        }
        if size.depth > MAX_DEPTH {
            return Err(too_deep(node.place));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Some((node, size)));
        }
        self.place_node(node, size);
        Ok(())
    }

    /// Puts a complete node where it belongs.
    fn place_node(&mut self, node: Node<'t>, size: Size) {
        if let Some(frame) = self.stack.last_mut() {
            frame.open().size.add(size);
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }

    /// Keys become text, `<<` is merged, and a key that stands twice is a problem.
    fn entries(&mut self, pairs: Vec<(Node<'t>, Node<'t>)>) -> Result<&'t [Entry<'t>], Problem> {
        let mut merged = Vec::new();
        let mut entries = Entries::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Kind::Scalar(scalar) = key.kind else {
                return Err(problem(key.place, "yaml-key", "a key must be text"));
            };
            if scalar.is_null() {
                return Err(problem(key.place, "yaml-key", "a key is missing here"));
            }
            if scalar.plain && scalar.text == "<<" {
                merged.push(value);
                continue;
            }
            if let Some(line) = entries.line_of(scalar.text) {
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
            entries.push(scalar.text, key.place, value);
        }
        for source in merged {
            entries.merge(&source)?;
        }
        Ok(self.arena.alloc_slice_copy(&entries.list))
    }

    fn report(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Entries of a mapping, with the line of each key.
struct Entries<'t> {
    list: Vec<Entry<'t>>,
    lines: HashMap<&'t str, u32>,
}

impl<'t> Entries<'t> {
    fn with_capacity(count: usize) -> Self {
        Self {
            list: Vec::with_capacity(count),
            lines: HashMap::with_capacity(count),
        }
    }

    fn line_of(&self, key: &str) -> Option<u32> {
        self.lines.get(key).copied()
    }

    fn push(&mut self, key: &'t str, place: Place, value: Node<'t>) {
        self.lines.insert(key, place.start.line);
        self.list.push(Entry { key, place, value });
    }

    /// Adds what is not there yet.
    fn merge(&mut self, source: &Node<'t>) -> Result<(), Problem> {
        match source.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    if self.line_of(entry.key).is_none() {
                        self.push(entry.key, entry.place, entry.value);
                    }
                }
                Ok(())
            }
            Kind::List(sources) if sources.iter().all(|s| matches!(s.kind, Kind::Map(_))) => {
                sources.iter().try_for_each(|source| self.merge(source))
            }
            _ => Err(problem(
                source.place,
                "yaml-merge",
                "`<<` merges mappings, and this is none",
            )),
        }
    }
}

/// Is a scalar without quotes, or said to be of a type that only such ones have?
fn is_plain(style: ScalarStyle, tag: Option<Cow<'_, Tag>>, place: Place) -> Result<bool, Problem> {
    match tag {
        None => Ok(style == ScalarStyle::Plain),
        // `!` alone means "text".
        Some(tag) if tag.handle.len() < 2 && matches!(tag.suffix.as_str(), "" | "!") => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => Ok(false),
            "int" | "float" | "bool" | "null" => Ok(true),
            _ => Err(unknown_tag(&tag, place)),
        },
        Some(tag) => Err(unknown_tag(&tag, place)),
    }
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

    /// Trees of tests live as long as the program.
    fn tree(text: &str) -> Node<'static> {
        let (root, problems) = load(Box::leak(Box::new(Bump::new())), text);
        assert_eq!(problems, []);
        root.unwrap()
    }

    fn codes(text: &str) -> Vec<&'static str> {
        load(&Bump::new(), text).1.iter().map(|p| p.code).collect()
    }

    fn text_of(node: &Node<'_>, key: &str) -> String {
        match node.get(key).unwrap().value.kind {
            Kind::Scalar(s) => s.text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn places_are_lines_and_columns() {
        let root = tree("a: 1\nb:\n  - é: x\n");
        let entry = root.get("b").unwrap();
        assert_eq!(entry.place.start, Pos { line: 2, column: 0 });
        let Kind::List(items) = entry.value.kind else { panic!() };
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
            let Kind::List(items) = b.kind else { panic!("{b:?}") };
            let line = |n: usize| text.lines().nth(n).unwrap();
            for (item, quoted) in items.iter().zip(["\"x\"", "'y'"]) {
                assert_eq!(
                    line(item.place.start.line as usize - 1).find(quoted),
                    Some(item.place.start.column as usize),
                    "{text}"
                );
            }
            assert_eq!((items.len(), text_of(a, "c")), (2, "1".into()));
        }
        let arena = Bump::new();
        let (root, problems) = load(&arena, "a: [\n\"x\",\n\"y\"\n@\n]\n");
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
        let Kind::Scalar(scalar) = root.get("a").unwrap().value.kind else {
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
        let arena = Bump::new();
        let (root, problems) = load(&arena, "a: 1\nb: 2\na: 3\nb: 4\n");
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
}
