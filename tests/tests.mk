# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests, benchmarks and static analysis. 'check' and 'demo' are the first commands on a fresh machine:
# they install what is missing and only then look at anything else, by calling make again.

.PHONY: deps check check-all check-unit check-layers check-golden check-schema check-manual check-fuzz
.PHONY: check-system golden-update reference-update
.PHONY: fuzz bench lint demo stage

deps:
	$(Q)tests/install-packages

check: deps
	$(Q)$(MAKE) --no-print-directory check-all

SUITE := $(MAKE) --no-print-directory
check-all:
	$(Q)tests/check \
		"unit=$(SUITE) check-unit" \
		"unit with sanitizers=$(SUITE) check-unit SANITIZE=1" \
		"layers=$(SUITE) check-layers" \
		"golden=$(SUITE) check-golden" \
		"schema=$(SUITE) check-schema" \
		"manual=$(SUITE) check-manual" \
		"fuzz=$(SUITE) check-fuzz FUZZ_SECONDS=60" \
		"system=$(SUITE) check-system"

# --- the installation that goldens, system tests, benchmarks and the demo use --------------------

STAGE := $(CURDIR)/build/stage
stage:
	$(Q)$(MAKE) --no-print-directory install BUILD=build/usr PREFIX=/usr DESTDIR=$(STAGE) >/dev/null

# --- unit tests --------------------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test-*.c))
ifdef SANITIZE
# It interposes malloc(), as ASan does.
UNIT_TESTS := $(filter-out %/test-memory,$(UNIT_TESTS))
endif
UNIT_OBJECTS := $(PURE) $(call host,specdir qmp-stream qcow2 qmp-session serial guest-notify unix-socket)

# It includes the source of the arena.
$(BUILD)/unit/test-memory: private OWN_OBJECTS := $(BUILD)/base/arena.o
$(BUILD)/unit/%: tests/unit/%.c $(UNIT_OBJECTS)
	$(call say,TEST)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(CPPFLAGS) $(WARNINGS) -Wno-missing-prototypes $(CFLAGS) $(SANITIZERS) \
		-MMD -MP -o $@ $< $(filter-out $(OWN_OBJECTS),$(UNIT_OBJECTS)) $$($(PKG_CONFIG) --libs cmocka yaml-0.1 jansson libsystemd)

check-unit: $(UNIT_TESTS)
	$(Q)tests/unit/run $^

check-layers: stage
	$(Q)tests/layers $(STAGE)

# --- golden files ------------------------------------------------------------------------------

check-golden: stage
	$(Q)tests/golden/run $(STAGE)

golden-update: stage
	$(Q)tests/golden/run --update $(STAGE)

# --- what is made of the key tables --------------------------------------------------------------

check-schema: stage
	$(Q)tests/schema/run $(STAGE)

check-manual: stage
	$(Q)tests/manual/run $(STAGE)

# The schema and the tables of the reference, for a person to read in the diff.
reference-update: stage
	$(Q)$(STAGE)/usr/bin/vmlet schema > schema/vmlet.schema.json
	$(Q)tests/manual/run --update $(STAGE)

# --- fuzzing -----------------------------------------------------------------------------------

FUZZ_SECONDS ?= 60
FUZZ_FLAGS := -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZERS := spec qmp
fuzz_spec_SOURCES := $(filter-out src/emit/schema.c src/emit/reference.c, \
	$(wildcard src/base/*.c src/spec/*.c src/plan/*.c src/emit/*.c))
fuzz_qmp_SOURCES := src/base/buf.c src/host/qmp-stream.c

build/fuzz/%: tests/fuzz/fuzz-%.c $(wildcard src/*/*.[ch])
	$(call say,FUZZ)
	$(Q)mkdir -p $(@D)
	$(Q)clang -std=gnu17 -D_GNU_SOURCE -Isrc $(FUZZ_FLAGS) -o $@ $< $(fuzz_$*_SOURCES) \
		$$($(PKG_CONFIG) --libs yaml-0.1 jansson)

build/fuzz/spec.dict: tests/fuzz/dictionary stage
	$(Q)mkdir -p $(@D)
	$(Q)tests/fuzz/dictionary $(STAGE) > $@

check-fuzz fuzz: $(FUZZERS:%=build/fuzz/%) build/fuzz/spec.dict
	$(Q)tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS:%=build/fuzz/%)

# --- system tests, demo, benchmarks ------------------------------------------------------------

check-system: stage
	$(Q)tests/system/run --stage $(STAGE)

demo: deps
	$(Q)$(MAKE) --no-print-directory stage
	$(Q)tools/demo $(STAGE)

build/bench/plain-loop: tests/bench/plain-loop.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -o $@ $< $$($(PKG_CONFIG) --libs yaml-0.1)

bench: deps
	$(Q)tests/install-packages netplan.io
	$(Q)$(MAKE) --no-print-directory --quiet stage build/bench/plain-loop
	$(Q)tests/bench/generator $(STAGE)/usr/lib/systemd/system-generators/vmlet-generator \
		build/bench/plain-loop /usr/libexec/netplan/generate
	$(Q)tests/bench/in-container $(STAGE) tests/bench/start 15
	$(Q)tests/bench/in-container $(STAGE) tests/bench/taps 200
	$(Q)tests/bench/in-container $(STAGE) tests/bench/storage 15
	$(Q)tests/bench/in-container $(STAGE) tests/bench/apply 15
	$(Q)tests/bench/in-container --libvirt $(STAGE) tests/bench/libvirt 15

# --- static analysis ---------------------------------------------------------------------------

C_FILES := $(wildcard src/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c tests/bench/*.c)
SHELL_FILES := tests/check tests/install-packages tests/unit/run tests/fuzz/run \
	tests/bench/in-container tools/demo completions/vmlet .ci/run tests/system/run tests/system/host \
	tests/system/lib.sh $(wildcard tests/system/test-*.sh)
lint: deps
	$(Q)echo '  clang-format' && clang-format --dry-run -Werror $(C_FILES)
	$(Q)echo '  cppcheck' && cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 \
		--enable=warning,style,performance,portability \
		--suppressions-list=tests/cppcheck-suppressions -Isrc -D_GNU_SOURCE \
		'-Djson_array_foreach(a, i, v)=while (i = 1, (v = json_array_get(a, i)))' src
	$(Q)echo '  clang-tidy' && clang-tidy --quiet $(wildcard src/*/*.c) -- -std=gnu17 -Isrc \
		-D_GNU_SOURCE $$($(PKG_CONFIG) --cflags libnl-3.0 libnl-route-3.0) 2>/dev/null
	$(Q)echo '  shellcheck' && cd tests/system && shellcheck $(addprefix ../../,$(SHELL_FILES))
