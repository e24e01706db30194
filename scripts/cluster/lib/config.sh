# Configuration files of the components.
# shellcheck shell=bash

# Servers on loopback mean nothing inside a pod; systemd-resolved keeps the real ones elsewhere.
resolv_conf() {
	local file
	for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
		if grep -E '^nameserver' "$file" 2>/dev/null | grep -qvE '^nameserver +(127\.|::1)'; then
			echo "$file"
			return
		fi
	done
	echo "$RUN/config/resolv.conf"
}

write_configs() {
	local config=$RUN/config plugin
	mkdir -p "$config" "$RUN/cni"/{bin,net.d,records,ipam}
	: >"$config/resolv.conf"

	cat >"$config/containerd.toml" <<-TOML
		version = 2
		root = "$RUN/containerd"
		state = "$RUN/containerd-state"
		# Unneeded here, and they make directories elsewhere.
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
		[grpc]
		  address = "$CONTAINERD_SOCKET"
		[ttrpc]
		  address = "$CONTAINERD_SOCKET.ttrpc"
		[debug]
		  level = "warn"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$PAUSE_IMAGE"
		  netns_mounts_under_state_dir = true
		  # In a container or a small virtual machine the right to lower it may be missing.
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "$RUN/cni/bin"
		    conf_dir = "$RUN/cni/net.d"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		      Root = "$RUN/runc"
		      SystemdCgroup = false
	TOML

	for plugin in bridge host-local loopback; do
		ln -sfn "$(cni_plugin "$plugin")" "$RUN/cni/bin/$plugin"
	done
	ln -sfn "$(running_bin)/cni" "$RUN/cni/bin/perigee-gate"
	# Masquerading is the enforcer's: no plugin here calls iptables.
	cat >"$RUN/cni/net.d/10-perigee.conflist" <<-JSON
		{"cniVersion": "0.4.0", "name": "$CNI_NETWORK", "plugins": [
		  {"type": "bridge", "bridge": "$BRIDGE", "isDefaultGateway": true, "ipMasq": false, "hairpinMode": true,
		   "ipam": {"type": "host-local", "dataDir": "$RUN/cni/ipam",
		            "ranges": [[{"subnet": "$POD_CIDR", "gateway": "$NODE_ADDRESS"}]]}},
		  {"type": "perigee-gate", "records": "$RUN/cni/records"}]}
	JSON

	cat >"$config/kubelet.yaml" <<-YAML
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $NODE_ADDRESS
		readOnlyPort: 0
		healthzPort: 0
		authentication:
		  anonymous: {enabled: false}
		  webhook: {enabled: true}
		  x509: {clientCAFile: $RUN/pki/ca.crt}
		authorization: {mode: Webhook}
		tlsCertFile: $RUN/pki/kubelet-server.crt
		tlsPrivateKeyFile: $RUN/pki/kubelet-server.key
		containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
		cgroupDriver: cgroupfs
		cgroupRoot: /$CGROUP
		clusterDomain: cluster.local
		clusterDNS: [$DNS_SERVICE]
		resolvConf: $(resolv_conf)
		volumePluginDir: $RUN/flexvolume
		podLogsDir: $RUN/log/pods
		maxPods: 250
		# A pod that forks without end must not take the machine's last process.
		podPidsLimit: 4096
		failSwapOn: false
		oomScoreAdj: 0
		makeIPTablesUtilChains: false
		serializeImagePulls: false
		# Images come from archives: what is deleted cannot be pulled again.
		imageGCHighThresholdPercent: 100
		evictionHard: {nodefs.available: "1%", imagefs.available: "1%", memory.available: "100Mi"}
	YAML

	cat >"$config/kube-proxy.yaml" <<-YAML
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		mode: nftables
		clientConnection: {kubeconfig: $RUN/pki/kube-proxy.kubeconfig}
		hostnameOverride: $NODE
		clusterCIDR: $POD_CIDR
		nodePortAddresses: [primary]
		healthzBindAddress: $NODE_ADDRESS:10256
		metricsBindAddress: $NODE_ADDRESS:10249
		oomScoreAdj: 0
		# Zero leaves the machine's connection tracking as it is.
		conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
		nftables: {minSyncPeriod: 50ms, syncPeriod: 30s}
	YAML
}
