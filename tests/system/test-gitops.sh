# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# host: container
# timeout: 900
#
# A repository pulled as in examples/gitops: signed commits that add, change, remove, rename, break and mend specs, a
# hundred of them by chance (seeded), against a model of what must run, how often it was booted, and what must stay.

export HOME=/root
image guest-mini
examples=/usr/lib/vmlet-test/examples/gitops
install -D -m 755 "$examples/vmlet-pull" /usr/local/libexec/vmlet-pull
cp "$examples"/vmlet-pull.{service,timer} /etc/systemd/system/
mkdir -p /etc/vmlet-pull /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 <<<y >/dev/null
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/stranger <<<y >/dev/null
echo "operator@example.org $(cut -d' ' -f1,2 /root/.ssh/id_ed25519.pub)" >/etc/vmlet-pull/allowed-signers
repository=/srv/specs
rm -rf $repository /var/lib/vmlet-pull
git init --quiet --initial-branch=main $repository
git -C $repository config user.name Operator
git -C $repository config user.email operator@example.org
git -C $repository config gpg.format ssh
git -C $repository config user.signingkey /root/.ssh/id_ed25519.pub
git -C $repository config commit.gpgsign true
printf 'REPOSITORY=%s\nBRANCH=main\n' $repository >/etc/vmlet-pull/vmlet-pull.conf
rmdir /etc/vmlet
ln -s /var/lib/vmlet-pull/current/specs /etc/vmlet
trap 'systemctl stop vmlet-pull.timer; rm -rf /etc/vmlet /etc/systemd/system/vmlet-pull.* /etc/vmlet-pull /var/lib/vmlet-pull /srv/specs /root/.ssh; mkdir -p /etc/vmlet' EXIT
systemctl daemon-reload
mkdir $repository/specs
commit() { git -C $repository add --all && git -C $repository commit --quiet --allow-empty --message "$1"; }
pull() { systemctl start vmlet-pull; }

# The timer alone does it.
printf 'state: running\naccel: tcg\nmemory: 64MiB\ndisks: {root: {image: guest-mini}}\n' >$repository/specs/first.yaml
commit "A first VM"
mkdir -p /etc/systemd/system/vmlet-pull.timer.d
printf '[Timer]\nOnBootSec=\nOnActiveSec=1s\nOnUnitInactiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=100ms\n' \
	>/etc/systemd/system/vmlet-pull.timer.d/soon.conf
systemctl daemon-reload
systemctl start vmlet-pull.timer
eventually 20 is_state first active
systemctl stop vmlet-pull.timer
rm -r /etc/systemd/system/vmlet-pull.timer.d

# What nobody has signed is not applied, nor what a stranger has.
echo "description: Unsigned" >>$repository/specs/first.yaml
git -C $repository -c commit.gpgsign=false commit --quiet --all --message Unsigned
assert_fails pull 2>/dev/null
git -C $repository -c user.signingkey=/root/.ssh/stranger.pub commit --quiet --amend --no-edit
assert_fails pull 2>/dev/null
assert_eq "$(unit_prop vm@first Description)" "Virtual machine first"
git -C $repository commit --quiet --amend --no-edit
pull
assert_eq "$(unit_prop vm@first Description)" Unsigned

# By chance.
python3 - $repository <<-'EOF'
	import os, pathlib, random, subprocess, sys

	repository = pathlib.Path(sys.argv[1])
	specs = repository / "specs"
	chance = random.Random(20)
	COMMITS = 100
	GOOD = "state: running\naccel: tcg\nmemory: 64MiB\ndisks: {root: {image: guest-mini}, data: {size: 16MiB}}\n"
	vms = {}      # name: {"file", "text", "policy", "broken", "booted", "boots", "live"}
	gone = set()  # of which the disks must stay

	def run(*argv, check=True):
	    return subprocess.run(argv, check=check, capture_output=True, text=True)

	def write(name):
	    vm = vms[name]
	    text = "memory: [\n" if vm["broken"] else (f"name: {name}\n{GOOD}cpus: {vm['cpus']}\n"
	        f"description: {vm['description']}\non-change: {vm['policy']}\n")
	    (specs / vm["file"]).write_text(text)

	def start(name):
	    vm = vms[name]
	    vm.update(boots=vm["boots"] + 1, booted=vm["cpus"])

	def add():
	    free = [n for n in "abcdef" if n not in vms]
	    if not free:
	        return None
	    name = chance.choice(free)
	    vms[name] = {"file": f"{name}.yaml", "policy": "live", "broken": False, "boots": 0, "cpus": 1,
	                 "description": "new"}
	    gone.discard(name)
	    write(name)
	    start(name)
	    return f"add {name}"

	def some(broken=False):
	    names = [n for n, vm in vms.items() if vm["broken"] == broken]
	    return chance.choice(sorted(names)) if names else None

	def change_live():
	    name = some()
	    if not name:
	        return None
	    vms[name]["description"] = f"d{chance.randrange(1000)}"
	    write(name)
	    return f"describe {name}"

	def change_restart():
	    name = some()
	    if not name:
	        return None
	    vms[name]["cpus"] = 3 - vms[name]["cpus"]
	    vms[name]["policy"] = chance.choice(["live", "restart"])
	    write(name)
	    if vms[name]["policy"] == "restart" and vms[name]["booted"] != vms[name]["cpus"]:
	        start(name)
	    return f"change {name}"

	def remove():
	    name = some()
	    if not name or any(vm["broken"] for vm in vms.values()):
	        return None
	    (specs / vms[name]["file"]).unlink()
	    del vms[name]
	    gone.add(name)
	    return f"remove {name}"

	def rename():
	    name = some()
	    if not name:
	        return None
	    (specs / vms[name]["file"]).unlink()
	    vms[name]["file"] = f"{name}-{chance.randrange(1000)}.yaml"
	    write(name)
	    return f"rename {name}"

	def breaks():
	    name = some()
	    if not name:
	        return None
	    if vms[name]["file"] != f"{name}.yaml":
	        return None
	    vms[name]["broken"] = True
	    write(name)
	    return f"break {name}"

	def mend():
	    name = some(True)
	    if not name:
	        return None
	    vms[name]["broken"] = False
	    write(name)
	    return f"mend {name}"

	def verify(what):
	    units = run("systemctl", "list-units", "--all", "--plain", "--no-legend", "vm@*.service").stdout
	    running = {line.split()[0][3:-8] for line in units.splitlines() if line.split()[2] == "active"} - {"first"}
	    assert running == set(vms), f"after {what}: {sorted(running)} run, not {sorted(vms)}"
	    for name, vm in vms.items():
	        boots = int(run("sh", "-c", f"journalctl --quiet -o cat -u vm@{name} --after-cursor=$(cat /tmp/vmlet-test-logs/.cursor)"
	                        " | grep -c '^Started vm@' || true").stdout)
	        assert boots == vm["boots"], f"after {what}: {name} was booted {boots} times, not {vm['boots']}"
	    for name in set(vms) | gone:
	        disk = pathlib.Path(f"/var/lib/vmlet/vm/{name}/data.qcow2")
	        assert disk.exists(), f"after {what}: {name} has lost its disk"

	booted = {}
	done = 0
	while done < COMMITS:
	    step = chance.choices([add, change_live, change_restart, remove, rename, breaks, mend],
	                          [3, 3, 3, 2, 2, 1, 2])[0]
	    before = {name: vm["boots"] for name, vm in vms.items()}
	    what = step()
	    if not what:
	        continue
	    for name in vms:
	        booted[name] = booted.get(name, 0) + vms[name]["boots"] - before.get(name, 0)
	        if name not in before:
	            vms[name]["boots"] = booted[name]
	    done += 1
	    run("git", "-C", str(repository), "add", "--all")
	    run("git", "-C", str(repository), "commit", "--quiet", "--allow-empty", "--message", what)
	    pulled = run("systemctl", "start", "vmlet-pull", check=False)
	    broken = any(vm["broken"] for vm in vms.values())
	    assert (pulled.returncode != 0) == broken, f"after {what}: the pull exited with {pulled.returncode}: {pulled.stderr}"
	    run("journalctl", "--sync")
	    try:
	        verify(what)
	    except AssertionError as problem:
	        sys.exit(f"commit {done}: {problem}")
	print(f"{done} commits")
EOF
