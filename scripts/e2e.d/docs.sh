# Sourced by scripts/e2e: the pages for tenants and providers, run as they are written.
#
# A block that is fenced as `sh` is run, in the order of the page and in one shell. One fenced as `sh no-run WHY` is not; the reason is
# obligatory. Questions are answered with yes. A page finds the keys and files that it speaks of in its directory.
# shellcheck shell=bash

# commands_of PAGE: what is run of it. A line before each command tells where it stands.
commands_of() {
	awk -v page="$1" '
		/^```sh no-run *$/ { print page ":" NR ": no reason why it is not run" >"/dev/stderr"; exit 1 }
		/^```/ { run = $0 == "```sh"; goes_on = 0; next }
		run && !goes_on && NF { print "AT=" page ":" NR }
		run { print; goes_on = /\\$/ }' "$1"
}

# run_page PAGE AGENT_CONFIG: runs it in a directory of its own, and names the line that fails.
run_page() {
	local page=$1 config=$2 place commands
	commands=$(commands_of "$page") || return 1
	place=$(mktemp -d "$RUN/page.XXXXXX")
	cp examples/hello/deploy.yaml "$place/app.yaml"
	cp examples/two-places/deploy.yaml "$place/places.yaml"
	(
		cd "$place" || exit
		perigee() { if [ "$1" = agent ]; then "$PERIGEE" --config "$config" --yes "$@"; else "$PERIGEE" --yes "$@"; fi; }
		export -f perigee
		export config PERIGEE
		bash -euo pipefail -c "trap 'echo \"failed at \$AT: \$BASH_COMMAND\" >&2' ERR
$commands"
	)
}

case_tenants_page_runs_as_written() {
	agent_stop
	PERIGEE_AGENT_ASK__COUNTRY=DE PERIGEE_AGENT_ASK__REGION=eu-west agent_start
	wait_for 60 "an ask with a place" perigee price examples/hello/deploy.yaml --country DE --region eu-west || return 1
	run_page docs/tenant.md "$RUN/agent.toml" || return 1
	agent_stop
	agent_start
	wait_for 60 "an ask without a place" gone_from_germany
}

case_providers_page_runs_as_written() {
	local id
	id=$(deploy_hello) || return 1
	wait_for 90 "a judged block" billed_above "$id" 0 || return 1
	export STASH OPERATOR
	PERIGEE_KEY=$STASH run_page docs/provider.md "$RUN/agent.toml" || return 1
	perigee close "$id" --yes >/dev/null
}
