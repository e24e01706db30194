# Sourced by the measurements of the pure libraries: building ours, installing theirs, one core for both.
# shellcheck shell=bash

# Set by bench_options.
SECONDS_EACH=10
OUT=

# bench_options NAME ARGUMENT…: what all of them take. `usage` is the caller's.
bench_options() {
	local name=$1
	shift
	OUT=$PERIGEE_CACHE/bench/$name-$(date +%Y%m%d-%H%M%S).json
	while [ $# -gt 0 ]; do
		case $1 in
		--seconds) check_number "$1" "${2:-}" && SECONDS_EACH=$2 && shift ;;
		--out) check_value "$1" "${2:-}" && OUT=$2 && shift ;;
		--help | -h) usage && exit 0 ;;
		*) usage >&2 && exit 2 ;;
		esac
		shift
	done
	mkdir -p "$(dirname "$OUT")"
	PERIGEE_CONFORMANCE=${PERIGEE_CONFORMANCE:-$PERIGEE_ROOT/../shared/conformance}
	export PERIGEE_CONFORMANCE
	[ -d "$PERIGEE_CONFORMANCE" ] || die "no conformance data at $PERIGEE_CONFORMANCE" "Set PERIGEE_CONFORMANCE to its folder."
}

# Both sides work on one and the same core.
on_one_core() {
	if command -v taskset >/dev/null; then taskset -c 0 "$@"; else "$@"; fi
}

# bench_binary NAME: builds a program of bench/libraries as it would be shipped, and prints where it is.
bench_binary() {
	use_toolchain || die "the Rust toolchain is not ready" "Run scripts/setup."
	export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench
	claim_target_dir
	cargo build --release --locked --manifest-path bench/libraries/Cargo.toml --bin "$1" >&2
	printf '%s/release/%s' "$CARGO_TARGET_DIR" "$1"
}

# npm_package FOLDER PACKAGE@VERSION: installs below the cache, once.
npm_package() {
	local dir=$PERIGEE_CACHE/bench/$1
	command -v npm >/dev/null || die "npm is not there" "Install Node.js 20 or newer."
	if ! [ -e "$dir/$2.installed" ]; then
		mkdir -p "$(dirname "$dir/$2.installed")"
		npm install --silent --no-audit --no-fund --prefix "$dir" "$2" >&2
		touch "$dir/$2.installed"
	fi
	printf '%s' "$dir"
}

# pypi_package FOLDER PACKAGE==VERSION: installs into an environment below the cache, once; prints its Python.
pypi_package() {
	local dir=$PERIGEE_CACHE/bench/$1
	command -v python3 >/dev/null || die "python3 is not there" "Install Python 3.10 or newer, with venv."
	if ! [ -e "$dir/$2.installed" ]; then
		python3 -m venv "$dir" >&2
		"$dir/bin/pip" install --quiet --disable-pip-version-check "$2" >&2
		touch "$dir/$2.installed"
	fi
	printf '%s/bin/python' "$dir"
}
