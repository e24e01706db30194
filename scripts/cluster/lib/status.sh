# What runs, as a table.
# shellcheck shell=bash

memory_of() { awk '/^VmRSS/ {printf "%d MiB", $2 / 1024}' "/proc/$1/status" 2>/dev/null; }

# Fails when anything is missing.
status() {
	local name pid complete=0
	if [ ! -d "$RUN" ]; then
		echo "no cluster here (local-cluster up makes one)"
		return 1
	fi
	printf '%-26s %-9s %-8s %s\n' COMPONENT STATE PID MEMORY
	for name in "${COMPONENTS[@]}"; do
		if pid=$(pid_of "$name"); then
			printf '%-26s %-9s %-8s %s\n' "$name" running "$pid" "$(memory_of "$pid")"
		else
			printf '%-26s %-9s\n' "$name" stopped
			complete=1
		fi
	done
	echo
	if api_answers >/dev/null 2>&1; then
		cluster_kubectl get nodes -o wide | cut -c1-100
		echo
		cluster_kubectl get pods --all-namespaces
	else
		echo "the API server does not answer"
		complete=1
	fi
	printf '\nkubeconfig  %s\ningress     http://127.0.0.1:%s (class perigee)\nlogs        %s\n' \
		"$RUN/kubeconfig" "$INGRESS_PORT" "$RUN/log"
	return $complete
}
