//! What becomes of SDL files: one line of JSON for each, with hash and warnings or with errors.
//!
//! `cargo run -p perigee-sdl --example inspect -- deploy.yaml …`

use perigee_sdl::Sdl;
use serde_json::json;

fn main() -> std::io::Result<()> {
    for name in std::env::args().skip(1) {
        let line = match Sdl::parse_bytes(&name, &std::fs::read(&name)?) {
            Ok(sdl) => {
                let hash: String = sdl.hash().iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "file": name, "hash": hash, "warnings": sdl.warnings() })
            }
            Err(errors) => json!({ "file": name, "errors": errors }),
        };
        println!("{line}");
    }
    Ok(())
}
