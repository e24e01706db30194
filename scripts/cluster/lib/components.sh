# Starting the components, and what runs in the cluster from the beginning.
# shellcheck shell=bash

cluster_is_complete() {
	local name
	for name in "${COMPONENTS[@]}"; do
		is_running "$name" || return 1
	done
}

make_cgroups() {
	local hierarchy file controller
	if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		# Version 2: the kubelet wants these controllers below the root, as far as the kernel has them.
		for controller in cpu cpuset memory pids hugetlb; do
			echo "+$controller" 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control || true
		done
		mkdir -p "/sys/fs/cgroup/$CGROUP"
		return
	fi
	for hierarchy in /sys/fs/cgroup/*/; do
		[ -L "${hierarchy%/}" ] || mkdir -p "$hierarchy$CGROUP"
	done
	for file in cpuset.cpus cpuset.mems; do
		cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset/$CGROUP/$file"
	done
}

make_certificates() {
	[ -f "$RUN/kubeconfig" ] && return
	rm -rf "$RUN/pki"
	"$BIN/cluster" pki --dir "$RUN/pki" --server "https://$NODE_ADDRESS:$API_PORT" --node "$NODE" \
		--node-address "$NODE_ADDRESS" --api-service "$API_SERVICE"
	install -m 0600 "$RUN/pki/admin.kubeconfig" "$RUN/kubeconfig"
}

start_etcd() {
	start etcd "$BIN/cluster" etcd --data-dir "$RUN/etcd" --listen "https://127.0.0.1:$ETCD_PORT" \
		--client-ca-file "$RUN/pki/etcd-ca.crt" --cert-file "$RUN/pki/etcd.crt" --key-file "$RUN/pki/etcd.key"
}

start_containerd() { start containerd containerd --config "$RUN/config/containerd.toml"; }

start_apiserver() {
	local pki=$RUN/pki
	start kube-apiserver "$BIN/cluster" kube-apiserver \
		--bind-address="$NODE_ADDRESS" --secure-port="$API_PORT" --advertise-address="$NODE_ADDRESS" \
		--tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
		--client-ca-file="$pki/ca.crt" --anonymous-auth=false --authorization-mode=Node,RBAC \
		--enable-admission-plugins=NodeRestriction --allow-privileged=true --profiling=false \
		--etcd-servers="https://127.0.0.1:$ETCD_PORT" --etcd-cafile="$pki/etcd-ca.crt" \
		--etcd-certfile="$pki/apiserver-etcd-client.crt" --etcd-keyfile="$pki/apiserver-etcd-client.key" \
		--kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
		--kubelet-client-certificate="$pki/apiserver-kubelet-client.crt" --kubelet-client-key="$pki/apiserver-kubelet-client.key" \
		--service-cluster-ip-range="$SERVICE_CIDR" --service-account-issuer=https://kubernetes.default.svc.cluster.local \
		--service-account-signing-key-file="$pki/service-account.key" --service-account-key-file="$pki/service-account.key"
}

start_controllers() {
	local kubeconfig=$RUN/pki/kube-controller-manager.kubeconfig
	# The default limit of 20 requests a second makes the start alone last five seconds.
	local rate=(--kube-api-qps=200 --kube-api-burst=400)
	start kube-controller-manager "$BIN/cluster" kube-controller-manager --kubeconfig="$kubeconfig" \
		"${rate[@]}" --leader-elect=false --secure-port=0 --use-service-account-credentials \
		--service-account-private-key-file="$RUN/pki/service-account.key" --root-ca-file="$RUN/pki/ca.crt" \
		--flex-volume-plugin-dir="$RUN/flexvolume" --profiling=false
	start kube-scheduler "$BIN/cluster" kube-scheduler --kubeconfig="$RUN/pki/kube-scheduler.kubeconfig" \
		"${rate[@]}" --leader-elect=false --secure-port=0 --profiling=false
}

start_node() {
	local ipv6=()
	[ -z "${PERIGEE_CLUSTER_ALLOW_IPV6:-}" ] || ipv6=(--allow-ipv6)
	start enforcer "$BIN/cluster" enforcer --kubeconfig="$RUN/pki/enforcer.kubeconfig" --table="$NFT_TABLE" \
		--records="$RUN/cni/records" --bridge="$BRIDGE" --pod-cidr="$POD_CIDR" --service-cidr="$SERVICE_CIDR" \
		--api-server="$NODE_ADDRESS:$API_PORT" --system-namespaces="$SYSTEM_NAMESPACES" "${ipv6[@]}"
	start kubelet "$BIN/cluster" kubelet --config="$RUN/config/kubelet.yaml" --kubeconfig="$RUN/pki/kubelet.kubeconfig" \
		--root-dir="$RUN/kubelet" --hostname-override="$NODE" --node-ip="$NODE_ADDRESS"
}

start_provisioner() {
	mkdir -p "$RUN/volumes"
	start provisioner "$BIN/cluster" provisioner --kubeconfig="$RUN/pki/provisioner.kubeconfig" --directory="$RUN/volumes"
}

# It asks for the node object once and then waits for seconds: start it when the kubelet has made that.
start_proxy() { start kube-proxy "$BIN/cluster" kube-proxy --config="$RUN/config/kube-proxy.yaml"; }

start_forward() {
	start forward "$BIN/forward" "$INGRESS_SERVICE:80" "127.0.0.1:$INGRESS_PORT" "$NODE_ADDRESS:$INGRESS_PORT"
}

import_image() { ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io images import "$1" >/dev/null; }

import_images() {
	[ -f "$RUN/imported" ] && return
	local name
	for name in pause coredns cluster busybox; do
		import_image "$BIN/$name.tar"
	done
	touch "$RUN/imported"
}

containerd_answers() { ctr --address "$CONTAINERD_SOCKET" version; }
api_answers() { cluster_kubectl get --raw /readyz; }

# apply_manifests NAME...
apply_manifests() {
	local upstream='forward . /etc/resolv.conf'
	# Without a name server outside there is nothing to forward to.
	[ -s "$(resolv_conf)" ] || upstream=''
	sed -e "s|@COREDNS_IMAGE@|$COREDNS_IMAGE|" -e "s|@CLUSTER_IMAGE@|$(cluster_image "$BIN")|" \
		-e "s|@DNS_SERVICE@|$DNS_SERVICE|" -e "s|@INGRESS_SERVICE@|$INGRESS_SERVICE|" \
		-e "s|@FORWARD@|$upstream|" "${@/#/$CLUSTER_SOURCE/manifests/}" |
		cluster_kubectl apply --server-side --force-conflicts -f - >/dev/null
}

node_exists() { cluster_kubectl get node "$NODE"; }
# A pod whose first packet to a service is lost waits for seconds before it sends another.
services_are_translated() { nft list map ip kube-proxy service-ips | grep -qF "$API_SERVICE "; }
node_is_ready() { cluster_kubectl wait --for=condition=Ready "node/$NODE" --timeout=1s; }
is_available() { cluster_kubectl -n "$1" wait --for=condition=Available "deployment/$2" --timeout=1s; }
ingress_answers() {
	# Any answer of the ingress itself will do; the forwarder's own 503 is not one.
	(exec 3<>"/dev/tcp/127.0.0.1/$INGRESS_PORT" && printf 'GET / HTTP/1.0\r\nHost: none\r\n\r\n' >&3 && grep -q '^HTTP/1.* 404' <&3)
}
