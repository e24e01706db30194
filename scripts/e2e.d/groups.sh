# Sourced by scripts/e2e: deployments of several placements, and what is asked of providers.
# shellcheck shell=bash

TWO=examples/two-places/deploy.yaml

group_says() { fetch "$(status_of "$1" ".groups[] | select(.name == \"$2\") | .urls[0]")" | grep -q "$3"; }

case_two_placements_are_one_deployment() {
	local id namespaces
	perigee price "$TWO" --output json | jq -e '[.groups[].name] == ["east", "west"] and .deposit == ([.groups[].deposit] | add)' >/dev/null || return 1
	id=$(perigee deploy "$TWO" --yes --output json | jq -er 'select(.ready and (.urls | length == 2)) | .deployment') || return 1
	wait_for 20 "the page of the east" group_says "$id" east "hello from the east" || return 1
	wait_for 20 "the page of the west" group_says "$id" west "hello from the west" || return 1
	perigee status "$id" | grep -q "east of deployment $id\|east of $id" || { say "status does not name the placements" && return 1; }
	perigee list --output json | jq -e ".deployments[] | select(.deployment == $id) | .groups | length == 2" >/dev/null || return 1
	perigee send "$id" >/dev/null || return 1

	# Only what differs is changed.
	sed 's/hello from the west/greetings from the west/' "$TWO" >"$RUN/west.yaml"
	perigee update "$id" "$RUN/west.yaml" --yes --output json | jq -e '[.groups[].name] == ["west"]' >/dev/null || return 1
	wait_for 10 "the new page of the west" group_says "$id" west "greetings from the west" || return 1
	perigee scale "$id" east=2 --yes --output json | jq -e '[.groups[].name] == ["east"]' >/dev/null || return 1
	expect_exit 2 "1 placements" perigee update "$id" examples/hello/deploy.yaml --yes || return 1

	# What concerns one lease names it.
	expect_exit 2 "--group east" perigee deposit "$id" 1prg --yes || return 1
	perigee deposit "$id" 1prg --group east --yes --output json | jq -e '.added == 1000000000000' >/dev/null || return 1
	expect_exit 2 "north" perigee deposit "$id" 1prg --group north --yes || return 1

	perigee close "$id" --yes --wait --output json |
		jq -e '(.groups | length) == 2 and .deposited == .to_provider + .fee + .refunded and .deposited == ([.groups[].deposited] | add)' >/dev/null || return 1
	namespaces=$(namespaces_of "$id")
	wait_for 60 "both leases to be gone" no_lease_objects || { say "left: $namespaces" && return 1; }
}

case_only_providers_that_will_do_are_named() {
	local hello=examples/hello/deploy.yaml
	expect_exit 2 "not a country code" perigee price "$hello" --country Germany || return 1
	expect_exit 2 "not a percentage" perigee price "$hello" --min-availability 101 || return 1
	expect_exit 2 "nothing to spread" perigee price "$hello" --spread || return 1
	expect_exit 3 "1 of 1 providers: country: not DE or FR" perigee deploy "$hello" --country DE,FR --yes || return 1
	expect_exit 3 "1 of 1 providers: the tier: provider 0 is basic, asked for is premium" perigee deploy "$hello" --min-tier premium --yes || return 1
	expect_exit 3 "less than by kata" perigee deploy "$hello" --isolation kata --yes || return 1
	expect_exit 3 "the service score: provider 0 has" perigee deploy "$hello" --min-service 100 --yes || return 1
	expect_exit 3 "spread: states no region" perigee deploy "$TWO" --spread --yes || return 1
	agent_stop
	PERIGEE_AGENT_ASK__COUNTRY=DE PERIGEE_AGENT_ASK__REGION=eu-west agent_start
	wait_for 60 "an ask with a place" perigee price "$hello" --country DE --not-region eu-east || return 1
	expect_exit 3 "west: no ask fits" perigee deploy "$TWO" --spread --yes || return 1
	expect_exit 3 "not apart from the other placements, at provider 0 in eu-west" perigee deploy "$TWO" --spread --yes || return 1
	perigee deploy "$hello" --country DE,FR --not-country US --region eu-west --yes >/dev/null || return 1
	agent_stop
	agent_start
	wait_for 60 "an ask without a place" gone_from_germany || return 1
	close_all
}
gone_from_germany() { ! perigee price examples/hello/deploy.yaml --country DE && usual_ask; }
