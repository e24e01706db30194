# Names, addresses and small helpers of the local cluster.
# shellcheck shell=bash

KUBERNETES_VERSION=v1.34.4
COREDNS_VERSION=v1.14.3
PAUSE_IMAGE=perigee.local/pause:1
COREDNS_IMAGE=perigee.local/coredns:$COREDNS_VERSION
BUSYBOX_IMAGE=docker.io/library/busybox:1.36

CLUSTER_SOURCE=$PERIGEE_ROOT/scripts/cluster
CLUSTER_HOME=$PERIGEE_CACHE/cluster
RUN=$CLUSTER_HOME/run
CONTAINERD_SOCKET=$RUN/containerd.sock

NODE=perigee
BRIDGE=perigee0
NODE_ADDRESS=10.244.0.1
POD_CIDR=10.244.0.0/16
SERVICE_CIDR=10.96.0.0/16
API_SERVICE=10.96.0.1
DNS_SERVICE=10.96.0.10
INGRESS_SERVICE=10.96.0.80
API_PORT=6443
# Not etcd's own port: another cluster on the machine may have it.
ETCD_PORT=12379
INGRESS_PORT=8088
SYSTEM_NAMESPACES=kube-system,perigee-ingress

# One name marks everything that has no directory of its own.
CGROUP=perigee-cluster
NFT_TABLE=perigee-cluster
CNI_NETWORK=perigee-local
RULE_COMMENT=perigee-local-cluster

STARTED=$EPOCHREALTIME

# Seconds since the script began.
elapsed() {
	local now=$EPOCHREALTIME
	local tenths=$(((${now/./} - ${STARTED/./}) / 100000))
	printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say() { printf '[%6s s] %s\n' "$(elapsed)" "$*" >&2; }

die() {
	printf 'local-cluster: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "this needs root: it makes network interfaces, mounts and cgroups." \
		"Run it with sudo -E, or set KUBECONFIG to a cluster that you already have."
}

# One up or down at a time. The descriptor is closed in everything that stays running.
lock() {
	mkdir -p "$CLUSTER_HOME"
	exec 9>"$CLUSTER_HOME/lock"
	flock -n 9 || {
		say "waiting for another local-cluster command to finish"
		flock 9
	}
}

# The binaries that the running cluster was started with.
running_bin() { cat "$RUN/bin"; }

cluster_kubectl() { "$(running_bin)/cluster" kubectl --kubeconfig "$RUN/kubeconfig" "$@"; }
