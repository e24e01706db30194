//! How long the gallery takes, and what becomes of each file, as one JSON document. See `scripts/bench sdl`.

use perigee_bench_libraries::{fastest_s, gallery, time};
use perigee_sdl::Sdl;
use serde_json::{json, Map, Value};
use std::hint::black_box;

fn main() {
    let files = gallery();
    let results: Map<String, Value> = files
        .iter()
        .map(|(name, text)| (name.clone(), result(name, text)))
        .collect();
    let round_s = fastest_s(time(), || {
        for (name, text) in &files {
            let sdl = Sdl::parse_bytes(name, text);
            black_box(sdl.map(|sdl| (sdl.manifest_json(), sdl.groups_json(), sdl.hash())).ok());
        }
    });
    println!(
        "{}",
        json!({ "files": files.len(), "round_s": round_s, "results": results })
    );
}

fn result(name: &str, text: &[u8]) -> Value {
    match Sdl::parse_bytes(name, text) {
        Ok(sdl) => {
            let hash: String = sdl.hash().iter().map(|byte| format!("{byte:02x}")).collect();
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            json!({ "hash": hash, "manifest": text(sdl.manifest_json()), "groups": text(sdl.groups_json()) })
        }
        Err(errors) => json!({ "errors": errors }),
    }
}
