# Background processes: a pid file holds the pid and the process's start time, so that a reused pid is never taken for ours.
# shellcheck shell=bash

# In the order of starting.
COMPONENTS=(etcd containerd kube-apiserver kube-controller-manager kube-scheduler enforcer provisioner kubelet kube-proxy
	forward)

# Field 22 of stat; the command's name may hold spaces and brackets, so count after the last bracket.
start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	set -- ${stat##*) }
	# A zombie has ended.
	[ "$1" != Z ] && echo "${20}"
}

# Prints the pid of a running component.
pid_of() {
	local pid started
	read -r pid started 2>/dev/null <"$RUN/pids/$1" || return 1
	[ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

is_running() { pid_of "$1" >/dev/null; }

# start NAME COMMAND...: in a session of its own, so that the terminal's signals do not reach it.
start() {
	local name=$1 pid
	shift
	is_running "$name" && return
	setsid "$@" >>"$RUN/log/$name.log" 2>&1 </dev/null 9>&- &
	pid=$!
	printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$RUN/pids/$name"
	disown "$pid"
}

# Ends a component that we started: politely, and after the given seconds for good.
stop() {
	local name=$1 seconds=${2:-10} pid deadline
	if pid=$(pid_of "$name"); then
		kill -TERM "$pid" 2>/dev/null || true
		deadline=$((SECONDS + seconds))
		while is_running "$name" && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
		! is_running "$name" || kill -KILL "$pid" 2>/dev/null || true
		while is_running "$name"; do sleep 0.05; done
	fi
	rm -f "$RUN/pids/$name"
}

# Shows why a component is not there.
explain() {
	local name=$1
	if is_running "$name"; then
		echo "$name runs but is not ready; the end of $RUN/log/$name.log:"
	else
		echo "$name has ended; the end of $RUN/log/$name.log:"
	fi
	tail -n 8 "$RUN/log/$name.log" 2>/dev/null | cut -c1-400
}

# Processes that belong to this cluster, whoever their parent is now: shims and what a crash left behind.
# Programs that merely mention the directory (an editor, a shell) are not ours; ours run from it or name our socket.
our_processes() {
	local directory executable
	for directory in /proc/[0-9]*; do
		executable=$(readlink "$directory/exe" 2>/dev/null) || continue
		if [[ ${executable% (deleted)} == "$CLUSTER_HOME"/bin/* ]] ||
			{ [[ $executable == */containerd* ]] && tr '\0' ' ' <"$directory/cmdline" 2>/dev/null | grep -qF "$RUN/"; }; then
			echo "${directory#/proc/}"
		fi
	done
}
