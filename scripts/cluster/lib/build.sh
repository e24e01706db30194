# Compiling: everything lies in the cache under a key, so a clone elsewhere or a second run compiles nothing.
# shellcheck shell=bash

# Changes with anything that goes into the binaries and images.
build_key() {
	(
		cd "$CLUSTER_SOURCE" || exit
		{
			echo "$KUBERNETES_VERSION $COREDNS_VERSION $PAUSE_IMAGE $(go env GOVERSION GOARCH 2>/dev/null)"
			find . -type f \( -name '*.go' -o -name go.mod -o -name go.sum -o -name image \) ! -name '*_test.go' |
				LC_ALL=C sort | xargs sha256sum
			sha256sum "$(command -v busybox)"
		} | sha256sum | cut -c1-16
	)
}

bin_directory() { echo "$CLUSTER_HOME/bin/$(build_key)"; }

cluster_image() { echo "perigee.local/cluster:$(basename "$1")"; }

go_build() {
	local minor=${KUBERNETES_VERSION#v1.}
	local version=k8s.io/component-base/version
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$1" -ldflags "-s -w -X $version.gitVersion=$KUBERNETES_VERSION \
		-X $version.gitMajor=1 -X $version.gitMinor=${minor%.*} -X $version.gitTreeState=clean" "$2"
}

# CoreDNS needs newer Kubernetes libraries than the cluster: it is a build of its own.
build_coredns() {
	local target=$CLUSTER_HOME/bin/coredns-$COREDNS_VERSION
	[ -x "$target/coredns" ] && return
	say "compiling CoreDNS $COREDNS_VERSION (minutes, once)"
	mkdir -p "$target.new"
	(cd / && GOBIN=$target.new CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "github.com/coredns/coredns@$COREDNS_VERSION")
	rm -rf "$target"
	mv "$target.new" "$target"
	say "CoreDNS compiled"
}

build_binaries() {
	local target=$1
	say "compiling Kubernetes $KUBERNETES_VERSION into one binary (minutes when cold, seconds after a small change)"
	(
		cd "$CLUSTER_SOURCE" || exit
		go_build "$target/cluster" ./cmd/cluster
		go_build "$target/cni" ./cmd/cni
		go_build "$target/forward" ./cmd/forward
		go_build "$target/pause" ./cmd/pause
	)
	say "compiled"
}

# root_with NAME FILE: a directory that holds one program and what every program expects.
image_root() {
	local root=$1 program=$2
	mkdir -p "$root/etc" "$root/tmp"
	chmod 1777 "$root/tmp"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	cp "$program" "$root/"
}

build_images() {
	local target=$1 work=$1/roots name
	image_root "$work/pause" "$target/pause"
	image_root "$work/cluster" "$target/cluster"
	image_root "$work/coredns" "$CLUSTER_HOME/bin/coredns-$COREDNS_VERSION/coredns"
	# Names for root certificates, which CoreDNS does not need here, and no shell: less to hold.
	"$CLUSTER_SOURCE/image" --entrypoint '["/pause"]' --user 65534:65534 "$PAUSE_IMAGE" "$work/pause" "$target/pause.tar"
	"$CLUSTER_SOURCE/image" --entrypoint '["/cluster"]' --user 65534:65534 "$(cluster_image "$2")" "$work/cluster" "$target/cluster.tar"
	"$CLUSTER_SOURCE/image" --entrypoint '["/coredns"]' "$COREDNS_IMAGE" "$work/coredns" "$target/coredns.tar"

	# The distribution's static busybox under the name that examples use, so that they run without a registry.
	mkdir -p "$work/busybox"/{bin,etc,root,tmp,var/www,home,usr}
	chmod 1777 "$work/busybox/tmp"
	cp "$(command -v busybox)" "$work/busybox/bin/busybox"
	for name in $(busybox --list); do
		[ "$name" = busybox ] || ln -s busybox "$work/busybox/bin/$name"
	done
	ln -s ../bin "$work/busybox/usr/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n' \
		>"$work/busybox/etc/passwd"
	printf 'root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n' >"$work/busybox/etc/group"
	"$CLUSTER_SOURCE/image" --cmd '["sh"]' "$BUSYBOX_IMAGE" "$work/busybox" "$target/busybox.tar"
	rm -rf "$work"
}

# Keeps the newest few keys and the one in use.
prune_binaries() {
	local keep=3 directory used=''
	[ ! -f "$RUN/bin" ] || used=$(running_bin)
	find "$CLUSTER_HOME/bin" -mindepth 1 -maxdepth 1 -type d ! -name 'coredns-*' -printf '%T@ %p\n' | sort -rn |
		tail -n +$((keep + 1)) | while read -r _ directory; do
		[ "$directory" = "$used" ] || rm -rf "$directory"
	done
}

build() {
	command -v go >/dev/null || die "Go is missing (1.24 or newer): https://go.dev/doc/install"
	command -v busybox >/dev/null || need_packages
	local target
	target=$(bin_directory)
	if [ -f "$target/complete" ]; then
		return
	fi
	rm -rf "$target" "$target.new"
	mkdir -p "$target.new"
	build_coredns
	build_binaries "$target.new"
	build_images "$target.new" "$target"
	touch "$target.new/complete"
	mv "$target.new" "$target"
	say "binaries and images are in $target"
	prune_binaries
}
