# SPDX-License-Identifier: LGPL-2.1-or-later
# make            the programs, in build/
# make check      all tests             make lint    formatting and static analysis
# make demo       a VM from YAML, under a real systemd
# make bench      measurements          make fuzz    fuzz for FUZZ_SECONDS each
# make install    DESTDIR= PREFIX=      make deps    install missing Debian packages
# V=1 shows the commands, SANITIZE=1 builds with ASan and UBSan.

VERSION := 0.1
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/vmlet
UNITDIR ?= $(PREFIX)/lib/systemd/system
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
GENERATORDIR ?= $(PREFIX)/lib/systemd/system-generators
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
POLKITDIR ?= $(PREFIX)/share/polkit-1
NETWORKDIR ?= $(PREFIX)/lib/systemd/network
NMCONFDIR ?= $(PREFIX)/lib/NetworkManager/conf.d
DOCDIR ?= $(PREFIX)/share/doc/vmlet
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
# The images are data, not part of the installation.
IMAGEDIR := /var/lib/vmlet/images

CC ?= gcc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wold-style-definition -Werror
HARDENING := -fstack-protector-strong -fPIE -fno-plt
CPPFLAGS += -D_GNU_SOURCE -Isrc -DVMLET_VERSION='"$(VERSION)"' \
	-DINSTALL_BIN_DIR='"$(BINDIR)"' -DINSTALL_LIBEXEC_DIR='"$(LIBEXECDIR)"' \
	-DINSTALL_UNIT_DIR='"$(UNITDIR)"' -DINSTALL_DOC_DIR='"$(DOCDIR)"'
LDFLAGS += -pie -Wl,-z,relro,-z,now -Wl,--as-needed

ifdef SANITIZE
BUILD := build/sanitize
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
BUILD := build
CPPFLAGS += -D_FORTIFY_SOURCE=2
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(patsubst $(CURDIR)/%,%,$@))

# --- what is linked into what ------------------------------------------------------------------

objects = $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard $(1)))
BASE := $(call objects,src/base/*.c)
# The schema and the reference are of the keys, not of VMs: only vmlet writes them.
MANUAL := $(call objects,src/emit/schema.c src/emit/reference.c)
PURE := $(filter-out $(MANUAL),$(BASE) $(call objects,src/spec/*.c src/plan/*.c src/emit/*.c))
host = $(foreach name,$(1),$(BUILD)/host/$(name).o)
cmd = $(foreach name,$(1),$(BUILD)/cmd/$(name).o)

vmlet-generator_OBJECTS := $(PURE) $(call host,specdir running watches) $(call cmd,vmlet-generator collect generate accepted resolved-plan)
vmlet-generator_PACKAGES := yaml-0.1

SCALARS := $(call objects,src/spec/scalar.c src/spec/address.c)
NETLINK := $(call host,netlink link address vlan qdisc)
vmlet-network_OBJECTS := $(BASE) $(SCALARS) $(NETLINK) $(call host,tap port filter opened words network network-check network-config \
	network-record sysctl process fdstore start-slot) $(call cmd,vmlet-network)
vmlet-network_PACKAGES := libnl-3.0 libsystemd

IMAGE := $(call objects,$(addprefix src/spec/,image.c key.c kind.c network.c vm.c))
vmlet-download_OBJECTS := $(BASE) $(SCALARS) $(IMAGE) $(call host,download image-file process qcow2) \
	$(call cmd,vmlet-download image-options)
vmlet-download_PACKAGES := libcurl libsystemd

vmlet-image_OBJECTS := $(BASE) $(SCALARS) $(IMAGE) $(call host,image-file image-store process qcow2) \
	$(call cmd,vmlet-image image-options)
vmlet-image_PACKAGES := libsystemd

vmlet-lease_OBJECTS := $(BASE) $(SCALARS) $(call host,filter process) $(call cmd,vmlet-lease)
vmlet-lease_PACKAGES :=

vmlet-machine_OBJECTS := $(BASE) $(SCALARS) $(call host,bus machined) $(call cmd,vmlet-machine)
vmlet-machine_PACKAGES := libsystemd

vmlet-sleep_OBJECTS := $(BASE) $(SCALARS) $(call host,running guest-clock agent qmp qmp-stream unix-socket) $(call cmd,vmlet-sleep)
vmlet-sleep_PACKAGES := jansson

vmlet-run_OBJECTS := $(PURE) $(call host,booted prepare provision journal repair disk qcow2 seed process descriptors \
	supervisor respawn start-slot readiness liveness serial guest-log guest-events guest-notify guest-status \
	qmp-session qmp-stream qmp unix-socket suspend agent agent-question guest-clock) \
	$(call cmd,vmlet-run resolved-plan)
vmlet-run_PACKAGES := yaml-0.1 libsystemd jansson

vmlet-storage_OBJECTS := $(PURE) $(call host,booted prepare provision journal repair disk qcow2 seed process) \
	$(call cmd,vmlet-storage resolved-plan)
vmlet-storage_PACKAGES := yaml-0.1

vmlet-stop_OBJECTS := $(BASE) $(call host,qmp qmp-stream unix-socket agent suspend guest-log enter) $(call cmd,vmlet-stop)
vmlet-stop_PACKAGES := jansson libsystemd

vmlet_OBJECTS := $(PURE) $(MANUAL) $(NETLINK) $(call host,specdir watches usage suspend running guest-clock facts bus qmp qmp-stream unix-socket agent \
		leases terminal disk qcow2 image-users process block block-options \
		hotplug sandbox freeze disk-copy layers repair booted fdstore \
		tap port filter opened words network network-check network-config network-record sysctl) \
	$(call cmd,vmlet accepted resolved-plan addresses collect generate live progress report spec-file table backup-store verb-apply verb-diff verb-history steps apply-report loaded stale quiet live-change live-disk live-machine live-nic verb-backup verb-restore verb-check verb-clone verb-console verb-disk verb-rm \
		verb-explain verb-generate verb-image verb-init verb-list verb-network verb-control verb-log verb-schema verb-show verb-snapshot verb-status verb-stop verb-suspend verb-metrics verb-top target)
vmlet_PACKAGES := yaml-0.1 libsystemd jansson libnl-3.0

PROGRAMS := vmlet vmlet-download vmlet-generator vmlet-image vmlet-lease vmlet-machine vmlet-network vmlet-run vmlet-sleep vmlet-stop vmlet-storage
UNITS := $(patsubst units/%.in,$(BUILD)/units/%,$(wildcard units/*.in))

.PHONY: all
all: $(PROGRAMS:%=$(BUILD)/%) $(UNITS) $(BUILD)/vmlet.yaml.5

define program
$(BUILD)/$(1): $$($(1)_OBJECTS)
	$$(call say,LINK)
	$(Q)$$(CC) $$(CFLAGS) $$(SANITIZERS) $$(LDFLAGS) -o $$@ $$($(1)_OBJECTS) \
		$$(if $$($(1)_PACKAGES),$$(shell $$(PKG_CONFIG) --libs $$($(1)_PACKAGES)))
endef
$(foreach name,$(PROGRAMS),$(eval $(call program,$(name))))

# libnl keeps its headers in a directory of their own.
CPPFLAGS += $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libnl-3.0 2>/dev/null))

$(BUILD)/%.o: src/%.c $(BUILD)/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(CPPFLAGS) $(WARNINGS) $(HARDENING) $(CFLAGS) $(SANITIZERS) \
		-MMD -MP -c -o $@ $<

# Objects are rebuilt when the way to build them changes.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(SANITIZERS)
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(FLAGS))' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/units/%: units/%.in $(BUILD)/flags
	$(call say,UNIT)
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@bindir@|$(BINDIR)|g' -e 's|@libexecdir@|$(LIBEXECDIR)|g' \
		-e 's|@docdir@|$(DOCDIR)|g' $< > $@

-include $(wildcard $(BUILD)/*/*.d)

# The keys in the manual are those of the program.
$(BUILD)/vmlet.yaml.5: man/vmlet.yaml.5.in $(BUILD)/vmlet
	$(call say,MAN)
	$(Q)$(BUILD)/vmlet explain --mdoc | sed -e '/^@keys@$$/{r /dev/stdin' -e 'd}' $< > $@

# --- installation ------------------------------------------------------------------------------

.PHONY: install uninstall
install: all
	install -D -m 0755 -t $(DESTDIR)$(BINDIR) $(BUILD)/vmlet
	install -D -m 0755 -t $(DESTDIR)$(LIBEXECDIR) $(BUILD)/vmlet-download $(BUILD)/vmlet-image \
		$(BUILD)/vmlet-lease $(BUILD)/vmlet-machine $(BUILD)/vmlet-network $(BUILD)/vmlet-run \
		$(BUILD)/vmlet-sleep $(BUILD)/vmlet-stop $(BUILD)/vmlet-storage
	install -D -m 0755 -t $(DESTDIR)$(GENERATORDIR) $(BUILD)/vmlet-generator
	install -D -m 0644 -t $(DESTDIR)$(UNITDIR) $(UNITS)
	install -d $(DESTDIR)$(UNITDIR)/sleep.target.wants
	ln -sfn ../vmlet-sleep.service $(DESTDIR)$(UNITDIR)/sleep.target.wants/vmlet-sleep.service
	install -D -m 0644 units/tmpfiles.conf $(DESTDIR)$(TMPFILESDIR)/vmlet.conf
	install -D -m 0644 access/sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/vmlet.conf
	install -D -m 0644 -t $(DESTDIR)$(POLKITDIR)/rules.d access/50-vmlet.rules
	install -d $(DESTDIR)$(POLKITDIR)/actions
	sed 's|@bindir@|$(BINDIR)|' access/org.vmlet.policy > $(DESTDIR)$(POLKITDIR)/actions/org.vmlet.policy
	chmod 0644 $(DESTDIR)$(POLKITDIR)/actions/org.vmlet.policy
	install -D -m 0644 units/vmlet.catalog $(DESTDIR)$(CATALOGDIR)/vmlet.catalog
	install -D -m 0644 units/vmlet.network $(DESTDIR)$(NETWORKDIR)/10-vmlet.network
	install -D -m 0644 units/vmlet.link $(DESTDIR)$(NETWORKDIR)/10-vmlet.link
	install -D -m 0644 units/networkmanager.conf $(DESTDIR)$(NMCONFDIR)/10-vmlet.conf
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR)/examples examples/*.yaml
	cp -R --no-preserve=ownership examples/ansible examples/cloud-init examples/gitops $(DESTDIR)$(DOCDIR)/examples
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR) README.md docs/*.md
	install -D -m 0644 -t $(DESTDIR)$(DOCDIR)/schema schema/vmlet.schema.json
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man1 man/vmlet.1
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man5 $(BUILD)/vmlet.yaml.5
	install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man8 man/vmlet-generator.8
	install -D -m 0644 -t $(DESTDIR)$(BASHCOMPDIR) completions/vmlet
	install -d -m 0755 $(DESTDIR)$(IMAGEDIR) $(DESTDIR)/etc/vmlet

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/vmlet $(DESTDIR)$(GENERATORDIR)/vmlet-generator \
		$(foreach unit,$(notdir $(UNITS)),$(DESTDIR)$(UNITDIR)/$(unit)) \
		$(DESTDIR)$(UNITDIR)/sleep.target.wants/vmlet-sleep.service \
		$(DESTDIR)$(SYSUSERSDIR)/vmlet.conf $(DESTDIR)$(POLKITDIR)/rules.d/50-vmlet.rules \
		$(DESTDIR)$(POLKITDIR)/actions/org.vmlet.policy \
		$(DESTDIR)$(TMPFILESDIR)/vmlet.conf $(DESTDIR)$(CATALOGDIR)/vmlet.catalog \
		$(DESTDIR)$(NETWORKDIR)/10-vmlet.network \
		$(DESTDIR)$(NETWORKDIR)/10-vmlet.link $(DESTDIR)$(NMCONFDIR)/10-vmlet.conf \
		$(DESTDIR)$(MANDIR)/man1/vmlet.1 \
		$(DESTDIR)$(MANDIR)/man5/vmlet.yaml.5 $(DESTDIR)$(MANDIR)/man8/vmlet-generator.8 \
		$(DESTDIR)$(BASHCOMPDIR)/vmlet
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DOCDIR)

.PHONY: clean
clean:
	rm -rf build

include tests/tests.mk
