# Sourced by scripts/e2e: what tenants change while a lease runs, on chain and in the cluster.
# shellcheck shell=bash

# The example with other words on its page.
hello_saying() { sed "s/Perigee says/$1/" examples/hello/deploy.yaml; }
page_says() { fetch "$(url_of "$1")" | grep -q "$2"; }
# Do exactly so many pods of a service run, all of them with these words in their command?
web_pods_say() {
	kube get pods -n "$1" -l perigee.cloud/service=web -o json | jq -e --argjson count "$2" --arg words "$3" '
		[.items[] | select(.metadata.deletionTimestamp == null)
			| select(any(.status.conditions[]?; .type == "Ready" and .status == "True"))]
		| length == $count and all(tostring | contains($words))' >/dev/null || {
		say "$2 ready pods that say \"$3\" are not all there is: $(kube get pods -n "$1" --no-headers)"
		return 1
	}
}
# The ledger of a deployment that is being closed adds up.
closes_even() {
	perigee close "$1" --yes --wait --output json | jq -e '.deposited == .to_provider + .fee + .refunded' >/dev/null
}

# Names of the pods of a lease, those of one service with a second argument.
pods_of() { kube get pods -n "$1" ${2:+-l perigee.cloud/service="$2"} -o name | sort; }
same_pods() { [ "$1" = "$2" ] || { say "pods changed: $1 → $2" && return 1; }; }

case_updated_lease_runs_the_new_file() {
	local id namespace rate api all pod
	id=$(deploy_hello) || return 1
	wait_for 60 "the page" app_answers "$id" || return 1
	namespace=$(namespaces_of "$id") rate=$(status_of "$id" .rate)
	api=$(pods_of "$namespace" api)
	hello_saying "New words" >"$RUN/new.yaml"
	perigee update "$id" "$RUN/new.yaml" --yes >/dev/null || return 1
	same_pods "$api" "$(pods_of "$namespace" api)" || return 1
	web_pods_say "$namespace" 1 "New words" || return 1
	wait_for 10 "the new page" page_says "$id" "New words: hello" || return 1
	[ "$(status_of "$id" .rate)" = "$rate" ] || { say "the same size costs another rate" && return 1; }
	# With nothing new in it, all of it starts anew.
	all=$(pods_of "$namespace")
	perigee update "$id" "$RUN/new.yaml" --yes >/dev/null || return 1
	for pod in $all; do wait_for 30 "$pod to go" pod_gone "$namespace" "$pod" || return 1; done
	perigee close "$id" --yes >/dev/null
}
pod_gone() { ! kube get -n "$1" "$2" >/dev/null 2>&1; }

case_scaled_lease_has_its_replicas_and_its_price() {
	local id namespace rate
	id=$(deploy_hello) || return 1
	namespace=$(namespaces_of "$id") rate=$(status_of "$id" .rate)
	expect_exit 2 "no service .db" perigee scale "$id" db=2 --yes || return 1
	expect_exit 3 "above your maximum" perigee scale "$id" web=3 --max-per-hour 0.000001prg --yes || return 1
	expect_exit 3 "capacity" perigee scale "$id" web=5000 --yes || return 1
	perigee scale "$id" web=3 --yes >/dev/null || return 1
	web_pods_say "$namespace" 3 "" || return 1
	[ "$(status_of "$id" .resources.cpu_milli)" = 400 ] && [ "$(status_of "$id" .rate)" -gt "$rate" ] ||
		{ say "three replicas are not leased" && return 1; }
	perigee scale "$id" web=1 --yes >/dev/null || return 1
	wait_for 20 "two replicas to go" web_pods_say "$namespace" 1 "" || return 1
	[ "$(status_of "$id" .rate)" = "$rate" ] || { say "the old size has not its old rate" && return 1; }
	wait_for 10 "the page" app_answers "$id" || return 1
	perigee close "$id" --yes >/dev/null
}

case_agreed_end_moves_and_money_comes_and_goes() {
	local id end open
	id=$(perigee deploy examples/hello/deploy.yaml --for 1h --yes --output json | jq -er .deployment) || return 1
	end=$(status_of "$id" .term_end)
	expect_exit 3 "deposit" perigee extend "$id" --for 30m --yes || return 1
	perigee deposit "$id" 1prg --yes --output json | jq -e '.added == 1000000000000 and .fee_paid > 0' >/dev/null || return 1
	expect_exit 0 "fee paid [0-9.]* PRG" perigee deposit "$id" 0.1prg --yes || return 1
	expect_exit 2 "above zero" perigee deposit "$id" 0prg --yes || return 1
	perigee extend "$id" --for 30m --yes --output json | jq -e ".blocks > 800 and .term_end == $end + .blocks" >/dev/null || return 1
	expect_exit 3 "take back less" perigee withdraw "$id" 5prg --yes || return 1
	perigee withdraw "$id" 0.5prg --yes --output json | jq -e '.withdrawn == 500000000000' >/dev/null || return 1
	[ "$(status_of "$id" .refunded)" -ge 500000000000 ] || { say "nothing came back" && return 1; }
	open=$(deploy_hello) || return 1
	expect_exit 3 "no fixed end" perigee extend "$open" --for 30m --yes || return 1
	perigee close "$open" --yes >/dev/null && closes_even "$id"
}

case_paused_lease_rests_and_costs_nothing() {
	local id namespace before billed
	id=$(deploy_hello) || return 1
	namespace=$(namespaces_of "$id")
	expect_exit 3 "may rest for .* at most" perigee pause "$id" --for 90d --yes || return 1
	wait_for 120 "a pause of three minutes to be earned" may_pause "$id" 3m || return 1
	signs_as_documented "pause" perigee pause "$id" --for 3m --yes || return 1
	expect_exit 3 "resume" perigee pause "$id" --yes || return 1
	wait_for 60 "the pause" is_paused "$id" || return 1
	wait_for 60 "its pods to go" no_pods "$namespace" || return 1
	# Whatever was billed before the pause is judged one epoch later; from then on nothing is added.
	before=$(status_of "$id" .best_block)
	wait_for 90 "the verdict on what came before" judged_beyond "$id" "$before" || return 1
	billed=$(status_of "$id" .billed) before=$(status_of "$id" .best_block)
	wait_for 90 "a judged epoch of the pause" judged_beyond "$id" "$before" || return 1
	[ "$(status_of "$id" .billed)" = "$billed" ] || { say "a paused lease is billed" && return 1; }
	signs_as_documented "resume" perigee resume "$id" --yes || return 1
	wait_for 60 "the page" app_answers "$id" || return 1
	wait_for 90 "billing to go on" billed_above "$id" "$billed" || return 1
	closes_even "$id"
}
may_pause() { perigee pause "$1" --for "$2" --dry-run >/dev/null 2>&1; }
is_paused() { [ "$(status_of "$1" .paused)" = true ]; }
no_pods() { [ -z "$(kube get pods -n "$1" -o name)" ]; }
judged_beyond() { [ "$(status_of "$1" .judged_until)" -gt "$2" ]; }

case_others_pay_only_when_the_owner_lets_them() {
	local id neighbour
	id=$(deploy_hello) || return 1
	neighbour=$(perigee keys show "$NEIGHBOUR" --output json | jq -er .address)
	as_neighbour expect_exit 3 "perigee depositors ID allow" perigee deposit "$id" 1prg --yes || return 1
	as_neighbour expect_exit 3 "another owner" perigee depositors "$id" allow "$neighbour" --yes || return 1
	perigee depositors "$id" allow "$neighbour" --minimum 0.5prg --yes >/dev/null || return 1
	as_neighbour expect_exit 3 "deposit more" perigee deposit "$id" 0.1prg --yes || return 1
	as_neighbour perigee deposit "$id" 1prg --yes >/dev/null || return 1
	as_neighbour perigee withdraw "$id" 0.4prg --yes >/dev/null || return 1
	perigee depositors "$id" forbid "$neighbour" --yes >/dev/null || return 1
	as_neighbour expect_exit 3 "perigee depositors ID allow" perigee deposit "$id" 1prg --yes || return 1
	closes_even "$id"
}

case_deployment_changes_hands() {
	local id neighbour namespace pods
	id=$(deploy_hello) || return 1
	namespace=$(namespaces_of "$id")
	neighbour=$(perigee keys show "$NEIGHBOUR" --output json | jq -er .address)
	as_neighbour expect_exit 3 "offer" perigee transfer "$id" --accept --yes || return 1
	perigee transfer "$id" --to "$neighbour" --yes >/dev/null || return 1
	perigee transfer "$id" --cancel --yes >/dev/null || return 1
	as_neighbour expect_exit 3 "offer" perigee transfer "$id" --accept --yes || return 1
	perigee transfer "$id" --to "$neighbour" --yes >/dev/null || return 1
	as_neighbour perigee transfer "$id" --accept --yes --output json | jq -e --arg to "$neighbour" '.owner == $to' >/dev/null || return 1
	expect_exit 3 "another owner" perigee close "$id" --yes || return 1
	app_answers "$id" || { say "the application stopped when its owner changed" && return 1; }
	# An agent that starts anew applies every lease, as what the chain says now.
	pods=$(pods_of "$namespace")
	agent_stop
	agent_start
	wait_for 60 "the new owner in the cluster" owner_in_cluster "$namespace" "$neighbour" || return 1
	sleep 5
	same_pods "$pods" "$(pods_of "$namespace")" || return 1
	as_neighbour perigee scale "$id" web=2 --yes >/dev/null || return 1
	as_neighbour closes_even "$id"
}

owner_in_cluster() { [ "$(kube get namespace "$1" -o json | jq -r '.metadata.annotations["perigee.cloud/owner"]')" = "$2" ]; }

case_present_provider_has_abandoned_nothing() {
	local id
	id=$(deploy_hello) || return 1
	expect_exit 3 "without --abandoned" perigee close "$id" --abandoned --yes || return 1
	is_active "$id" || { say "a claim that was refused ended the lease" && return 1; }
	perigee close "$id" --yes >/dev/null
}

as_operator() { PERIGEE_KEY=$OPERATOR "$@"; }
ask_has_notice() { perigee providers --output json | jq -e ".providers[0].asks | length == 1 and .[0].notice == $1"; }
has_notice() { [ "$(status_of "$1" .notice_end)" -gt 0 ]; }
has_reason() { [ "$(status_of "$1" .reason)" = "$2" ] || { say "ended for another reason: $(status_of "$1" .reason)" && return 1; }; }

case_provider_ends_a_lease_with_notice() {
	local id lease waits
	agent_stop
	# A minute, the shortest that there is.
	PERIGEE_AGENT_ASK__NOTICE_HOURS=0.0167 agent_start
	wait_for 60 "an ask with a short notice" ask_has_notice 30 || return 1
	id=$(deploy_hello) || return 1
	lease=$(status_of "$id" .lease)
	expect_exit 3 "whose operator is" perigee agent notice "$lease" --yes || return 1
	as_operator expect_exit 3 "no lease 9999 " perigee agent notice 9999 --yes || return 1
	as_operator perigee agent notice "$lease" --dry-run --output json | jq -e '.call == "marketplace.give_notice"' >/dev/null || return 1
	as_operator perigee agent notice "$lease" --yes --wait --timeout 4m --output json >"$RUN/notice.json" &
	waits=$!
	wait_for 30 "the notice" has_notice "$id" || return 1
	as_operator expect_exit 3 "given already; it ends at block" perigee agent notice "$lease" --yes || return 1
	wait "$waits" || return 1
	# Presence may be judged absent, and then the end comes later than the forecast.
	jq -e '.notice_blocks == 30 and .notice_end > 0 and .ended_at >= .notice_end and .fee_paid > 0' "$RUN/notice.json" >/dev/null || return 1
	has_reason "$id" "the provider gave notice" || return 1
	as_operator expect_exit 3 "has ended" perigee agent notice "$lease" --yes || return 1
	closes_even "$id" || return 1
	agent_stop
	agent_start
	wait_for 60 "the usual ask" ask_has_notice 1800
}

case_provider_stops_a_lease_for_abuse() {
	local id lease rate hash
	id=$(deploy_hello) || return 1
	lease=$(status_of "$id" .lease) rate=$(status_of "$id" .rate)
	echo "what was seen" >"$RUN/evidence.txt"
	hash=0x$(b2sum -l 256 "$RUN/evidence.txt" | cut -d ' ' -f 1)
	as_operator expect_exit 0 "1800 blocks of notice" perigee agent stop "$lease" --evidence "$RUN/evidence.txt" --dry-run || return 1
	signs_as_documented "agent stop" as_operator perigee agent stop "$lease" --evidence "$RUN/evidence.txt" --yes || return 1
	jq -e --arg hash "$hash" --argjson rate "$rate" '.evidence == $hash and .bond_paid == $rate * 1800' "$RUN/printed.json" >/dev/null || return 1
	as_operator expect_exit 3 "has ended" perigee agent stop "$lease" --evidence "$hash" --yes || return 1
	has_reason "$id" "stopped by the provider, which claims abuse" || return 1
	closes_even "$id"
}

case_provider_claims_by_hand() {
	local id
	id=$(deploy_hello) || return 1
	wait_for 90 "a judged block" billed_above "$id" 0 || return 1
	expect_exit 3 "not the operator" perigee claim --yes || return 1
	PERIGEE_KEY=$OPERATOR perigee claim "$(status_of "$id" .lease)" --yes --output json |
		jq -e '(.leases | length) == 1 and .received > 0' >/dev/null || return 1
	closes_even "$id"
}
