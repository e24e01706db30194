//! No text makes the readers panic, overflow the stack or take long.

use perigee_orbit::{Elements, Station};
use proptest::prelude::*;

const LINES: &str = "\
1 25544U 98067A   24001.50000000  .00016717  00000-0  10270-3 0  9009
2 25544  51.6400 208.9163 0006703 307.5225  52.5371 15.49560812484108";

#[test]
fn deep_documents_are_refused() {
    for level in [
        "<a>",
        "<a><![CDATA[</a>]]>",
        "<a><!--</a>-->",
        "<a b='</a>'>",
        "<a b='/>'>",
    ] {
        assert!(Elements::parse(&level.repeat(200_000)).is_err(), "{level}");
    }
    assert!(Elements::parse(&"[".repeat(200_000)).is_err());
    assert!(Elements::parse(&"{\"a\":".repeat(200_000)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Elements::parse(&text);
        let _ = Elements::parse_tle(&text);
        let _ = Elements::parse_omm(&text);
        let _ = text.parse::<Station>();
    }

    #[test]
    fn spoiled_lines_are_read_or_refused(at in 0..LINES.len(), with in any::<char>(), sum in 0..10_u8) {
        let mut text: Vec<char> = LINES.chars().collect();
        text[at] = with;
        // Half of the time the checksum of the line is another one, too.
        let end = if at < 69 { 68 } else { 138 };
        text[end] = char::from(b'0' + sum);
        let _ = Elements::parse(&text.into_iter().collect::<String>());
    }
}
