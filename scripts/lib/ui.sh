# Sourced by the scripts: how they speak. Data goes to stdout, everything else to stderr.
# shellcheck shell=bash

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' RESET=$'\e[0m'
else
	BOLD='' DIM='' RED='' GREEN='' RESET=''
fi

say() { printf '%s\n' "$*" >&2; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$RESET" >&2; }
die() {
	printf '%serror:%s %s\n' "$RED" "$RESET" "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

# check_arguments OPTION ARGUMENT…: nothing but the OPTION, which may be empty for none, or --help. `usage` is the script's.
check_arguments() {
	local option=$1
	shift
	case $#:${1:-} in
	0: | "1:$option") ;;
	*:--help | *:-h) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
}

# check_number OPTION VALUE: an option's value must be a whole number above zero. Exit code 2, as for all wrong usage.
check_number() {
	[[ ${2:-} =~ ^[1-9][0-9]*$ ]] && return
	(die "$1 needs a whole number above 0, not '${2:-}'") || exit 2
}

# check_value OPTION VALUE: an option needs a value. Exit code 2 likewise.
check_value() {
	[ -n "${2:-}" ] && return
	(die "$1 needs a value") || exit 2
}

# Asks before something outside the cache is touched. Without a terminal, or with ASSUME_YES=1, the answer is yes.
confirm() {
	local answer
	if [ "${ASSUME_YES:-0}" = 1 ] || [ ! -t 0 ]; then return 0; fi
	read -r -p "$1 [Y/n] " answer
	[[ ! $answer =~ ^[nN] ]]
}

# seconds_since START, where START is $EPOCHREALTIME of then.
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
