//! The fast way through files as people write them.
//!
//! Nearly all SDL files are lines of ASCII: keys, values in or without quotes, lists with dashes, a few blocks of text
//! and lists in brackets. Those are read here, at a fraction of the price. Whatever else YAML has, and whatever might be
//! an error, makes this reader step aside for [`super::full`], so that it never decides what is valid. Where it does read
//! a file, tree and places are the same; `the_simple_reader_agrees_or_steps_aside` holds it to that.

use super::{entry, Entry, Kind, Node, Place, Pos, Scalar};
use bumpalo::Bump;
use memchr::{memchr, memchr2, memchr2_iter};

/// Deeper files are left to the full reader, which knows how deep is too deep.
const MOST_DEPTH: usize = 32;
/// Larger mappings are left to it, too: keys are compared one by one here.
const MOST_KEYS: usize = 64;

/// The tree of a text, if it is simple.
pub(super) fn load<'t>(arena: &'t Bump, text: &'t str) -> Option<Node<'t>> {
    if !text.as_bytes().chunks(CHUNK).all(is_plain) {
        return None;
    }
    let mut reader = Reader {
        arena,
        text,
        next: 0,
        line: Line::default(),
        entries: Vec::with_capacity(OPEN_AT_ONCE),
        items: Vec::with_capacity(OPEN_AT_ONCE),
    };
    reader.advance()?;
    if reader.rest().starts_with(b"---") {
        reader.line.at += 3;
        reader.line_ends()?;
        reader.advance()?;
    }
    let root = reader.block(0)?;
    reader.line.over.then_some(root)
}

/// Entries and items of all collections that are open at one time, mostly.
const OPEN_AT_ONCE: usize = 14;
/// Bytes that are looked at together, without a decision for each.
const CHUNK: usize = 64;

fn is_plain(bytes: &[u8]) -> bool {
    let plain = |byte: &u8| matches!(byte, b'\n' | b' '..=b'~');
    bytes.iter().fold(true, |all, byte| all & plain(byte))
}

/// The line that is read next, without comments of their own and blank lines before it.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// Offset of its first byte, and of its end without the line feed.
    start: usize,
    end: usize,
    /// From 1.
    number: u32,
    /// Where reading goes on, as an offset.
    at: usize,
    /// There is none.
    over: bool,
}

impl Line {
    /// Column at which reading goes on.
    fn column(&self) -> usize {
        self.at - self.start
    }
}

/// Bytes that keys are made of.
const IN_KEYS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        byte += 1;
    }
    table
};

/// A key of a mapping.
struct Key<'t> {
    text: &'t str,
    place: Place,
    colon: Pos,
}

struct Reader<'t> {
    arena: &'t Bump,
    text: &'t str,
    /// Offset of the line after this one.
    next: usize,
    line: Line,
    /// Of mappings that are not complete yet, the innermost last.
    entries: Vec<Entry<'t>>,
    /// Of lists that are not complete yet, the innermost last.
    items: Vec<Node<'t>>,
}

/// Every step is `None` where the text is not simple.
impl<'t> Reader<'t> {
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// What is left of the line, with blanks and comments at its end.
    fn rest(&self) -> &'t [u8] {
        &self.bytes()[self.line.at..self.line.end]
    }

    /// So many bytes of what is left of the line, which is ASCII.
    fn text(&self, length: usize) -> &'t str {
        &self.text[self.line.at..self.line.at + length]
    }

    fn pos(&self, at: usize) -> Pos {
        Pos {
            line: self.line.number,
            column: (at - self.line.start) as u32,
        }
    }

    fn place(&self, from: usize, to: usize) -> Place {
        Place {
            start: self.pos(from),
            end: self.pos(to),
        }
    }

    /// The next line as it stands; false at the end.
    fn raw_line(&mut self) -> bool {
        if self.next >= self.text.len() {
            self.line.over = true;
            return false;
        }
        let start = self.next;
        let end = memchr(b'\n', &self.bytes()[start..]).map_or(self.text.len(), |length| start + length);
        self.next = end + 1;
        self.line = Line {
            start,
            end,
            number: self.line.number + 1,
            at: start,
            over: false,
        };
        true
    }

    /// To the next line with content, if there is one. Markers of documents are not simple.
    fn advance(&mut self) -> Option<()> {
        while self.raw_line() {
            let line = &self.bytes()[self.line.start..self.line.end];
            let indent = line.iter().take_while(|byte| **byte == b' ').count();
            match line.get(indent) {
                None | Some(b'#') => {}
                Some(_) => {
                    let marker = line.starts_with(b"---") || line.starts_with(b"...");
                    // The first one begins the document.
                    if marker && self.next_marker_is_late() {
                        return None;
                    }
                    self.line.at = self.line.start + indent;
                    return Some(());
                }
            }
        }
        Some(())
    }

    /// Did anything but comments stand before this line?
    fn next_marker_is_late(&self) -> bool {
        let before = &self.text[..self.line.start];
        before.lines().any(|line| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with('#')
        })
    }

    /// A mapping or a list that begins here and whose lines begin at this column.
    fn block(&mut self, depth: usize) -> Option<Node<'t>> {
        if self.line.over || depth > MOST_DEPTH {
            return None;
        }
        match self.begins_item() {
            true => self.list(depth),
            false => self.map(depth),
        }
    }

    fn begins_item(&self) -> bool {
        self.rest().starts_with(b"- ")
    }

    /// Lines `key: value` at this column.
    fn map(&mut self, depth: usize) -> Option<Node<'t>> {
        let key = self.key()?;
        self.map_from(key, depth)
    }

    /// The mapping whose first key was read.
    fn map_from(&mut self, mut key: Key<'t>, depth: usize) -> Option<Node<'t>> {
        let start = key.place.start;
        let column = start.column as usize;
        let first = self.entries.len();
        loop {
            let Key { text, place, colon } = key;
            let before = &self.entries[first..];
            if before.len() >= MOST_KEYS || entry(before, text).is_some() {
                return None;
            }
            let value = self.value(column, colon, depth)?;
            self.entries.push(Entry {
                key: text,
                place,
                value,
            });
            if self.line.over || self.line.column() != column {
                break;
            }
            key = self.key()?;
        }
        // What is indented more belongs to nothing.
        if !self.line.over && self.line.column() > column {
            return None;
        }
        let entries = self.arena.alloc_slice_copy(&self.entries[first..]);
        self.entries.truncate(first);
        Some(Node {
            place: Place { start, end: start },
            kind: Kind::Map(entries),
        })
    }

    /// A word and its colon; reading goes on behind the colon.
    fn key(&mut self) -> Option<Key<'t>> {
        let bytes = self.rest();
        if !bytes.first().is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let length = bytes.iter().take_while(|byte| IN_KEYS[usize::from(**byte)]).count();
        let key = self.text(length);
        let blanks = bytes[length..].iter().take_while(|byte| **byte == b' ').count();
        let (colon, behind) = (bytes.get(length + blanks), bytes.get(length + blanks + 1));
        let null = matches!(key, "null" | "Null" | "NULL");
        if colon != Some(&b':') || !matches!(behind, None | Some(b' ')) || null {
            return None;
        }
        let place = self.place(self.line.at, self.line.at + length);
        self.line.at += length + blanks;
        let colon = self.pos(self.line.at);
        self.line.at += 1;
        Some(Key {
            text: key,
            place,
            colon,
        })
    }

    /// What stands behind the colon of a key, or on the lines below it.
    fn value(&mut self, column: usize, colon: Pos, depth: usize) -> Option<Node<'t>> {
        self.skip_blanks();
        if !self.at_end() {
            return self.inline(column);
        }
        self.advance()?;
        let below = !self.line.over && self.line.column() > column;
        // The dashes of a list may stand below its key.
        let beside = !self.line.over && self.line.column() == column && self.begins_item();
        if below || beside {
            return self.block(depth + 1);
        }
        Some(Node {
            place: Place {
                start: colon,
                end: colon,
            },
            kind: scalar("", true),
        })
    }

    /// Lines `- item` at this column.
    fn list(&mut self, depth: usize) -> Option<Node<'t>> {
        let column = self.line.column();
        let start = self.pos(self.line.at);
        let first = self.items.len();
        while !self.line.over && self.line.column() == column && self.begins_item() {
            self.line.at += 1;
            self.skip_blanks();
            if self.at_end() || self.begins_item() || depth > MOST_DEPTH {
                return None;
            }
            // A key makes the item a mapping at the column of that key.
            let item = match self.key() {
                Some(key) => self.map_from(key, depth + 1)?,
                None => self.inline(column)?,
            };
            self.items.push(item);
            if !self.line.over && self.line.column() > column {
                return None;
            }
        }
        Some(Node {
            place: Place { start, end: start },
            kind: self.list_since(first),
        })
    }

    /// The items that were read since then, as a list.
    fn list_since(&mut self, first: usize) -> Kind<'t> {
        let items = self.arena.alloc_slice_copy(&self.items[first..]);
        self.items.truncate(first);
        Kind::List(items)
    }

    fn skip_blanks(&mut self) {
        self.line.at += self.rest().iter().take_while(|byte| **byte == b' ').count();
    }

    /// Nothing but a comment is left; blanks were skipped.
    fn at_end(&self) -> bool {
        self.line.at == self.line.end || (self.rest().starts_with(b"#") && self.bytes()[self.line.at - 1] == b' ')
    }

    /// A value on this line, or a block of text that begins on it; then on to the next line.
    fn inline(&mut self, column: usize) -> Option<Node<'t>> {
        let node = match self.rest().first()? {
            b'|' | b'>' => return self.text_block(column),
            b'"' | b'\'' => {
                let node = self.quoted()?;
                self.line_ends()?;
                node
            }
            b'[' => self.brackets()?,
            _ => self.words()?,
        };
        self.advance()?;
        // Text that goes on.
        let more = !self.line.over && self.line.column() > column;
        (!more).then_some(node)
    }

    /// Nothing else may stand on the line.
    fn line_ends(&mut self) -> Option<()> {
        self.skip_blanks();
        self.at_end().then_some(())
    }

    /// Text without quotes, to the end of the line or to a comment.
    fn words(&mut self) -> Option<Node<'t>> {
        let bytes = self.rest();
        let usual = match bytes[0] {
            b'-' => bytes.get(1).is_some_and(|byte| *byte != b' '),
            b':' | b'?' | b',' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`' => false,
            _ => true,
        };
        if !usual {
            return None;
        }
        let mut end = bytes.len();
        for at in memchr2_iter(b'#', b':', bytes) {
            if bytes[at] == b'#' && bytes[at - 1] == b' ' {
                end = at;
                break;
            }
            if bytes[at] == b':' && matches!(bytes.get(at + 1), None | Some(b' ')) {
                return None;
            }
        }
        let text = self.text(end).trim_end_matches(' ');
        Some(Node {
            place: self.place(self.line.at, self.line.at + text.len()),
            kind: scalar(text, true),
        })
    }

    /// Text in quotes that ends on this line; reading goes on behind it.
    fn quoted(&mut self) -> Option<Node<'t>> {
        let start = self.line.at;
        let rest = self.text(self.line.end - start);
        let (text, length) = match rest.as_bytes()[0] {
            b'"' => in_double_quotes(self.arena, &rest[1..])?,
            _ => in_single_quotes(self.arena, &rest[1..])?,
        };
        self.line.at += 1 + length;
        Some(Node {
            place: self.place(start, self.line.at),
            kind: scalar(text, false),
        })
    }

    /// A list of texts in brackets that ends on this line.
    fn brackets(&mut self) -> Option<Node<'t>> {
        let start = self.line.at;
        let first = self.items.len();
        self.line.at += 1;
        loop {
            self.skip_blanks();
            let item = match self.rest().first()? {
                b']' if self.items.len() == first => break,
                b'"' | b'\'' => self.quoted()?,
                _ => self.word_in_brackets()?,
            };
            self.items.push(item);
            self.skip_blanks();
            match self.rest().first()? {
                b',' => self.line.at += 1,
                b']' => break,
                _ => return None,
            }
        }
        self.line.at += 1;
        let place = self.place(start, start + 1);
        self.line_ends()?;
        let kind = self.list_since(first);
        Some(Node { place, kind })
    }

    fn word_in_brackets(&mut self) -> Option<Node<'t>> {
        let bytes = self.rest();
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'=' | b'+' | b'-');
        let length = bytes.iter().take_while(|byte| usual(**byte)).count();
        // A dash alone begins an item elsewhere.
        if length == 0 || (bytes[0] == b'-' && length == 1) {
            return None;
        }
        let (start, text) = (self.line.at, self.text(length));
        self.line.at += length;
        Some(Node {
            place: self.place(start, self.line.at),
            kind: scalar(text, true),
        })
    }

    /// A block of text below `|` or `>`, which belongs to what stands at a column.
    fn text_block(&mut self, column: usize) -> Option<Node<'t>> {
        let folded = self.rest().starts_with(b">");
        self.line.at += 1;
        let strip = self.rest().starts_with(b"-");
        self.line.at += usize::from(strip);
        self.line_ends()?;
        let mut block = TextBlock::new(folded);
        let mut first = None;
        let mut indent = 0;
        loop {
            let before = (self.next, self.line);
            if !self.raw_line() {
                break;
            }
            let line = &self.text[self.line.start..self.line.end];
            let blanks = line.bytes().take_while(|byte| *byte == b' ').count();
            if blanks == line.len() {
                // Before the first line blanks may be an error. Beyond the indentation they are text.
                match first {
                    None if blanks > 0 => return None,
                    Some(_) if blanks > indent => block.line(&line[indent..]),
                    _ => block.blank(),
                }
                continue;
            }
            if first.is_none() {
                if blanks <= column {
                    return None;
                }
                (first, indent) = (Some(self.pos(self.line.start + blanks)), blanks);
            }
            if blanks < indent {
                // Between the two columns is nowhere.
                if blanks > column {
                    return None;
                }
                (self.next, self.line) = before;
                break;
            }
            block.line(&line[indent..]);
        }
        let start = first?;
        self.line.over = false;
        self.advance()?;
        let end = Pos {
            line: start.line + 1,
            column: 0,
        };
        Some(Node {
            place: Place { start, end },
            kind: scalar(self.arena.alloc_str(&block.finish(strip)), false),
        })
    }
}

/// Text of a block while its lines come.
struct TextBlock {
    text: String,
    folded: bool,
    /// Blank lines since the last line.
    blank: usize,
    /// Does the last line, if there is one, begin with a blank?
    last: Option<bool>,
}

impl TextBlock {
    fn new(folded: bool) -> Self {
        Self {
            text: String::new(),
            folded,
            blank: 0,
            last: None,
        }
    }

    fn blank(&mut self) {
        self.blank += 1;
    }

    /// Folding joins lines, but not those that are indented more, and not over blank lines.
    fn line(&mut self, line: &str) {
        let indented = line.starts_with(' ');
        if let Some(before) = self.last {
            match self.folded && !before && !indented {
                true if self.blank == 0 => self.text.push(' '),
                true => {}
                false => self.text.push('\n'),
            }
        }
        self.text.extend(std::iter::repeat_n('\n', self.blank));
        self.text.push_str(line);
        (self.blank, self.last) = (0, Some(indented));
    }

    fn finish(mut self, strip: bool) -> String {
        if !strip {
            self.text.push('\n');
        }
        self.text
    }
}

fn scalar(text: &str, plain: bool) -> Kind<'_> {
    Kind::Scalar(Scalar { text, plain })
}

/// The text up to the closing quote, and how long it is with that quote. Only the usual escapes are simple.
fn in_double_quotes<'t>(arena: &'t Bump, rest: &'t str) -> Option<(&'t str, usize)> {
    let mut text: Option<String> = None;
    let mut from = 0;
    let bytes = rest.as_bytes();
    loop {
        let at = from + memchr2(b'"', b'\\', &bytes[from..])?;
        if bytes[at] == b'"' {
            let tail = &rest[from..at];
            return Some(match text {
                None => (tail, at + 1),
                Some(text) => (arena.alloc_str(&(text + tail)), at + 1),
            });
        }
        let escaped = match bytes.get(at + 1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'n' => '\n',
            b't' => '\t',
            _ => return None,
        };
        let text = text.get_or_insert_default();
        text.push_str(&rest[from..at]);
        text.push(escaped);
        from = at + 2;
    }
}

/// The same for single quotes, of which two stand for one.
fn in_single_quotes<'t>(arena: &'t Bump, rest: &'t str) -> Option<(&'t str, usize)> {
    let mut from = 0;
    let bytes = rest.as_bytes();
    loop {
        let at = from + memchr(b'\'', &bytes[from..])?;
        if bytes.get(at + 1) != Some(&b'\'') {
            let text = &rest[..at];
            let text = match from {
                0 => text,
                _ => arena.alloc_str(&text.replace("''", "'")),
            };
            return Some((text, at + 1));
        }
        from = at + 2;
    }
}
