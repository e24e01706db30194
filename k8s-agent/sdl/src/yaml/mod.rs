//! YAML with places: a text becomes a tree that knows where everything stands.
//!
//! [`simple`] reads files as people write them, [`full`] all others. The tree lives in an arena and borrows from the text
//! where it can. It is bounded before anything reads it: aliases share nodes, so that a "billion laughs" file costs no
//! memory, and its weight, counted as if every alias were written out, is refused. So are deep trees, which makes recursion
//! safe.

mod full;
mod simple;

use crate::quantity::parse_integer;
use bumpalo::Bump;

/// Larger files are refused; the largest real one known has 20 kB.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// Bytes of tree for each byte of text, about.
const TREE_PER_TEXT: usize = 4;

/// Where trees live.
pub(crate) struct Arena(Bump);

impl Arena {
    /// Room for the tree of a text.
    pub fn of(text: &str) -> Self {
        Self(Bump::with_capacity(text.len() * TREE_PER_TEXT))
    }

    /// Reads one document. A tree comes out unless the text is no YAML; problems that leave a tree are reported with it.
    pub fn load<'t>(&'t self, text: &'t str) -> (Option<Node<'t>>, Vec<Problem>) {
        match simple::load(&self.0, text) {
            Some(root) => (Some(root), Vec::new()),
            None => full::load(&self.0, text),
        }
    }
}

/// A position: line from 1, column in characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pos {
    pub line: u32,
    pub column: u32,
}

/// From where to where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub start: Pos,
    pub end: Pos,
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'t> {
    pub place: Place,
    pub kind: Kind<'t>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'t> {
    Scalar(Scalar<'t>),
    List(&'t [Node<'t>]),
    Map(&'t [Entry<'t>]),
}

/// Text, and how it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<'t> {
    pub text: &'t str,
    /// Without quotes, so that `yes`, `null` and `80` are no text.
    pub plain: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'t> {
    pub key: &'t str,
    pub place: Place,
    pub value: Node<'t>,
}

impl<'t> Node<'t> {
    /// Nothing: absent text, `~` or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(scalar) if scalar.is_null())
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&'t Entry<'t>> {
        match self.kind {
            Kind::Map(entries) => entry(entries, key),
            _ => None,
        }
    }
}

/// The entry of a key. Keys of one length mostly differ in their first letters, which costs less to see than to call.
#[inline]
pub(crate) fn entry<'e, 't>(entries: &'e [Entry<'t>], key: &str) -> Option<&'e Entry<'t>> {
    let (length, first) = (key.len(), key.as_bytes().first());
    let same =
        |entry: &&Entry<'_>| entry.key.len() == length && entry.key.as_bytes().first() == first && entry.key == key;
    entries.iter().find(same)
}

impl Scalar<'_> {
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// A boolean, as go-yaml reads it into a field that must be one: words of YAML 1.1 count, in quotes too; `true`
    /// in quotes is text.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text {
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
            None => (1, self.text.strip_prefix('+').unwrap_or(self.text)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write;

    /// All that is read of a tree, with places as far as they are shown.
    fn shown(node: &Node<'_>, out: &mut String) {
        let place = |place: Place, exact: bool| {
            let same_line = exact && place.start.line == place.end.line;
            (place.start, same_line.then_some(place.end.column))
        };
        match node.kind {
            // Where text in quotes ends is found when it is shown.
            Kind::Scalar(scalar) => write!(out, "{scalar:?} {:?};", place(node.place, scalar.plain)).unwrap(),
            Kind::List(items) => {
                out.push('[');
                items.iter().for_each(|item| shown(item, out));
                out.push(']');
            }
            Kind::Map(entries) => {
                write!(out, "{:?}{{", node.place.start).unwrap();
                for entry in entries {
                    write!(out, "{} {:?}: ", entry.key, place(entry.place, true)).unwrap();
                    shown(&entry.value, out);
                }
                out.push('}');
            }
        }
    }

    /// Is the text simple? Then both readers must say the same about it.
    #[track_caller]
    fn is_simple(text: &str) -> bool {
        let arena = Bump::new();
        let Some(simple) = simple::load(&arena, text) else {
            return false;
        };
        let (full, problems) = full::load(&arena, text);
        assert_eq!(problems, [], "{text:?}");
        let (mut ours, mut theirs) = (String::new(), String::new());
        shown(&simple, &mut ours);
        shown(&full.unwrap(), &mut theirs);
        assert_eq!(ours, theirs, "{text:?}");
        true
    }

    const EVERYTHING: &str = include_str!("../../tests/data/everything.yaml");

    #[test]
    fn what_people_write_is_simple() {
        for text in [
            "a: 1\n",
            "---\n# c\na: b # c\nb:   'it''s'  # c\nc: \"\\\"x\\n\"\n",
            "# c\n\n--- # c\na: b",
            "---  \na: >-  \n  b\nc: | # d\n  e\n",
            "a:\n  b:\n    - x\n    - k: v\n      l: w\n\n    -   k: v\n        l:\n          - y\n  c:\nd:\n- e: f\n- g\nh: -1\n",
            "a: [ ]\nb: [x, \"y\", 'z' ] # c\nc: [--x,-y]\n",
            "a: |\n  x\n    y\n\n  # z\n\n# c\nb: |-\n    x\n\n\nc:\n  - |\n    x\n  - >\n    x\n    y\n\n    z\n      w\n    v\n  - >-\n\n    x\n",
            "a: http://x/y?z#w\nb: A=b: c\nc: x:80\n".replace(": c\n", ":c\n").as_str(),
            "  a: 1\n  b: 2\n",
            "a : 1\nb  :\nc :\n  - d :  e\n",
        ] {
            assert!(is_simple(text), "{text}");
        }
    }

    #[test]
    fn what_might_be_anything_else_is_left_to_the_full_reader() {
        for text in [
            "",
            "# c\n",
            "a",
            "- a\n-\n",
            "a: b: c\n",
            "a: b\n  c\n",
            "a: 'b\n",
            "a: {b: c}\n",
            "a: &x 1\n",
            "a: *x\n",
            "a: !!str 1\n",
            "<<: 1\n",
            "a: 1\na: 2\n",
            "a: 1\n---\nb: 2\n",
            "a: 1\n...\n",
            "%YAML 1.2\n---\na: 1\n",
            "a:\t1\n",
            "a: é\n",
            "a: 1\r\n",
            "a:\n    b: 1\n  c: 2\n",
            "a:\n  b: 1\n    c: 2\n",
            "a: [b,\n  c]\n",
            "a: [[b]]\n",
            "a: [b: c]\n",
            "a: |+\n  b\n",
            "a: |2\n  b\n",
            "a: |\nb: 1\n",
            "a: \"\\x41\"\n",
            "a: 'b' c\n",
            "null: 1\n",
            "? a\n: b\n",
            "\"a\": b\n",
        ] {
            assert!(!is_simple(text), "{text}");
        }
    }

    #[test]
    fn the_file_with_everything_is_read_the_same() {
        is_simple(EVERYTHING);
    }

    /// Lines of a file in any order, indented more or less.
    fn shuffled() -> impl Strategy<Value = String> {
        let lines: Vec<&str> = EVERYTHING.lines().collect();
        let line = (proptest::sample::select(lines), -2..3_i32).prop_map(|(line, more)| match usize::try_from(more) {
            Ok(more) => " ".repeat(more) + line,
            Err(_) => line.strip_prefix("  ").unwrap_or(line).to_owned(),
        });
        proptest::collection::vec(line, 1..12).prop_map(|lines| lines.join("\n"))
    }

    /// A file with a few characters replaced.
    fn damaged() -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            " ", "  ", "\n", ":", ": ", "- ", "-", "#", " #", "'", "\"", "|\n", ">-\n", "[", "]", ",", "{}", "a",
            "\\n", "\n\n", "---", "a: b", "\n    ",
        ]);
        let edits = proptest::collection::vec((any::<proptest::sample::Index>(), 0..4_usize, piece), 1..4);
        let start = any::<proptest::sample::Index>();
        (start, edits).prop_map(|(start, edits)| {
            // A part of the file, so that an edit is not lost among many lines.
            let lines: Vec<&str> = EVERYTHING.lines().collect();
            let from = start.index(lines.len());
            let mut text = lines[from..(from + 20).min(lines.len())].join("\n") + "\n";
            for (at, cut, piece) in edits {
                let at = at.index(text.len());
                let (at, end) = (floor(&text, at), floor(&text, (at + cut).min(text.len())));
                text.replace_range(at..end, piece);
            }
            text
        })
    }

    fn floor(text: &str, mut at: usize) -> usize {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_simple_reader_agrees_or_steps_aside(text in prop_oneof![shuffled(), damaged(), "[-a: \\n|>'\"#\\[\\],]{0,40}"]) {
            is_simple(&text);
        }
    }

    #[test]
    fn scalars_resolve_as_in_go() {
        fn scalar(text: &str, plain: bool) -> Scalar<'_> {
            Scalar { text, plain }
        }
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
