//! Hostile input: no panic, and an answer in bounded time and memory.

use perigee_sdl::{Manifest, Sdl};
use proptest::prelude::*;

/// As large as a file may be.
const LARGE: usize = 1 << 20;

fn refuse(text: &str) {
    let errors = Sdl::parse("hostile.yaml", text).unwrap_err();
    assert!(errors.has_errors());
    let (text, json) = (errors.to_string(), errors.to_json());
    assert!(
        text.len() < LARGE && json.len() < LARGE,
        "{} and {} bytes to say no",
        text.len(),
        json.len()
    );
}

fn repeat(unit: &str) -> String {
    unit.repeat(LARGE / unit.len())
}

#[test]
fn ten_megabytes_of_anything_are_refused_at_once() {
    for byte in [b'a', b'[', b'{', b'-', b'\n', b'"', b'&', b':', 0, 0xff] {
        let bytes = vec![byte; 10 << 20];
        let errors = Sdl::parse_bytes("large.yaml", &bytes).unwrap_err();
        assert_eq!(errors.len(), 1);
    }
}

#[test]
fn a_full_file_of_one_thing_is_refused() {
    for unit in [
        "a",
        "[",
        "{",
        "- ",
        "- a\n",
        "\n",
        "\"",
        "'",
        "? ",
        ": ",
        "&a ",
        "!!str ",
        "# a\n",
        "a: ",
        "a,",
        "[]",
        "---\n",
        "\u{1f6f0}",
        "\\",
        "|\n",
        "%",
    ] {
        refuse(&repeat(unit));
        refuse(&format!("version: {}", repeat(unit)));
        refuse(&format!("services:\n  web:\n    env: [{}", repeat(unit)));
    }
}

#[test]
fn a_hundred_thousand_unknown_keys_are_counted_and_not_listed() {
    let keys: String = (0..60_000).map(|n| format!("key{n}: 1\n")).collect();
    let errors = Sdl::parse("x", &keys).unwrap_err();
    assert_eq!(errors.len(), 100);
    assert!(errors.to_string().contains("more"));
}

#[test]
fn one_very_long_line_is_not_quoted() {
    let errors = Sdl::parse(
        "x",
        &format!("{{version: \"2.0\", nonsense: [{}]}}", "a, ".repeat(300_000)),
    )
    .unwrap_err();
    assert!(errors.to_string().len() < 10_000);
    assert!(
        errors
            .iter()
            .any(|d| d.code == "unknown-key" && d.line == 1 && d.column == 18),
        "{errors}"
    );
}

#[test]
fn aliases_do_not_multiply_into_a_manifest() {
    // One large list of variables, used by many services at many placements.
    let env: String = (0..10_000)
        .map(|n| format!("      - V{n}=aaaaaaaaaaaaaaaaaaaa\n"))
        .collect();
    let mut text = format!("version: \"2.0\"\nservices:\n  s0: &s\n    image: a\n    env:\n{env}");
    (1..100).for_each(|n| text.push_str(&format!("  s{n}: *s\n")));
    text.push_str("profiles:\n  compute:\n    c: {resources: {cpu: {units: 1}, memory: {size: 1Gi}, storage: {size: 1Gi}}}\n  placement:\n");
    (0..100).for_each(|n| text.push_str(&format!("    p{n}: {{pricing: {{c: {{denom: uprg, amount: 1}}}}}}\n")));
    text.push_str("deployment:\n  s0: &d\n");
    (0..100).for_each(|n| text.push_str(&format!("    p{n}: {{profile: c, count: 1}}\n")));
    (1..100).for_each(|n| text.push_str(&format!("  s{n}: *d\n")));
    let errors = Sdl::parse("x", &text).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().code, "manifest-too-large");
}

#[test]
fn many_wrong_references_take_no_quadratic_time() {
    let mut text = String::from("version: \"2.0\"\nservices:\n");
    (0..9_000).for_each(|n| text.push_str(&format!("  service-number-{n}: {{image: a}}\n")));
    text.push_str("profiles: {compute: {}, placement: {}}\ndeployment:\n");
    (0..9_000).for_each(|n| text.push_str(&format!("  servise-number-{n}: {{p: {{profile: c, count: 1}}}}\n")));
    refuse(&text);
}

#[test]
fn hostile_manifests_add_up_without_overflow() {
    let resources = r#"{"cpu":{"units":{"val":"18446744073709551615"}},"endpoints":[],"gpu":{"units":{"val":"0"}},"id":1,
        "memory":{"size":{"val":"1"}},"storage":[{"name":"default","size":{"val":"18446744073709551615"}}]}"#;
    let service = format!(
        r#"{{"args":null,"command":null,"count":4294967295,"credentials":null,"env":null,"expose":[],"image":"a","name":"a","resources":{resources}}}"#
    );
    let manifest =
        Manifest::from_json(format!(r#"[{{"name":"g","services":[{service},{service}]}}]"#).as_bytes()).unwrap();
    let total = manifest.groups[0].total();
    assert_eq!(
        (total.cpu_milli, total.memory_mib(), total.storage_bytes),
        (u64::MAX, 8192, u64::MAX)
    );
    for bad in ["+1", "01", "1.0", "-1", "", "18446744073709551616"] {
        let text = format!(
            r#"[{{"name":"g","services":[{}]}}]"#,
            service.replace("\"val\":\"1\"", &format!("\"val\":\"{bad}\""))
        );
        assert!(Manifest::from_json(text.as_bytes()).is_err(), "{bad}");
    }
    let unknown = format!(
        r#"[{{"name":"g","services":[{}]}}]"#,
        service.replacen("{", "{\"sidecar\":1,", 1)
    );
    assert!(
        Manifest::from_json(unknown.as_bytes()).is_err(),
        "an unknown field would be missing from the hash"
    );
}

/// A real file with a few pieces replaced.
fn mutated() -> impl Strategy<Value = String> {
    const FILE: &str = include_str!("data/everything.yaml");
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "null",
            "[]",
            "{}",
            "-1",
            "0",
            "&a",
            "*a",
            "<<: *a",
            "\n",
            "  ",
            "\t",
            ": ",
            "- ",
            "\"",
            "'",
            "|",
            "99999999999",
            "yes",
            "---\n",
        ])
        .prop_map(String::from),
    ];
    proptest::collection::vec((any::<proptest::sample::Index>(), 0..12usize, piece), 1..6).prop_map(|edits| {
        let mut chars: Vec<char> = FILE.chars().collect();
        for (at, cut, piece) in edits {
            let at = at.index(chars.len());
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

#[test]
fn the_file_with_everything_is_accepted() {
    let sdl = Sdl::parse("everything.yaml", include_str!("data/everything.yaml")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        Sdl::parse("printed", &sdl.document().to_yaml()).unwrap().document(),
        sdl.document()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_never_panics(text in mutated()) {
        match Sdl::parse("damaged.yaml", &text) {
            Ok(sdl) => {
                let printed = sdl.document().to_yaml();
                let again = Sdl::parse("printed.yaml", &printed).map_err(|e| TestCaseError::fail(format!("{e}\n{printed}")))?;
                prop_assert_eq!(again.hash(), sdl.hash());
            }
            Err(errors) => {
                prop_assert!(errors.has_errors());
                prop_assert!(errors.iter().all(|d| d.line >= 1 && d.column >= 1));
                prop_assert!(!errors.to_string().is_empty());
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Sdl::parse_bytes("random", &bytes).map_err(|e| e.to_string());
    }

    #[test]
    fn random_text_never_panics(text in "[-a-z:&*!|>'\"{}\\[\\],\n ?#%@`0-9]{0,200}") {
        let _ = Sdl::parse("random", &text).map_err(|e| e.to_string());
    }
}
