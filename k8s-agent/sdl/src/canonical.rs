//! The one byte form of a value that is hashed: compact JSON as Go writes it, keys sorted, characters that matter in HTML
//! or JavaScript escaped.
//!
//! Keys come out sorted because every type of [`crate::manifest`] and [`crate::groups`] declares its fields in that
//! order. Going through a map of `serde_json` would depend on cargo features that other crates choose, and its writer
//! looks at each text more often than this one.

use serde::ser::{Error as _, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};
use std::fmt::{self, Display, Write};

/// The canonical bytes of a value whose types declare their fields in sorted order.
pub(crate) fn to_vec<T: Serialize>(value: &T) -> Vec<u8> {
    let mut json = Vec::with_capacity(1024);
    value
        .serialize(Writer { out: &mut json })
        .expect("types of manifests are structs, lists, texts and whole numbers; qed");
    json
}

type Error = serde_json::Error;

/// Writes what manifests and group specs are made of; everything else is an error of whoever declares their types.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    fn text(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.piece(text);
        self.out.push(b'"');
    }

    /// Part of a text.
    fn piece(&mut self, text: &str) {
        match text.bytes().any(|byte| ESCAPED[usize::from(byte)]) {
            true => self.escaped(text),
            false => self.out.extend_from_slice(text.as_bytes()),
        }
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        let mut written = 0;
        let found = |(_, byte): &(usize, &u8)| ESCAPED[usize::from(**byte)];
        for (at, _) in text.as_bytes().iter().enumerate().filter(found) {
            // Bytes of the table are the first of their characters.
            let Some(c) = text[at..].chars().next() else { break };
            let control;
            let escape = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '<' => "\\u003c",
                '>' => "\\u003e",
                '&' => "\\u0026",
                '\u{2028}' => "\\u2028",
                '\u{2029}' => "\\u2029",
                '\0'..='\u{1f}' => {
                    control = format!("\\u{:04x}", u32::from(c));
                    &control
                }
                _ => continue,
            };
            self.out.extend_from_slice(&text.as_bytes()[written..at]);
            self.out.extend_from_slice(escape.as_bytes());
            written = at + c.len_utf8();
        }
        self.out.extend_from_slice(&text.as_bytes()[written..]);
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.piece(text);
        Ok(())
    }
}

/// Bytes that may begin a character with an escape.
const ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        // U+2028 and U+2029 begin with 0xe2.
        table[byte] = byte < 0x20 || matches!(byte as u8, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
        byte += 1;
    }
    table
};

fn no_kind<T>() -> Result<T, Error> {
    Err(Error::custom("manifests hold no such value"))
}

/// The many kinds of values that manifests do not hold.
macro_rules! none_of {
    ($($method:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$result, Error> { no_kind() })*
    };
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Rest<'o>;
    type SerializeStruct = Rest<'o>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn serialize_str(mut self, value: &str) -> Result<(), Error> {
        self.text(value);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(mut self, value: &T) -> Result<(), Error> {
        self.out.push(b'"');
        write!(self, "{value}").map_err(Error::custom)?;
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Rest<'o>, Error> {
        Ok(Rest::open(self.out, b'['))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Rest<'o>, Error> {
        Ok(Rest::open(self.out, b'{'))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<(), Error> {
        no_kind()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        no_kind()
    }

    none_of! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// A list or a struct that is not complete.
struct Rest<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Rest<'o> {
    fn open(out: &'o mut Vec<u8>, bracket: u8) -> Self {
        out.push(bracket);
        Self { out, first: true }
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }

    fn close(self, bracket: u8) -> Result<(), Error> {
        self.out.push(bracket);
        Ok(())
    }
}

impl SerializeSeq for Rest<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), Error> {
        self.close(b']')
    }
}

impl SerializeStruct for Rest<'_> {
    type Ok = ();
    type Error = Error;

    /// Names of fields need no escapes.
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.comma();
        self.out.reserve(key.len() + 3);
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        value.serialize(Writer { out: self.out })
    }

    fn end(self) -> Result<(), Error> {
        self.close(b'}')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn html_characters_are_escaped_and_others_are_not() {
        let text = "a<b>&c \u{2028}\u{2029} \"q\" \\ \n \u{8}\u{1} é 🛰";
        let bytes = to_vec(&text);
        let expected = "\"a\\u003cb\\u003e\\u0026c \\u2028\\u2029 \\\"q\\\" \\\\ \\n \\b\\u0001 é 🛰\"";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        assert_eq!(serde_json::from_slice::<String>(&to_vec(&text)).unwrap(), text);
    }

    #[test]
    fn values_are_those_of_any_json_writer() {
        #[derive(serde::Serialize)]
        struct Value {
            a: Option<u32>,
            b: Option<Vec<bool>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            c: Option<u64>,
            d: Vec<&'static str>,
        }
        let value = [
            Value {
                a: None,
                b: Some(vec![true, false]),
                c: None,
                d: vec![],
            },
            Value {
                a: Some(7),
                b: None,
                c: Some(u64::MAX),
                d: vec!["x", ""],
            },
        ];
        let value = value.as_slice();
        assert_eq!(to_vec(&value), serde_json::to_vec(value).unwrap());
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_slice::<String>(&to_vec(&text)).unwrap(), text);
        }
    }
}
