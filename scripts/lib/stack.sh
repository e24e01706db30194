# Sourced after env.sh, ui.sh and build.sh: a node and an agent of our own, in a directory of their own.
# Every process started here is recorded and is the only thing that is ever stopped.
# shellcheck shell=bash

# Dev accounts, each with one job.
STASH=//Bob
OPERATOR=//Bob//operator
TENANT=//Dave

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The first free port from $1 on.
pick_port() {
	local port=$1
	until port_free "$port"; do port=$((port + 1)); done
	printf '%s' "$port"
}

# stack_init DIR: chooses ports and points the CLI at them.
stack_init() {
	RUN=$1
	mkdir -p "$RUN/logs"
	RPC_PORT=$(pick_port 9944)
	P2P_PORT=$(pick_port 30333)
	PROMETHEUS_PORT=$(pick_port 9615)
	HEARTBEAT_PORT=$(pick_port 30444)
	GATEWAY_PORT=$(pick_port 8443)
	HEARTBEAT_OPTIONS=(--heartbeat-listen "/ip4/127.0.0.1/tcp/$HEARTBEAT_PORT")
	PERIGEE=$(perigee_bin)
	# Another chain than the development one, and another domain for its leases, are for those who need them.
	NODE_CHAIN=(--dev) DOMAIN=apps.localhost
	export PERIGEE_NODE=ws://127.0.0.1:$RPC_PORT PERIGEE_KEY=$TENANT
	export XDG_CONFIG_HOME=$RUN/config XDG_DATA_HOME=$RUN/data
	NODE_PID='' AGENT_PID='' CHAIN_TAG=''
}

perigee() { "$PERIGEE" "$@"; }

rpc() {
	curl -sf -m 5 -H 'content-type: application/json' "http://127.0.0.1:$RPC_PORT" \
		-d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":${2:-[]}}" | jq -r .result
}

best_block() { printf '%d' "$(rpc chain_getHeader | jq -r .number)"; }
finalised_block() { printf '%d' "$(rpc chain_getHeader "[\"$(rpc chain_getFinalizedHead)\"]" | jq -r .number)"; }

# wait_for SECONDS WHAT COMMAND…: polls until the command succeeds.
wait_for() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || {
			say "timed out waiting for $what"
			return 1
		}
		sleep 0.2
	done
}

# Selects the objects of leases of this run's chain, or of one lease: objects carry the start of the genesis hash.
# shellcheck disable=SC2120 # the end-to-end cases name a lease
lease_labels() { printf 'perigee.cloud/chain=%s,perigee.cloud/lease%s' "$CHAIN_TAG" "${1:+=$1}"; }
no_lease_objects() {
	[ -z "$(kube get namespaces,cloudleases -l "$(lease_labels)" -o name)" ] &&
		[ -z "$(kube get secrets -n perigee-system -l "$(lease_labels)" -o name)" ]
}

alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# Ends one of our processes: politely, then not.
end_process() {
	local pid=$1 i
	alive "$pid" || return 0
	kill -CONT "$pid" 2>/dev/null || true
	kill -TERM "$pid" 2>/dev/null || true
	for ((i = 0; i < 50; i++)); do
		alive "$pid" || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# node_start [OPTION…]: options are the node's.
node_start() {
	"$(node_bin)" "${NODE_CHAIN[@]}" --base-path "$RUN/node" --rpc-port "$RPC_PORT" \
		--prometheus-port "$PROMETHEUS_PORT" "${HEARTBEAT_OPTIONS[@]}" \
		--listen-addr "/ip4/127.0.0.1/tcp/$P2P_PORT" "$@" >>"$RUN/logs/node.log" 2>&1 &
	NODE_PID=$!
	# Compiling the runtime takes it ten seconds of a core that nobody else uses.
	wait_for 120 "the node's RPC" node_answers_or_died
	node_answers || {
		tail -n 5 "$RUN/logs/node.log" >&2
		return 1
	}
	CHAIN_TAG=$(rpc chain_getBlockHash '[0]' | cut -c3-10)
}

# Our node, that is: of two that start at once on one port the other one may answer.
node_answers() {
	local id
	id=$(rpc system_localPeerId) && grep -q "$id" "$RUN/logs/node.log"
}
node_answers_or_died() { node_answers || ! alive "$NODE_PID"; }

node_stop() { end_process "$NODE_PID"; NODE_PID=''; }

fund_provider() {
	perigee faucet 1000prg --to "$STASH" --yes >/dev/null &&
		perigee faucet 1000prg --to "$OPERATOR" --yes >/dev/null
}

has_ask() { perigee providers --output json | jq -e '.providers | map(select(.asks | length > 0)) | length > 0'; }

agent_init() {
	perigee agent init --config "$RUN/agent.toml" --state-dir "$RUN/agent" --node "$PERIGEE_NODE" \
		--stash "$STASH" --operator "$OPERATOR" --gateway-listen "127.0.0.1:$GATEWAY_PORT" \
		--gateway-address "127.0.0.1:$GATEWAY_PORT" --heartbeat-node "/ip4/127.0.0.1/tcp/$HEARTBEAT_PORT" \
		--domain "$DOMAIN" --ingress-port "$INGRESS_PORT" "$@"
}

agent_start() {
	"$PERIGEE" agent run --config "$RUN/agent.toml" >>"$RUN/logs/agent.log" 2>&1 &
	AGENT_PID=$!
}

agent_stop() { end_process "$AGENT_PID"; AGENT_PID=''; }
agent_signal() { kill "-$1" "$AGENT_PID"; }

# cluster_use: $KUBECONFIG when it answers, else the local cluster. Sets KUBECONFIG, INGRESS_PORT, CLUSTER_OURS (we
# started it) and CLUSTER_PRISTINE (no agent was ever set up there).
cluster_use() {
	cluster_choose || return 1
	kube get namespace perigee-system >/dev/null 2>&1 || CLUSTER_PRISTINE=1
}

# Is there a cluster of the user's own?
own_cluster_answers() {
	[ -n "${KUBECONFIG:-}" ] && command -v kubectl >/dev/null && kubectl get --raw /readyz >/dev/null 2>&1
}

cluster_choose() {
	CLUSTER_OURS=0 CLUSTER_PRISTINE=0 INGRESS_PORT=${PERIGEE_INGRESS_PORT:-80}
	if own_cluster_answers; then
		note "using the cluster of $KUBECONFIG"
		return 0
	fi
	[ -z "${KUBECONFIG:-}" ] || note "the cluster of $KUBECONFIG does not answer, or there is no kubectl to ask it with"
	if ! ./scripts/local-cluster status >/dev/null 2>&1; then
		# What a run that was killed has left is half a cluster, with leases of a chain that is gone.
		CLUSTER_OURS=1
		./scripts/local-cluster down
	fi
	./scripts/local-cluster up || return 1
	KUBECONFIG=$(./scripts/local-cluster kubeconfig)
	export KUBECONFIG
	[ "$CLUSTER_OURS" = 1 ] || forget_dead_chains || return 1
	INGRESS_PORT=8088
	export PERIGEE_INGRESS_PORT=$INGRESS_PORT
}

# The local cluster serves development chains, which end with their scripts. A live agent keeps its chain from being
# forgotten.
forget_dead_chains() {
	local chain
	kube get namespace perigee-system >/dev/null 2>&1 || return 0
	for chain in $("$(perigee_bin)" agent forget --output json | jq -r '.chains[].chain // empty'); do
		"$(perigee_bin)" agent forget "$chain" --yes >&2 || return 1
	done
}

# fetch URL: *.localhost is not known to every resolver, so curl is told where it is.
fetch() {
	local host=${1#http://}
	host=${host%%[:/]*}
	curl -sf -m 3 --resolve "$host:$INGRESS_PORT:127.0.0.1" "$1"
}

kube() {
	if command -v kubectl >/dev/null; then kubectl "$@"; else ./scripts/local-cluster kubectl "$@"; fi
}

# Removes what is left of this run in a cluster that stays. The chain goes away, and with it the evidence that an
# agent would need to do it.
cluster_leave() {
	[ -z "${CHAIN_TAG:-}" ] || perigee agent forget "$CHAIN_TAG" --yes
	if [ "${CLUSTER_PRISTINE:-0}" = 1 ]; then
		kube delete namespace perigee-system --ignore-not-found --timeout=60s
		kube delete clusterroles,clusterrolebindings -l app.kubernetes.io/managed-by=perigee
		kube delete validatingadmissionpolicies,validatingadmissionpolicybindings -l app.kubernetes.io/managed-by=perigee
		kube delete customresourcedefinition cloudleases.perigee.cloud --ignore-not-found --timeout=60s
	fi
}

stack_stop() {
	agent_stop
	node_stop
	if [ -n "${KUBECONFIG:-}" ] && [ "${CLUSTER_OURS:-0}" = 0 ]; then cluster_leave >/dev/null 2>&1 || true; fi
}
