# The pod network: a bridge of our own. Rules for pods belong to the enforcer.
# shellcheck shell=bash

# Kernel settings that a kubelet and a router change for the whole machine; `down` puts them back.
SHARED_SYSCTLS=(net.ipv4.ip_forward vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
	kernel.keys.root_maxkeys kernel.keys.root_maxbytes)

sysctl_file() { echo "/proc/sys/${1//.//}"; }

save_sysctls() {
	[ -f "$RUN/sysctls" ] && return
	local name
	for name in "${SHARED_SYSCTLS[@]}"; do
		echo "$name $(cat "$(sysctl_file "$name")")"
	done >"$RUN/sysctls.new"
	mv "$RUN/sysctls.new" "$RUN/sysctls"
}

restore_sysctls() {
	local name value
	[ -f "$RUN/sysctls" ] || return 0
	while read -r name value; do
		[ "$(cat "$(sysctl_file "$name")")" = "$value" ] || echo "$value" >"$(sysctl_file "$name")" || true
	done <"$RUN/sysctls"
}

# Packets between two pods cross the bridge without being routed. br_netfilter shows them to the rules, as the
# translation of service addresses also needs. Loading it must not change the bridges of others.
load_bridge_netfilter() {
	local file
	[ -d /proc/sys/net/bridge ] && return
	modprobe br_netfilter 2>/dev/null || die "the kernel module br_netfilter is missing: without it pods could not be kept apart"
	touch "$RUN/loaded-br_netfilter"
	for file in /proc/sys/net/bridge/bridge-nf-call-*; do
		echo 0 >"$file"
	done
}

unload_bridge_netfilter() {
	[ -f "$RUN/loaded-br_netfilter" ] || return 0
	modprobe -r br_netfilter 2>/dev/null || true
}

bridge_exists() { [ -e "/sys/class/net/$BRIDGE" ]; }

# The bridge says whose it is: names outside the run directory are shared by all caches on the machine.
check_bridge_is_ours() {
	local owner
	bridge_exists || return 0
	owner=$(cat "/sys/class/net/$BRIDGE/ifalias")
	[ "$owner" = "$RUN" ] || die "the network interface $BRIDGE belongs to another cluster${owner:+: $owner}" \
		"Use the PERIGEE_CACHE that it was made with."
}

# Refuses to touch a network that is not ours.
check_network_is_free() {
	local overlap
	bridge_exists && return
	overlap=$(ip -4 route show | grep -E "^10\.(244|96)\." || true)
	[ -z "$overlap" ] || die "the machine already routes addresses that the cluster needs ($POD_CIDR, $SERVICE_CIDR):" "$overlap"
	if nft list table ip kube-proxy >/dev/null 2>&1; then
		die "another kube-proxy has its rules in this network namespace. Set KUBECONFIG to that cluster instead."
	fi
	if [ -S /var/lib/kubelet/device-plugins/kubelet.sock ]; then
		die "another kubelet lives on this machine (/var/lib/kubelet). Set KUBECONFIG to that cluster instead."
	fi
}

make_bridge() {
	if ! bridge_exists; then
		ip link add "$BRIDGE" address 02:00:0a:f4:00:01 type bridge nf_call_iptables 1 nf_call_ip6tables 1
		ip link set "$BRIDGE" alias "$RUN"
	fi
	# The bridge speaks IPv4 only; what pods send each other as IPv6 is dropped by the enforcer.
	[ ! -e "/proc/sys/net/ipv6/conf/$BRIDGE" ] || [ -n "${PERIGEE_CLUSTER_ALLOW_IPV6:-}" ] ||
		echo 1 >"/proc/sys/net/ipv6/conf/$BRIDGE/disable_ipv6"
	echo 0 >"/proc/sys/net/ipv4/conf/$BRIDGE/send_redirects"
	ip address replace "$NODE_ADDRESS/${POD_CIDR#*/}" dev "$BRIDGE"
	ip link set "$BRIDGE" up
	# The node reaches services even when it has no default route.
	ip route replace "$SERVICE_CIDR" dev "$BRIDGE" src "$NODE_ADDRESS"
	echo 1 >/proc/sys/net/ipv4/ip_forward
}

# Firewalls like Docker's drop what they do not know. Our own rules decide about pods, so they pass there.
admit_through_host_firewall() {
	local chain rule
	command -v iptables >/dev/null || return 0
	for chain in FORWARD INPUT; do
		iptables -w -S "$chain" 2>/dev/null | grep -qE "^-P $chain (DROP|REJECT)|-j (DROP|REJECT|DOCKER|ufw|DOCKER-FORWARD)" || continue
		for rule in "-i $BRIDGE" "-o $BRIDGE"; do
			[ "$chain $rule" = "INPUT -o $BRIDGE" ] && continue
			# shellcheck disable=SC2086 # the rule is several words
			iptables -w -C "$chain" $rule -m comment --comment "$RULE_COMMENT" -j ACCEPT 2>/dev/null ||
				iptables -w -I "$chain" $rule -m comment --comment "$RULE_COMMENT" -j ACCEPT
		done
	done
}

host_firewall_rules() {
	command -v iptables-save >/dev/null || return 0
	iptables-save 2>/dev/null | grep -F "$RULE_COMMENT" || true
}

remove_host_firewall_rules() {
	local rule
	host_firewall_rules | while read -r rule; do
		# shellcheck disable=SC2086 # the rule is several words
		iptables -w ${rule/#-A/-D} || true
	done
}

# The pods' interfaces are the bridge's ports.
remove_bridge() {
	local port
	bridge_exists || return 0
	for port in "/sys/class/net/$BRIDGE/brif"/*; do
		[ ! -e "$port" ] || ip link delete "$(basename "$port")" 2>/dev/null || true
	done
	ip link delete "$BRIDGE"
}

# Every kube-proxy in the world names its tables alike: they are ours only where a cluster of ours was, which does not
# start beside another.
our_nft_tables() {
	local names="inet $NFT_TABLE"
	[ "$CLUSTER_WAS_HERE" = 0 ] || names+="|ip6? kube-proxy"
	nft list tables 2>/dev/null | grep -E "^table ($names)\$" || true
}

remove_nft_tables() {
	our_nft_tables | while read -r _ family table; do
		nft delete table "$family" "$table"
	done
}
