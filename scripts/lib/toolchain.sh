# Makes a sysroot from the distribution's Rust packages that can build the wasm runtime.
# Sourced by `setup` after env.sh. Nothing outside the cache directory is written.
# shellcheck shell=bash

# core, alloc and compiler_builtins for the wasm target. They must hold LLVM bitcode: the runtime is
# built with thin LTO, and cargo's default (`embed-bitcode=no`) makes that fail after minutes.
build_wasm_std() {
	local dir=$1 work
	work=$(mktemp -d)
	mkdir -p "$work/src"
	printf '#![no_std]\n' >"$work/src/lib.rs"
	printf '[package]\nname = "wasm-std"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$work/Cargo.toml"
	(
		cd "$work" || exit 1
		PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
			CARGO_TARGET_DIR=$work/target /usr/bin/cargo build --release --target "$WASM_TARGET" \
			-Zbuild-std=core,alloc -Zbuild-std-features=compiler-builtins-mem
	) || return 1
	mkdir -p "$dir/lib/rustlib/$WASM_TARGET/lib"
	cp "$work/target/$WASM_TARGET/release/deps/"lib{core,alloc,compiler_builtins}-*.rlib \
		"$dir/lib/rustlib/$WASM_TARGET/lib/"
	rm -rf "$work"
}

# A directory that looks like a toolchain: the distribution's binaries, its host libraries and our wasm libraries.
make_distro_toolchain() {
	local dir staging tool
	dir=$(distro_toolchain_dir)
	[ -x "$dir/bin/rustc" ] && return 0
	staging=$dir.$$
	mkdir -p "$staging/bin" "$staging/lib/rustlib"
	ln -s /usr/lib/rustlib/x86_64-unknown-linux-gnu "$staging/lib/rustlib/x86_64-unknown-linux-gnu"
	build_wasm_std "$staging" || return 1
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot %s "$@"\n' "$dir" >"$staging/bin/rustc"
	chmod +x "$staging/bin/rustc"
	for tool in cargo rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
		[ -x "/usr/bin/$tool" ] && ln -s "/usr/bin/$tool" "$staging/bin/$tool"
	done
	mv -T "$staging" "$dir"
}
