# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# initrd KERNEL INIT OUTPUT MODULE...: a RAM disk of busybox, the script INIT and the kernel's modules
# with what they depend on. INIT loads them by "while read -r m; do insmod $m; done </modules/order".
# A function initrd_extra DIR, where there is one, adds files.
# Not compressed, because unpacking costs an emulated processor more than reading.

initrd() {
	local kernel=$1 init=$2 output=$3 root version module path
	shift 3
	root=$output.root
	version=$(ls "$kernel/lib/modules")

	mkdir -p "$root"/{bin,dev,proc,sys,mnt,modules}
	cp /bin/busybox "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	for module in "$@"; do
		modprobe --dirname "$kernel" --set-version "$version" --show-depends "$module"
	done | while read -r _ path; do
		[[ $path == /* && ! -e $root/modules/${path##*/} ]] || continue
		cp "$path" "$root/modules/"
		echo "/modules/${path##*/}" >>"$root/modules/order"
	done
	install -m 755 "$init" "$root/init"
	if declare -F initrd_extra >/dev/null; then initrd_extra "$root"; fi
	(cd "$root" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$output"
	rm -r "$root"
}
