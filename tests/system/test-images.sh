# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 240
#
# Images from the network and from files: the right one in the store, or nothing of it.

store=/var/lib/vmlet/images
work=/srv/images
rm -rf "$work"
mkdir -p "$work"
chmod 0755 "$work"
cp "$guests/guest-mini.qcow2" "$work/mini.qcow2"
qemu-img convert -f qcow2 -O raw "$work/mini.qcow2" "$work/mini.raw"
# Something that takes its time, and that no compression shortens.
head -c 3M /dev/urandom >>"$work/mini.raw"
truncate -s %512 "$work/mini.raw"
ip link set lo up
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
mkdir -p /etc/ssl/certs
cp "$work/cert.pem" /etc/ssl/certs/ca-certificates.crt
/usr/lib/vmlet-test/image-server "$work/mini.raw" "$work/cert.pem" "$work/key.pem" "$work/log" &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
eventually 10 bash -c '</dev/tcp/127.0.0.1/8443'
digest=$(sha256sum <"$work/mini.raw" | cut -d' ' -f1)
long_digest=$(sha512sum <"$work/mini.raw" | cut -d' ' -f1)

# of NAME URL [LINE...]: the spec of an image, raw as the server has it.
of() {
	local name=$1 url=$2
	shift 2
	spec "$name" <<-END
		kind: image
		format: raw
		url: $url
		$(printf '%s\n' "$@")
	END
}

# pulled NAME: pulls it; it is what the server has, read-only, root's, and nothing else is left.
pulled() {
	local path
	path=$(vmlet image pull "$1" 2>&1) || fail "$1: $path"
	path=${path#"$1: "}
	assert_contains "$path" "$store/$1."
	qemu-img compare -q -f qcow2 -F raw "$path" "$work/mini.raw" || fail "$1 is not what the server has"
	assert_eq "$(stat -c '%a %U' "$path")" "444 root"
	assert_eq "$(find /var/lib/private/vmlet/download/ -type f ! -name .source)" ""
}

# refused NAME REASON: nothing of it is kept.
refused() {
	local out
	if out=$(vmlet image pull "$1" 2>&1); then fail "$1 was pulled: $out"; fi
	assert_contains "$out" "$2"
	assert_eq "$(find "$store" -name "$1.*")" ""
	[[ -n ${3-} ]] || assert_eq "$(find "/var/lib/private/vmlet/download/$1/" -type f ! -name .source)" ""
}

of plain https://127.0.0.1:8443/ok
pulled plain
of checked https://127.0.0.1:8443/ok "sha256: $digest" "sha512: $long_digest"
pulled checked
of by-http http://127.0.0.1:8080/ok "sha512: $long_digest"
pulled by-http

# Cut at every tenth: it goes on, and asks for no byte twice.
of cut https://127.0.0.1:8443/cut "sha256: $digest"
: >"$work/log"
pulled cut
assert_eq "$(grep -c '^/cut -$' "$work/log")" 1
assert_eq "$(grep -c '^/cut bytes=' "$work/log")" 9
of norange https://127.0.0.1:8443/norange "sha256: $digest"
pulled norange
of changed https://127.0.0.1:8443/changed "sha256: $digest"
pulled changed

# Stopped and started again in between, by a stop, by Ctrl-C and by kill -9.
of slow https://127.0.0.1:8443/slow "sha256: $digest"
: >"$work/log"
systemctl start --no-block vm-image@slow
eventually 10 test -s /var/lib/private/vmlet/download/slow/.download
sleep 2
assert_contains "$(systemctl show -p StatusText vm-download@slow)" "Downloading:"
systemctl stop vm-download@slow
vmlet image pull slow >"$work/out" 2>&1 &
puller=$!
sleep 3
kill -INT "$puller"
assert_fails wait "$puller"
assert_contains "$(<"$work/out")" "goes on where it ended"
systemctl start --no-block vm-image@slow
sleep 2
systemctl kill --signal=KILL vm-download@slow
sleep 0.5
pulled slow
assert_eq "$(grep -c '^/slow -$' "$work/log")" 1

# What is wrong is refused, and nothing of it stays.
of wrong https://127.0.0.1:8443/ok "sha256: $(printf 'a%.0s' {1..64})"
refused wrong "has another sha256: it is $digest"
of wronger http://127.0.0.1:8080/ok "sha512: $(printf 'a%.0s' {1..128})"
refused wronger "has another sha512"
of short https://127.0.0.1:8443/short
refused short "cannot download https://127.0.0.1:8443/short" partial
rm -r /var/lib/private/vmlet/download/short
of endless https://127.0.0.1:8443/endless "size-limit: 16MiB"
refused endless "is larger than 16 MiB"
of missing https://127.0.0.1:8443/nothing
refused missing "404"
of downgrade https://127.0.0.1:8443/downgrade
refused downgrade "Protocol"
of untrusted https://127.0.0.1:8443/ok
mv /etc/ssl/certs/ca-certificates.crt "$work/ca"
refused untrusted "certificate"
mv "$work/ca" /etc/ssl/certs/ca-certificates.crt

# From files, compressed or not; each checksum is of the file.
for how in xz gz zst; do
	case $how in
	xz) xz --keep "$work/mini.raw" ;;
	gz) gzip --keep "$work/mini.raw" ;;
	zst) zstd -q "$work/mini.raw" ;;
	esac
	spec "from-$how" <<-END
		kind: image
		path: $work/mini.raw.$how
		sha256: $(sha256sum <"$work/mini.raw.$how" | cut -d' ' -f1)
		format: raw
		compressed: $how
	END
	pulled "from-$how"
done
chmod 0644 "$work"/mini.*
of local "file://$work/mini.raw" "sha256: $digest"
pulled local
truncate -s 200M "$work/bomb.raw"
xz "$work/bomb.raw"
spec bomb <<-END
	kind: image
	path: $work/bomb.raw.xz
	format: raw
	compressed: xz
	size-limit: 8MiB
END
refused bomb "File too large"
spec garbled <<-END
	kind: image
	path: $work/mini.raw
	format: raw
	compressed: xz
END
refused garbled "File format not recognized"
spec secret <<-END
	kind: image
	path: /etc/shadow
	format: raw
END
refused secret "readable by everyone"

# A VM has its image made first; a new checksum is a new image, and who has the old one keeps it.
spec mini <<-END
	kind: image
	path: $work/mini.qcow2
	sha256: $(sha256sum <"$work/mini.qcow2" | cut -d' ' -f1)
END
boot() {
	forget_serial "$1"
	spec "$1" <<-END
		accel: tcg
		memory: 64MiB
		disks: {root: {image: mini}}
	END
	systemctl start "vm@$1"
	wait_serial "$1" ": up"
	systemctl stop "vm@$1"
}
boot one
first=$(qemu-img info --output=json /var/lib/vmlet/vm/one/root.qcow2 | jq -r '."backing-filename"')
assert_contains "$first" "$store/mini."
qemu-img convert -f qcow2 -O qcow2 -o cluster_size=4k "$work/mini.qcow2" "$work/new.qcow2"
chmod 0644 "$work/new.qcow2"
spec mini <<-END
	kind: image
	path: $work/new.qcow2
	sha256: $(sha256sum <"$work/new.qcow2" | cut -d' ' -f1)
END
boot two
second=$(qemu-img info --output=json /var/lib/vmlet/vm/two/root.qcow2 | jq -r '."backing-filename"')
[[ $first != "$second" ]] || fail "both stand on $first"
forget_serial one
systemctl start vm@one
wait_serial one ": up"
assert_contains "$(tr '\0' '\n' <"/proc/$(main_pid one)/cmdline")" "filename=$first"

# What a disk needs is not removed, and gc removes only what nothing needs.
assert_contains "$(vmlet image list)" "one/root"
assert_eq "$(vmlet image list --json | jq -r --arg path "$first" '.[] | select(.path == $path) | .state, .users[]' | tr '\n' ' ')" "old one/root "
if out=$(vmlet image rm mini 2>&1); then fail "an image in use was removed"; fi
assert_contains "$out" "$first is needed by one/root"
assert_contains "$out" "$second is needed by two/root"
vmlet image gc >"$work/gc"
assert_eq "$(<"$work/gc")" ""
systemctl stop vm@one
rm -r /var/lib/private/vmlet/vm/one /etc/vmlet/one.yaml
systemctl daemon-reload
assert_eq "$(vmlet image gc --dry-run)" "would remove $first"
assert_eq "$(vmlet image gc)" "removed $first"
[[ ! -e $first && -e $second ]] || fail "gc removed the wrong one"
if ! out=$(vmlet image rm local 2>&1); then fail "$out"; fi
assert_eq "$(find "$store" -name "local.*")" ""

# An image that is not what it was.
chmod 0644 "$second"
touch "$second"
assert_fails systemctl start vm@two 2>/dev/null
assert_contains "$(why two)" "is not the one that disk"
systemctl reset-failed vm@two

# An image that cannot be had: the VM says so, and there is no disk.
of never https://127.0.0.1:8443/nothing
spec three <<-END
	accel: tcg
	restart: no
	disks: {root: {image: never}}
END
assert_fails systemctl start vm@three 2>/dev/null
assert_contains "$(why three)" "image $store/never."
assert_eq "$(ls -A /var/lib/vmlet/vm/three/)" ""
assert_fails systemctl start vm-image@unknown 2>/dev/null
journalctl --sync
assert_contains "$(systemctl status --no-pager vm-image@unknown || true)" "no image named unknown; known:"
