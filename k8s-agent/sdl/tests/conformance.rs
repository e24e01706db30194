//! Akash's own files: what its tools make of them is what we make of them.
//!
//! The data is no part of the repository; see `conformance_dir`. Without it these tests pass with a notice.

use perigee_sdl::{Diagnostics, Manifest, Sdl};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `$PERIGEE_CONFORMANCE`, or `shared/conformance` beside the clone.
fn conformance_dir() -> Option<PathBuf> {
    let dir = match std::env::var_os("PERIGEE_CONFORMANCE") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let dir = dir.join("akash-sdl");
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("NOTICE: no conformance data at {}, nothing was compared", dir.display());
    None
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    files
}

fn parse(path: &Path) -> Result<Sdl, Diagnostics> {
    Sdl::parse_bytes(
        &path.file_name().unwrap().to_string_lossy(),
        &std::fs::read(path).unwrap(),
    )
}

/// JSON in the hashed form: keys sorted, nothing between, HTML characters escaped. Written apart from the crate.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            let entries: Vec<_> = sorted
                .into_iter()
                .map(|(k, v)| format!("\"{k}\":{}", canonical(v)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
    }
}

fn expected(path: &Path) -> String {
    canonical(&serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

#[test]
fn fixtures_give_the_same_bytes() {
    let Some(dir) = conformance_dir() else { return };
    let mut count = 0;
    for version in files(&dir.join("fixtures")) {
        for case in files(&version) {
            let sdl = parse(&case.join("input.yaml")).unwrap_or_else(|e| panic!("{}:\n{e}", case.display()));
            let manifest = String::from_utf8(sdl.manifest_json()).unwrap();
            assert_eq!(manifest, expected(&case.join("manifest.json")), "{}", case.display());
            let groups = String::from_utf8(sdl.groups_json()).unwrap();
            assert_eq!(groups, expected(&case.join("group-specs.json")), "{}", case.display());
            count += 1;
        }
    }
    eprintln!("{count} fixtures equal");
}

#[test]
fn accepted_gallery_files_give_the_same_manifest_and_hash() {
    let Some(dir) = conformance_dir() else { return };
    let table: Value = serde_json::from_slice(&std::fs::read(dir.join("gallery-expected.json")).unwrap()).unwrap();
    let (mut equal, mut refused, mut accepted) = (0, 0, 0);
    let mut failures = Vec::new();
    for (name, theirs) in table.as_object().unwrap() {
        let ours = parse(&dir.join("gallery").join(name));
        if theirs["ok"] != true {
            match ours {
                Ok(_) => accepted += 1,
                Err(_) => refused += 1,
            }
            continue;
        }
        match ours {
            Err(errors) => failures.push(format!("{name} is refused:\n{errors}")),
            Ok(sdl) => {
                let manifest = String::from_utf8(sdl.manifest_json()).unwrap();
                let same = manifest == canonical(&theirs["manifest"]) && hex(&sdl.hash()) == theirs["hash"];
                if same {
                    equal += 1;
                } else {
                    failures.push(format!(
                        "{name}:\n ours   {manifest}\n theirs {}",
                        canonical(&theirs["manifest"])
                    ));
                }
            }
        }
    }
    eprintln!("{equal} gallery files equal; of those that Akash refuses {refused} are refused, {accepted} accepted");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn gallery_group_specs_ask_for_the_same() {
    let Some(dir) = conformance_dir() else { return };
    let table: Value = serde_json::from_slice(&std::fs::read(dir.join("gallery-expected.json")).unwrap()).unwrap();
    for (name, theirs) in table.as_object().unwrap() {
        if theirs["ok"] != true {
            continue;
        }
        let sdl = parse(&dir.join("gallery").join(name)).unwrap();
        let ours: Value = serde_json::from_slice(&sdl.groups_json()).unwrap();
        assert_eq!(comparable(&ours), comparable(&theirs["groups"]), "{name}");
    }
}

/// Group specs without the differences in writing: names in camel case, empty lists for null, plain amounts, and the
/// order of endpoints.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| {
                let key = match key.as_str() {
                    "signedBy" => "signed_by",
                    "anyOf" => "any_of",
                    "allOf" => "all_of",
                    other => other,
                };
                let mut value = comparable(value);
                if key == "amount" {
                    let plain = value
                        .as_str()
                        .unwrap()
                        .trim_end_matches('0')
                        .trim_end_matches('.')
                        .to_string();
                    let whole = value.as_str().unwrap();
                    value = if whole.contains('.') {
                        plain.into()
                    } else {
                        whole.into()
                    };
                }
                if let (true, Some(list)) = (key == "endpoints", value.as_array_mut()) {
                    list.sort_by_key(|e| (e["kind"].as_u64().unwrap_or(0), e["sequence_number"].as_u64()));
                }
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                (!empty).then(|| (key.to_string(), value))
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => items.iter().map(comparable).collect(),
        other => other.clone(),
    }
}

#[test]
fn invalid_files_are_refused_with_a_place() {
    let Some(dir) = conformance_dir() else { return };
    let mut count = 0;
    for path in files(&dir.join("invalid")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let errors = parse(&path).err().unwrap_or_else(|| panic!("{name} is accepted"));
        assert!(errors.has_errors(), "{name}");
        for error in &errors {
            assert!(
                error.line > 0 && error.column > 0 && error.file == name,
                "{name}: {error:?}"
            );
        }
        eprintln!("{errors}\n");
        count += 1;
    }
    eprintln!("{count} invalid files refused");
}

#[test]
fn manifests_read_back_from_json() {
    let Some(dir) = conformance_dir() else { return };
    for path in files(&dir.join("gallery")) {
        let Ok(sdl) = parse(&path) else { continue };
        let read = Manifest::from_json(&sdl.manifest_json()).unwrap();
        assert_eq!(read, sdl.manifest());
        assert_eq!(read.hash(), sdl.hash());
        for (group, spec) in read.groups.iter().zip(sdl.groups()) {
            assert_eq!(group.total(), spec.total(), "{}", path.display());
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
