//! Prints the JSON schema: `cargo run -p perigee-sdl --example schema > k8s-agent/sdl/sdl.schema.json`.

fn main() {
    print!("{}", perigee_sdl::schema::json_schema());
}
