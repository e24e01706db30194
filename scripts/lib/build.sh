# Sourced after env.sh and ui.sh: one way to build, so that no script makes cargo compile the SDK twice.
# shellcheck shell=bash

# The only package selection. Another one would unify other features and recompile most of the tree.
CARGO_SELECTION=(--release --locked --workspace)

ensure_setup() {
	./scripts/setup --check >/dev/null 2>&1 || ./scripts/setup "$@"
	use_toolchain || die "the Rust toolchain is not ready" "Run scripts/setup."
	claim_target_dir
}

# What is compiled with other features, which would recompile the SDK where tests are built.
features_dir() { printf '%s-features' "$CARGO_TARGET_DIR"; }

# wasm_runtime COMMAND FEATURES [OPTION…]: cargo COMMAND on the runtime for WebAssembly, with these features. As
# substrate-wasm-builder does it, which would leave it in the place of the runtime that nodes run.
wasm_runtime() {
	RUSTFLAGS="-C link-arg=--export-table -C link-arg=--import-memory -C link-arg=--export=__heap_base --cfg substrate_runtime" \
		CARGO_TARGET_DIR=$(features_dir) cargo "$1" --locked --profile wasm -p perigee-runtime --lib \
		--target "$WASM_TARGET" --no-default-features --features "$2" "${@:3}"
}

build_rust() { cargo build "${CARGO_SELECTION[@]}"; }

# build_beside LOG COMMAND…: the command, with the local Kubernetes built beside it. Most of cargo's time one core is
# free, and both use all of it when nothing else runs.
build_beside() {
	local log=$1 status=0 cluster=0 pid
	shift
	./scripts/local-cluster build >"$log" 2>&1 &
	pid=$!
	"$@" || status=$?
	wait "$pid" || cluster=$?
	[ $cluster -eq 0 ] || tail -n 20 "$log" >&2
	return $((status + cluster))
}

perigee_bin() { printf '%s/release/perigee' "$CARGO_TARGET_DIR"; }
node_bin() { printf '%s/release/perigee-node' "$CARGO_TARGET_DIR"; }
