# The way up, step by step. Every step finds out whether it was done: after a crash or a reboot `up` goes on.
# shellcheck shell=bash

prepare_run_directory() {
	# Sockets have short names in the kernel.
	[ ${#CONTAINERD_SOCKET} -le 95 ] || die "the path $CONTAINERD_SOCKET is too long for a socket; set PERIGEE_CACHE to a shorter one"
	check_bridge_is_ours
	if [ ! -d "$RUN" ]; then
		check_network_is_free
	fi
	mkdir -p "$RUN/log" "$RUN/pids"
	chmod 0700 "$RUN"
	[ -f "$RUN/bin" ] || echo "$BIN" >"$RUN/bin"
	BIN=$(running_bin)
	[ -f "$BIN/complete" ] || die "the running cluster's binaries are gone; run: local-cluster down"
}

# await SECONDS COMPONENT WHAT COMMAND...: polls; when the time is over or the component has ended, shows why.
await() {
	local deadline=$((SECONDS + $1)) seconds=$1 component=$2 what=$3
	shift 3
	until "$@" >/dev/null 2>&1; do
		is_running "$component" || die "$what: no" "$(explain "$component")"
		[ $SECONDS -lt $deadline ] || die "$what: not within $seconds s" "$(explain "$component")"
		sleep 0.1
	done
	say "$what"
}

up() {
	need_root
	need_packages
	build
	BIN=$(bin_directory)
	if [ -d "$RUN" ] && cluster_is_complete && api_answers >/dev/null 2>&1 && ingress_answers; then
		say "the cluster is up already; nothing to do"
		[ "$BIN" = "$(running_bin)" ] || say "it runs an older build of scripts/cluster: down and up change to the new one"
		return
	fi
	[ ! -f "$RUN/bin" ] || [ "$BIN" = "$(running_bin)" ] ||
		say "what is there was started by another build; if it does not come up: down, then up"
	prepare_run_directory
	note_fixed_directories
	save_sysctls
	load_bridge_netfilter
	make_bridge
	admit_through_host_firewall
	make_cgroups
	make_certificates
	write_configs

	start_etcd
	start_containerd
	start_apiserver
	await 30 containerd "containerd answers" containerd_answers
	import_images &
	local import=$!
	await 60 kube-apiserver "API server is ready" api_answers
	apply_manifests rbac.yaml || die "the cluster's own objects were refused"
	start_controllers
	wait "$import" || die "an image could not be imported"
	say "images loaded; examples find $BUSYBOX_IMAGE without a registry (Debian's busybox-static)"
	start_node
	start_provisioner
	await 60 kubelet "node is registered" node_exists
	start_proxy
	start_forward
	await 60 kube-proxy "service addresses work" services_are_translated
	await 60 kubelet "node is ready" node_is_ready
	apply_manifests dns.yaml ingress.yaml storage.yaml || die "DNS, ingress and storage were refused"
	await 60 kubelet "DNS answers" is_available kube-system coredns
	await 60 kubelet "ingress answers on 127.0.0.1:$INGRESS_PORT" is_available perigee-ingress ingress
	await 15 forward "apps are reached at http://<name>.localhost:$INGRESS_PORT" ingress_answers
	say "cluster is up: export KUBECONFIG=$RUN/kubeconfig"
}
