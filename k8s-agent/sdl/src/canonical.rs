//! The one byte form of a value that is hashed: compact JSON, keys sorted, `<`, `>` and `&` escaped.
//!
//! Keys come out sorted because every type of [`crate::manifest`] and [`crate::groups`] declares its fields in that
//! order. Going through a map of `serde_json` would depend on cargo features that other crates choose.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// The canonical bytes of a value whose types declare their fields in sorted order.
pub(crate) fn to_vec<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2048);
    let mut serializer = Serializer::with_formatter(&mut bytes, HtmlSafe);
    value
        .serialize(&mut serializer)
        .expect("a vector takes every byte, and all our keys are strings; qed");
    bytes
}

/// Compact JSON as Go writes it: characters that matter in HTML or JavaScript are escaped.
struct HtmlSafe;

impl Formatter for HtmlSafe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(needs_escape) {
            let (plain, tail) = rest.split_at(at);
            CompactFormatter.write_string_fragment(writer, plain)?;
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

fn needs_escape(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_characters_are_escaped_and_others_are_not() {
        let text = "a<b>&c \u{2028}\u{2029} \"q\" \\ \n \u{8}\u{1} é 🛰";
        let bytes = to_vec(&text);
        let expected = "\"a\\u003cb\\u003e\\u0026c \\u2028\\u2029 \\\"q\\\" \\\\ \\n \\b\\u0001 é 🛰\"";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<String>(&to_vec(&text)).unwrap(), text);
    }
}
