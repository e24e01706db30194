# Removing everything, and proving it.
# shellcheck shell=bash

# Set by `down` before it removes anything: was there a run directory or a bridge of ours?
CLUSTER_WAS_HERE=0

our_mounts() { awk -v run="$RUN/" 'index($5, run) == 1 {print $5}' /proc/self/mountinfo | sort -r; }

our_cgroups() { find /sys/fs/cgroup -type d -path "*/$CGROUP*" 2>/dev/null | sort -r; }

# Files that programs put at fixed places outside the run directory. Others may live there too: only what bears our
# name, or what a kubelet and a shim leave when they have ended, is removed; directories only when they are empty.
KUBELET_FILES=(/var/lib/kubelet/device-plugins/kubelet.sock /var/lib/kubelet/device-plugins/kubelet_internal_checkpoint
	/var/lib/kubelet/device-plugins/DEPRECATION)
FIXED_DIRECTORIES=(/var/lib/kubelet /var/log/containers /var/lib/cni /run/containerd /usr/libexec/kubernetes)

# Remembers which of the fixed directories were there before.
note_fixed_directories() {
	local directory
	[ -f "$RUN/made-directories" ] && return
	for directory in "${FIXED_DIRECTORIES[@]}"; do
		[ -e "$directory" ] || echo "$directory"
	done >"$RUN/made-directories"
}

stray_files() {
	find /var/log/containers -lname "$RUN/*" 2>/dev/null || true
	find /var/lib/cni -name "$CNI_NETWORK*" 2>/dev/null || true
	# The loopback network has one name for everybody; the sandbox's id says whose the file is.
	local record sandbox
	for record in "$RUN"/cni/records/*.json; do
		sandbox=$(basename "$record" .json)
		find /var/lib/cni -name "cni-loopback-$sandbox-*" 2>/dev/null || true
	done
}

remove_stray_files() {
	local directory
	stray_files | xargs -r -d '\n' rm -f
	if [ ! -f "$RUN/made-directories" ]; then
		return
	fi
	while read -r directory; do
		[ "$directory" != /var/lib/kubelet ] || rm -f "${KUBELET_FILES[@]}"
		[ ! -d "$directory" ] || find "$directory" -depth -type d -empty -delete
	done <"$RUN/made-directories"
}

# Directories that we made and that are not empty: somebody put something there.
stray_directories() {
	[ ! -f "$RUN/made-directories" ] || xargs -r ls -d <"$RUN/made-directories" 2>/dev/null || true
}

stop_pods() {
	[ -S "$CONTAINERD_SOCKET" ] && is_running containerd || return 0
	"$(running_bin)/cluster" stop-pods --socket "$CONTAINERD_SOCKET" >>"$RUN/log/down.log" 2>&1 ||
		say "containerd did not stop every pod; removing what is left by hand"
}

# Pods live in our cgroups; the rest is found by its program. A few rounds, because the dying may still fork.
kill_leftovers() {
	local round pids
	for round in TERM KILL KILL KILL; do
		pids=$({ our_cgroups | sed 's|$|/cgroup.procs|' | xargs -r cat 2>/dev/null; our_processes; } | sort -u)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086 # a list of pids
		kill -"$round" $pids 2>/dev/null || true
		sleep 0.3
	done
}

unmount_all() {
	local mount
	our_mounts | while read -r mount; do
		umount "$mount" 2>/dev/null || umount --lazy "$mount" 2>/dev/null || true
	done
}

remove_cgroups() {
	local try
	for try in 1 2 3 4 5; do
		our_cgroups | xargs -r rmdir 2>/dev/null || true
		[ -n "$(our_cgroups)" ] || return 0
		sleep "0.$try"
	done
}

# Everything of ours that is still there, one line each.
leaks() {
	local pid
	for pid in $(our_processes); do
		echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-120)"
	done
	our_mounts | sed 's/^/mount /'
	our_cgroups | sed 's/^/cgroup /'
	! bridge_exists || echo "network interface $BRIDGE"
	our_nft_tables | sed 's/^/nftables /'
	host_firewall_rules | sed 's/^/iptables /'
	stray_files | sed 's/^/file /'
	[ ! -e "$RUN" ] || echo "directory $RUN"
}

down() {
	local component leaked
	check_bridge_is_ours
	[ ! -d "$RUN" ] && ! bridge_exists || CLUSTER_WAS_HERE=1
	if [ ! -d "$RUN" ] && [ -z "$(leaks)" ]; then
		say "nothing to remove"
		return
	fi
	say "stopping pods"
	stop kubelet
	stop_pods
	say "stopping components"
	# All at once: their data is thrown away, so none has to wait for another.
	for component in "${COMPONENTS[@]}"; do
		stop "$component" 2 &
	done
	wait
	kill_leftovers
	say "removing mounts, network and cgroups"
	unmount_all
	remove_nft_tables
	remove_host_firewall_rules
	remove_bridge
	remove_cgroups
	restore_sysctls
	unload_bridge_netfilter
	remove_stray_files
	leaked=$(stray_directories | sed 's/^/directory /')
	rm -rf --one-file-system "$RUN"
	leaked=$(printf '%s\n' "$leaked" && leaks)
	leaked=${leaked#$'\n'}
	[ -z "$leaked" ] || die "left on the machine after down:" "$leaked"
	say "everything is removed; nothing leaked"
}
