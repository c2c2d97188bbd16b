# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What every script in this directory shares: the cache of test artefacts.
#
# An artefact is the directory $VMLET_CACHE/NAME/KEY. KEY is a hash of what made it: the script, the
# files it names, and the paths (so the keys) of the artefacts it is built from. Each script prints
# that directory as its only line on stdout.

set -euo pipefail
umask 022

here=$(cd "${BASH_SOURCE%/*}" && pwd)
cache=${VMLET_CACHE:-/var/cache/vmlet-test}

# begin NAME INPUT...: ends the script here when the artefact exists, otherwise sets $new to an empty
# directory to build it in. An INPUT that is no file stands for itself.
begin() {
	name=$1
	shift
	local input
	key=$(for input in "$here/common.sh" "$here/$name" "$@"; do
		if [[ -f $input ]]; then sha256sum <"$input"; else echo "$input"; fi
	done | sha256sum | cut -c1-16)
	final=$cache/$name/$key

	mkdir -p "$cache/$name"
	exec {lock}>"$cache/$name/.lock"
	flock "$lock"
	if [[ -d $final ]]; then
		echo "$final"
		exit 0
	fi

	# The lock makes us the only builder, so whatever is half built belongs to a killed one.
	rm -rf --one-file-system "$cache/$name"/new.*
	new=$cache/$name/new.$key
	mkdir "$new"
	exec {stdout}>&1 >&2
	started=${EPOCHREALTIME/./}
	echo "building $name"
}

# finish: puts the artefact in place and removes what it supersedes.
finish() {
	mv -T "$new" "$final"
	local old fd
	for old in "$cache/$name"/*/; do
		old=${old%/}
		[[ $old != "$final" ]] || continue
		# A test host that runs on an old one holds it by a shared lock.
		exec {fd}<"$old"
		if flock -xn "$fd"; then rm -rf --one-file-system "$old"; fi
		exec {fd}<&-
	done
	local spent=$((${EPOCHREALTIME/./} - started))
	printf 'built %s in %d.%d s\n' "$name" $((spent / 1000000)) $((spent / 100000 % 10))
	echo "$final" >&"$stdout"
}

# refresh: fetches apt's lists, which a new machine may not have and an old one may have outlived.
refresh() {
	flock "$cache/.apt.lock" apt-get update --quiet=2
}

# debian_sources: the machine's own sources of Debian packages, one deb line each, without what else
# may be configured on it.
debian_sources() {
	local format='deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	format+=' $(REPO_URI) $(RELEASE) $(COMPONENT)'
	apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format "$format" | sort -u
}

# debootstrap PACKAGES DIRECTORY [OPTION...]: a Debian tree without documentation and locales.
# Unpacking is not synced: a tree that a power cut broke was never renamed into place.
debootstrap() {
	local packages=$1 directory=$2
	shift 2
	[[ -n $(debian_sources) ]] || refresh
	# shellcheck disable=SC2086 # one word a package
	debian_sources | mmdebstrap --quiet --mode=root --format=directory --variant=essential \
		--include="$(echo $packages | tr ' ' ,)" \
		--aptopt='Apt::Install-Recommends "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/lintian/*' \
		"$@" bookworm "$directory" -
}
