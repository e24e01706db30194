# Sourced by every script: paths, caches and the one toolchain that builds the workspace.
# shellcheck shell=bash

PERIGEE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PERIGEE_CACHE=${PERIGEE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/perigee}
export PERIGEE_ROOT PERIGEE_CACHE

# Vendored OpenSSL is the largest single compile of the tree; libssl-dev replaces it.
export OPENSSL_NO_VENDOR=1
# The target directory lies outside the clone, so wasm-builder must be told where Cargo.lock is.
export WASM_BUILD_WORKSPACE_HINT=$PERIGEE_ROOT

# Where Go's own archive is unpacked; not every PATH names it.
command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin

WASM_TARGET=wasm32v1-none
# Prefix of the sysroot that `setup` makes from distribution packages.
DISTRO_TOOLCHAINS=$PERIGEE_CACHE/toolchain

# Does the active rustup toolchain hold the wasm target? Its libraries, that is: the directory alone is no proof.
rustup_has_wasm() {
	command -v rustup >/dev/null 2>&1 &&
		compgen -G "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$WASM_TARGET/lib/libcore-*.rlib" >/dev/null
}

# The commit hash of the distribution's compiler: standard-library files of another build are unusable.
distro_rustc_hash() {
	[ -x /usr/bin/rustc ] && /usr/bin/rustc -vV | sed -n 's/^commit-hash: //p'
}

distro_toolchain_dir() { printf '%s/%s' "$DISTRO_TOOLCHAINS" "$(distro_rustc_hash)"; }

# Puts the chosen toolchain first in PATH. Toolchains never share a target directory.
use_toolchain() {
	local dir key
	dir=$(distro_toolchain_dir)
	# A sysroot that setup made stays in use, so that a later rustup update does not recompile everything.
	if [ -x "$dir/bin/rustc" ]; then
		PATH=$dir/bin:$PATH
		key=distro-$(rustc -vV | sed -n 's/^release: //p')
	elif rustup_has_wasm; then
		key=rustup-$(rustc -vV | sed -n 's/^release: //p')
	else
		return 1
	fi
	export PATH
	export CARGO_TARGET_DIR=${PERIGEE_TARGET_DIR:-$PERIGEE_CACHE/target/$key}
}

# Clones of the project share target directories, where cargo tells by their time which files are newer than what was
# compiled: what another clone compiled last would pass for this one's. Its files are made new when the clones change.
claim_target_dir() {
	local stamp=$CARGO_TARGET_DIR/clone
	[ "$(cat "$stamp" 2>/dev/null)" != "$PWD" ] || return 0
	{ git ls-files -z 2>/dev/null || find . -name '*.rs' -print0; } | xargs -0 -r touch -c
	mkdir -p "$CARGO_TARGET_DIR"
	printf '%s' "$PWD" >"$stamp"
}
