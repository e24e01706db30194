//! Builds the runtime a second time, as the WebAssembly blob that nodes execute.

fn main() {
    #[cfg(feature = "std")]
    substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
