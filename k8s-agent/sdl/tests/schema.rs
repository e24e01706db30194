//! The JSON schema that editors use is the one that the crate makes.

#[test]
fn the_schema_file_is_current() {
    let current = perigee_sdl::schema::json_schema();
    let file = include_str!("../sdl.schema.json");
    let advice = "run `cargo run -p perigee-sdl --example schema > k8s-agent/sdl/sdl.schema.json`";
    assert!(file == current, "sdl.schema.json is not current: {advice}");
}
