# Sourced by scripts/e2e: documents are as docs/cli-json.md shows them.
# shellcheck shell=bash

# example_of NAME: the example below the paragraph that names it, in backquotes and before the first colon.
example_of() {
	awk -v name="\`$1\`" '
		/^```/ { inside = !inside; split(paragraph, head, ":"); shown = $0 == "```json" && index(head[1], name); next }
		inside { if (shown) print; next }
		!NF { over = 1; next }
		over { paragraph = ""; over = 0 }
		{ paragraph = paragraph " " $0 }' docs/cli-json.md
}

# as_documented NAME COMMAND…: what it prints, left in $RUN/printed.json, has the keys and types of the example.
as_documented() {
	local name=$1 differences
	shift
	"$@" --output json >"$RUN/printed.json" || return 1
	differences=$(jq -r --slurpfile example <(example_of "$name") -f scripts/e2e.d/documented.jq "$RUN/printed.json") || return 1
	[ -z "$differences" ] || { say "$name: $differences" && return 1; }
}
# The same of a command that has signed.
signs_as_documented() { as_documented "$@" && jq -e '.fee_paid > 0' "$RUN/printed.json" >/dev/null; }
# Exit code 2 is what it should be.
refused() { "$@" || [ $? = 2 ]; }

case_documents_are_as_described() {
	local hello=examples/hello/deploy.yaml id lease
	as_documented "price" perigee price "$hello" &&
		as_documented "--dry-run" perigee deploy "$hello" --dry-run &&
		signs_as_documented "deploy" perigee deploy "$hello" --for 1h --yes || return 1
	id=$(jq .deployment "$RUN/printed.json") lease=$(jq .lease "$RUN/printed.json")
	as_documented "send" perigee send "$id" &&
		as_documented "list" perigee list &&
		as_documented "status" perigee status "$id" &&
		signs_as_documented "update" perigee update "$id" "$hello" --yes &&
		signs_as_documented "deposit" perigee deposit "$id" 1prg --yes &&
		signs_as_documented "extend" perigee extend "$id" --for 30m --yes &&
		signs_as_documented "withdraw" perigee withdraw "$id" 0.1prg --yes &&
		signs_as_documented "depositors" perigee depositors "$id" allow "$NEIGHBOUR" --yes &&
		signs_as_documented "transfer" perigee transfer "$id" --to "$NEIGHBOUR" --yes &&
		as_documented "income" perigee income &&
		as_documented "faucet" perigee faucet 1prg --yes || return 1
	as_documented "providers" perigee providers &&
		as_documented "agent status" perigee agent status --config "$RUN/agent.toml" &&
		as_documented "agent ask" as_operator perigee agent ask &&
		as_documented "agent stake" as_operator perigee agent stake &&
		as_documented "agent bond" as_operator perigee agent bond &&
		as_documented "agent forget" perigee agent forget &&
		signs_as_documented "claim" as_operator perigee claim "$lease" --yes &&
		signs_as_documented "agent notice" as_operator perigee agent notice "$lease" --yes &&
		signs_as_documented "close" perigee close "$id" --yes || return 1
	echo 'version: "2.0"' >"$RUN/empty.yaml"
	as_documented "keys new" perigee keys new documented &&
		as_documented "keys list" perigee keys list &&
		as_documented "sdl validate" refused perigee sdl validate "$RUN/empty.yaml" &&
		as_documented "sdl hash" perigee sdl hash "$hello"
}
