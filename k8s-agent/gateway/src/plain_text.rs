//! Text from the other side of a connection, made harmless: a provider must not command its tenant's terminal.

use serde::{Deserialize, Deserializer};

/// One text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|text| plain(&text))
}

/// Several of them.
pub fn several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Vec::<String>::deserialize(deserializer).map(|all| all.iter().map(|text| plain(text)).collect())
}

/// What moves the cursor, colours, hides or turns text around becomes a space; lines stay lines.
fn plain(text: &str) -> String {
    text.replace(
        |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')),
        " ",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_letters_and_lines_and_loses_its_commands() {
        assert_eq!(plain("grüße\nan alle"), "grüße\nan alle");
        assert_eq!(
            plain("\u{1b}[2Jpaid\rfree\u{9b}31m\u{202e}txt"),
            " [2Jpaid free 31m txt"
        );
    }
}
