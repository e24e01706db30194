# What must come from the distribution.
# shellcheck shell=bash

CNI_DIRECTORIES=(/usr/lib/cni /opt/cni/bin)

cni_plugin() {
	local directory
	for directory in "${CNI_DIRECTORIES[@]}"; do
		if [ -x "$directory/$1" ]; then
			echo "$directory/$1"
			return
		fi
	done
	return 1
}

is_static() {
	local program
	program=$(command -v "$1") && ! ldd "$program" >/dev/null 2>&1
}

is_present() {
	case $1 in
	cni:*) cni_plugin "${1#cni:}" >/dev/null ;;
	static:*) is_static "${1#static:}" ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# Prints the Debian packages that are missing, one per line.
missing_packages() {
	local what package
	while read -r what package; do
		case $what in '' | '#'*) continue ;; esac
		is_present "$what" || echo "$package"
	done <"$CLUSTER_SOURCE/packages.txt" | sort -u
}

need_packages() {
	local missing
	missing=$(missing_packages | tr '\n' ' ')
	[ -z "$missing" ] || die "programs are missing. Install them with:" "apt-get install --no-install-recommends ${missing% }"
}
