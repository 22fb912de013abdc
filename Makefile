# eke: the AI backend for editors whose model access is counted.
#
#   make            build/eke
#   make debug      build/debug/eke: sanitizers, warnings are errors; what the tests run
#   make demo       see it work: no key, no network
#   make test       everything that must pass
#   make help       the other targets
#
# make demo and make test install missing packages themselves (Debian, Ubuntu) or say what to install.

VERSION = 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
# Seconds for each fuzz target of "make fuzz", and for "make torture".
T ?= 60

CC ?= cc
CFLAGS ?= -O2 -g
PKGS = sqlite3 libcurl libcjson libcrypto
PKG_CONFIG ?= pkg-config

# Found once, when something is compiled. libev has no .pc file on Debian. hiredis is for ledger.redis alone and
# libeditorconfig for .editorconfig: without one eke is built without that (HIREDIS= does so where it is there).
HIREDIS := $(shell $(PKG_CONFIG) --exists hiredis 2>/dev/null && echo hiredis)
EDITORCONFIG := $(shell $(PKG_CONFIG) --exists editorconfig 2>/dev/null && echo editorconfig)
# libmicrohttpd is for `eke gateway` alone; MICROHTTPD= builds without it.
MICROHTTPD := $(shell $(PKG_CONFIG) --exists 'libmicrohttpd >= 0.9.75' 2>/dev/null && echo libmicrohttpd)
OPTIONAL = $(HIREDIS) $(EDITORCONFIG) $(MICROHTTPD)
DEP_CFLAGS = $(eval DEP_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(PKGS) $(OPTIONAL); $(PKG_CONFIG) --cflags libev 2>/dev/null) \
	$(if $(HIREDIS),-DHAVE_HIREDIS) $(if $(EDITORCONFIG),-DHAVE_EDITORCONFIG) $(if $(MICROHTTPD),-DHAVE_MICROHTTPD))$(DEP_CFLAGS)
# The loader looks each name up in one library after the other, in this order, and most names are of these three: what
# comes before them costs at every start (7 % of its instructions).
DEP_LIBS = $(eval DEP_LIBS := $$(shell $(PKG_CONFIG) --libs libcrypto) -lc \
	$$(shell $(PKG_CONFIG) --libs $(PKGS) $(OPTIONAL)) -lev -lm)$(DEP_LIBS)

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
STD = -std=c11 -D_GNU_SOURCE -DEKE_VERSION='"$(VERSION)"' -Iinclude
HARDEN = -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2
HARDEN_LD = -pie
DARWIN = $(if $(filter Darwin,$(shell uname -s)),yes)
STD += $(if $(DARWIN),-D_DARWIN_C_SOURCE -include include/eke/base/darwin.h)
# macOS's linker knows none of these, nor is GnuTLS in its libcurl.
ifneq ($(DARWIN),yes)
HARDEN_LD += -Wl,-z,relro,-z,now,-z,noexecstack
# What libraries call in the program: see src/upstream/gnutls.c.
EXPORT_LD = -Wl,--export-dynamic-symbol=_gnutls_global_init_skip -Wl,--export-dynamic-symbol=gnutls_global_init
endif
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Without libmicrohttpd the gateway is what decodes and converts alone.
NO_GATEWAY = $(if $(MICROHTTPD),,$(filter-out $(patsubst %,src/gateway/%.c,gateway ask body convert gather openai_error spread), \
	$(wildcard src/gateway/*.c)))
SRC = $(filter-out $(NO_GATEWAY),$(sort $(wildcard src/*.c src/*/*.c)))
# Everything but main(): what unit tests, fuzz targets and benchmarks link.
LIB_SRC = $(filter-out src/main.c,$(SRC))
UNIT = $(sort $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c)))
FUZZ = $(sort $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
BENCH = $(sort $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/bench_*.c)))
# The trace player: the program's own engine over simulated time and a simulated network.
TRACE_SRC = $(filter-out src/io/loop.c src/upstream/call.c,$(LIB_SRC)) \
	$(sort $(wildcard tests/bench/trace_*.c tests/bench/sim_*.c)) tests/bench/virtual_loop.c

# What the measure of context is made of.
CONTEXT_BENCH_SRC = $(sort $(wildcard tests/bench/context_*.c))

# What the measures of post-processing share.
POST_BENCH_SRC = $(sort $(wildcard tests/bench/cuts_*.c tests/bench/post_*.c))

# Recipes are quiet unless V=1.
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

.PHONY: all debug test unit e2e demo install uninstall check-source check fuzz bench test-llama test-editors \
	torture faults coverage coverage-run analyze format-check compile-commands jetbrains test-jetbrains test-jetbrains-platform \
	vsix test-vscode protocol portable test-portable test-gateway-select clean help
.SECONDARY:
# The empty recipes keep make from saying that there is nothing to do.
all: $(BUILD)/eke
	@:

help:
	@echo 'make                  build/eke'
	@echo 'make debug            build/debug/eke, with sanitizers'
	@echo 'make demo             the real server against a loopback upstream, in your terminal'
	@echo 'make test             units, fuzz corpora, end to end, source checks'
	@echo 'make unit, make e2e   parts of it'
	@echo 'make test-llama       end to end against a real llama.cpp server'
	@echo 'make test-editors     the adapters in Vim, Neovim, Emacs, Kakoune and Helix, as far as these can be had'
	@echo 'make jetbrains        the JetBrains plugin, build/jetbrains/eke-jetbrains-$(VERSION).zip'
	@echo 'make test-jetbrains   its tests'
	@echo "make test-jetbrains-platform  the same in the platform's own editor, compiled from source"
	@echo 'make portable         build/portable/eke, static, for any Linux on x86-64; minutes the first time (Debian, Ubuntu)'
	@echo 'make test-portable    all end-to-end tests with it'
	@echo 'make test-gateway-select  those of the gateway, built as for a system without epoll'
	@echo 'make vsix             the VS Code extension, build/vscode/eke.vsix; with the program of make portable if that is there'
	@echo 'make test-vscode      it in the real workbench (code-server, Chromium), as far as this can be had'
	@echo 'make check-source     layering, headers, banned functions, style'
	@echo 'make torture T=seconds  kills processes that share a ledger and chats, at random; nothing may be lost'
	@echo 'make faults           fails each call of file system and network once, at each place; PART=1/8: an eighth of it'
	@echo 'make fuzz T=seconds   each fuzz target for that long (clang)'
	@echo 'make bench            speed, memory, and whether right answers are left alone; ANSWERS= adds recorded ones'
	@echo 'make protocol         remake what is generated from protocol/*.json'
	@echo 'make coverage         lines of src/ that the unit tests and fuzz corpora run: build/coverage-report/index.html'
	@echo 'make analyze          clang-tidy, cppcheck and gcc -fanalyzer on src/'
	@echo 'make format-check     clang-format on the lines that differ from BASE=main'
	@echo 'make compile-commands build/compile_commands.json, for clangd and other tools'
	@echo 'make install PREFIX=/usr/local [DESTDIR=]'
	@echo 'make uninstall, make clean; V=1 shows commands'

# --- objects: one rule per flavour ---------------------------------------------------------------------------------

# $(1) directory under $(BUILD), $(2) compiler, $(3) compile flags
define flavour
$(BUILD)/$(1)/%.o: %.c $(BUILD)/deps-ok
	$(call say,cc,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) $(STD) $(WARN) $(3) $$(UNIT_CFLAGS) $$(DEP_CFLAGS) -MMD -MP -c -o $$@ $$<
endef

RELEASE_FLAGS = $(HARDEN) $(CFLAGS)
DEBUG_FLAGS = -O1 -g -Werror $(SANITIZE)
FUZZ_FLAGS = -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
FUZZ_CC ?= clang

# cmocka 2 deprecates macros for which cmocka 1 has no others.
$(BUILD)/debug/obj/tests/unit/%.o: UNIT_CFLAGS = -Wno-deprecated-declarations

$(eval $(call flavour,release,$(CC),$(RELEASE_FLAGS)))
$(eval $(call flavour,debug/obj,$(CC),$(DEBUG_FLAGS)))
$(eval $(call flavour,fuzz/obj,$(FUZZ_CC),$(FUZZ_FLAGS)))

SCHEMA_C = $(BUILD)/gen/config_schema.c
SCRIPT_C = $(BUILD)/gen/redis_script.c

# The objects that differ with and without a library are made anew when that changes.
# $(1) library, $(2) empty: it is not there, $(3) sources without .c
define optional
$(BUILD)/$(1)-$(if $(2),is-there,is-not):
	@mkdir -p $$(@D)
	@rm -f $(BUILD)/$(1)-is-* && touch $$@
$(foreach flavour,release debug/obj fuzz/obj,$(3:%=$(BUILD)/$(flavour)/%.o)): $(BUILD)/$(1)-$(if $(2),is-there,is-not)
endef
$(eval $(call optional,hiredis,$(HIREDIS),src/budget/redis src/budget/redis_reply src/budget/redis_none))
$(eval $(call optional,microhttpd,$(MICROHTTPD),src/gateway/gateway))
$(eval $(call optional,editorconfig,$(EDITORCONFIG),src/text/editorconfig))

objects = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2)) $(patsubst %.c,$(BUILD)/$(1)/%.o,$(SCHEMA_C) $(SCRIPT_C))

# $(1) header, $(2) name of the array, $(3) files that are part of the program, one behind the other.
define embed
	$(call say,gen,$@)
	$(Q)mkdir -p $(@D)
	$(Q){ echo '#include "$(1)"'; \
		echo 'const unsigned char $(2)[] = {'; \
		cat $(3) | od -An -v -tu1 | sed 's/  */ /g; s/ \([0-9]\)/ \1/g; s/\([0-9]\) /\1, /g; s/$$/,/'; \
		echo '0 };'; } > $@.tmp && mv $@.tmp $@
endef

# The configuration's schema: "eke config --schema".
$(SCHEMA_C): protocol/config.schema.json Makefile
	$(call embed,eke/config/schema.h,config_schema,$<)

# What the shared ledger does in Redis.
$(SCRIPT_C): src/budget/redis_ledger.lua src/budget/redis_script.lua Makefile
	$(call embed,eke/budget/redis_script.h,redis_script,$(filter %.lua,$^))

# Says what to install when a library is missing, before the compiler does in its own words.
$(BUILD)/deps-ok: .ci/deps
	@mkdir -p $(@D)
	@.ci/deps --check build
	@touch $@

$(BUILD)/eke: $(call objects,release,$(SRC))
	$(call say,ld,$@)
	$(Q)$(CC) $(HARDEN_LD) $(EXPORT_LD) $(LDFLAGS) -o $@ $^ $(DEP_LIBS)

# The same sources, linked with libraries of our own making: see .ci/portable. ccache stays where it was.
portable:
	@.ci/deps portable
	@.ci/portable
	@$(MAKE) --no-print-directory BUILD=build/portable CC='$(if $(filter ccache,$(CC)),ccache )$(CURDIR)/build/portable/cc' \
		PKG_CONFIG='$(CURDIR)/build/portable/pkg-config' CFLAGS='-Os -ffunction-sections -fdata-sections' \
		HARDEN=-fstack-protector-strong HARDEN_LD='-static -s -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack' EXPORT_LD= \
		build/portable/eke

# Each end-to-end test, by the program that goes into the .vsix.
test-portable: portable
	@.ci/deps test
	@$(MAKE) --no-print-directory all $(SHIM) tests/e2e/node_modules/.ready
	@EKE_BIN=$(CURDIR)/build/portable/eke node tests/e2e/run.mjs build/portable/e2e.tap tests/e2e/*.test.mjs

# Each test of the gateway, built as where libmicrohttpd has no epoll.
SELECT_EKE = $(BUILD)/select/debug/eke
test-gateway-select: tests/e2e/node_modules/.ready
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/select SANITIZE='$(SANITIZE) -DGATEWAY_WITHOUT_EPOLL' $(SELECT_EKE)
	@EKE_BIN=$(CURDIR)/$(SELECT_EKE) node tests/e2e/run.mjs $(BUILD)/select/e2e.tap tests/e2e/gateway*.test.mjs

debug: $(BUILD)/debug/eke
	@:
$(BUILD)/debug/eke: $(call objects,debug/obj,$(SRC))
	$(call say,ld,$@)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(DEP_LIBS)

# --- tests ----------------------------------------------------------------------------------------------------------

$(BUILD)/debug/libeke.a: $(call objects,debug/obj,$(LIB_SRC))
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/debug/obj/tests/unit/%.o $(BUILD)/debug/libeke.a
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(DEP_LIBS) -lcmocka

# The programs are named, since a pattern would lose to the one above where objects are there from before.
unit_bins = $(patsubst %,$(BUILD)/unit/%,$(filter $(1),$(UNIT)))

# Those of the trace player have its loop and its calls instead of the program's.
$(call unit_bins,test_trace_%): $(BUILD)/unit/%: $(BUILD)/debug/obj/tests/unit/%.o $(call objects,debug/obj,$(TRACE_SRC))
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(DEP_LIBS) -lcmocka

# Those of what judges post-processing in benchmarks.
$(call unit_bins,test_bench_%): $(BUILD)/unit/%: $(BUILD)/debug/obj/tests/unit/%.o \
		$(POST_BENCH_SRC:%.c=$(BUILD)/debug/obj/%.o) $(BUILD)/debug/libeke.a
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(DEP_LIBS) -lcmocka

# Each fuzz target also as a plain program that runs its corpus.
$(BUILD)/replay/%: $(BUILD)/debug/obj/tests/fuzz/%.o $(BUILD)/debug/obj/tests/fuzz/replay.o $(BUILD)/debug/libeke.a
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(DEP_LIBS)

SHIM = $(if $(filter Linux,$(shell uname -s)),$(BUILD)/faults/shim.so)
UNIT_BINS = $(UNIT:%=$(BUILD)/unit/%)
REPLAY_BINS = $(FUZZ:%=$(BUILD)/replay/%)
BENCH_BINS = $(BENCH:%=$(BUILD)/bench/%) $(BUILD)/bench/plain_relay

test:
	@.ci/deps test
	@$(MAKE) --no-print-directory all debug check-source
	@$(MAKE) --no-print-directory $(UNIT_BINS) $(REPLAY_BINS) $(BENCH_BINS) $(SHIM) tests/e2e/node_modules/.ready
	@tests/editors/setup vim-9.0
	@tests/editors/plugins ale vim-snipmate vim-tlib vim-addon-mw-utils
	@editors/jetbrains/build --try $(VERSION)
	@editors/vscode/build --try $(if $(wildcard build/vscode/code-server),--pack)
	@[ ! -x build/vscode/code-server ] || $(MAKE) --no-print-directory tests/vscode/node_modules/.ready
	@tests/run unit replay e2e editors jetbrains vscode workbench

unit: $(UNIT_BINS) $(REPLAY_BINS)
	@tests/run unit replay

e2e: $(BUILD)/debug/eke $(BUILD)/eke $(SHIM) tests/e2e/node_modules/.ready
	@tests/run e2e

%/node_modules/.ready: %/package-lock.json
	$(call say,npm,$*)
	$(Q)cd $* && npm ci --no-audit --no-fund --loglevel=error || { \
		echo "eke: npm could not install the packages of $*/package-lock.json; npm's words are above." >&2; \
		echo "eke: it asked $$(npm config get registry); npm_config_registry=URL in the environment names another." >&2; \
		exit 1; }
	$(Q)touch $@

test-llama:
	@.ci/deps test
	@$(MAKE) --no-print-directory debug tests/e2e/node_modules/.ready
	@tests/llama/setup
	@node --test tests/llama/llama.test.mjs

test-editors:
	@.ci/deps test
	@$(MAKE) --no-print-directory all
	@tests/editors/setup
	@tests/editors/plugins
	@node --test --test-reporter=spec tests/editors/*.test.mjs

jetbrains:
	@editors/jetbrains/build $(VERSION)

test-jetbrains: jetbrains tests/e2e/node_modules/.ready
	@$(MAKE) --no-print-directory all
	@node --test --test-reporter=spec tests/jetbrains/*.test.mjs

# In the platform's own editor, compiled from source: minutes the first time, and packages that tests/jetbrains/platform.mjs names.
test-jetbrains-platform: jetbrains tests/e2e/node_modules/.ready
	@$(MAKE) --no-print-directory all
	@node tests/jetbrains/platform.mjs
	@node --test --test-reporter=spec --test-concurrency=1 tests/jetbrains/boot.mjs tests/jetbrains/ide.mjs

vsix:
	@editors/vscode/build --pack

test-vscode:
	@.ci/deps test
	@$(MAKE) --no-print-directory all vsix tests/vscode/node_modules/.ready
	@tests/vscode/setup
	@node --test --test-reporter=spec --test-concurrency=1 tests/vscode/*.test.mjs

check-source:
	@tests/tools/check-source

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(call objects,fuzz/obj,$(LIB_SRC))
	$(call say,ld,$@)
	$(Q)$(FUZZ_CC) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(DEP_LIBS)

# The release: it starts faster, so that more is killed in the middle of something. SEED= repeats the choices of a run.
torture: $(BUILD)/eke $(BUILD)/unit/test_remote_random tests/e2e/node_modules/.ready
	@EKE_BIN=$(CURDIR)/$(BUILD)/eke node tests/torture/torture.mjs $(T) $(SEED)
	@EKE_RANDOM_ROUNDS=$(T) $(if $(SEED),EKE_RANDOM_SEED=$(SEED)) $(BUILD)/unit/test_remote_random

# Fails calls of the C library; for the release, as the sanitizers' library wants to be loaded first.
$(BUILD)/faults/shim.so: tests/faults/shim.c
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -Wno-pedantic -O1 -g -shared -fPIC -o $@ $< -ldl

faults: $(BUILD)/eke $(BUILD)/faults/shim.so tests/e2e/node_modules/.ready
	@node tests/faults/faults.mjs $(PART)

fuzz:
	@.ci/deps fuzz
	@$(MAKE) --no-print-directory $(FUZZ:%=$(BUILD)/fuzz/%)
	@tests/tools/fuzz $(T) $(FUZZ)

# --- benchmarks -----------------------------------------------------------------------------------------------------

$(BUILD)/bench/%: $(BUILD)/release/tests/bench/%.o $(call objects,release,$(LIB_SRC))
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) -o $@ $^ $(DEP_LIBS)

# A baseline: no library, and none of our objects.
$(BUILD)/bench/plain_relay: tests/bench/plain_relay.c
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O2 -o $@ $<

# In simulated time: no machine makes its figures better or worse.
$(BUILD)/bench/bench_trace: $(BUILD)/release/tests/bench/bench_trace.o $(call objects,release,$(TRACE_SRC))
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) -o $@ $^ $(DEP_LIBS)

$(BUILD)/bench/bench_cuts $(BUILD)/bench/bench_answers: $(BUILD)/bench/%: $(BUILD)/release/tests/bench/%.o \
		$(call objects,release,$(POST_BENCH_SRC) $(LIB_SRC))
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) -o $@ $^ $(DEP_LIBS)

$(BUILD)/bench/bench_context: $(BUILD)/release/tests/bench/bench_context.o $(call objects,release,$(CONTEXT_BENCH_SRC) $(LIB_SRC))
	$(call say,ld,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HARDEN_LD) -o $@ $^ $(DEP_LIBS)

bench:
	@.ci/deps bench
	@$(MAKE) --no-print-directory all $(BENCH_BINS)
	@tests/bench/corpus
	@tests/bench/run $(ANSWERS:%=--answers %)

# --- for those who change it ----------------------------------------------------------------------------------------

# JSON in a shell's single quotes: a quote in a flag needs its backslash.
COMMAND_FLAGS = $(subst ",\",$(STD) $(WARN) $(DEP_CFLAGS))
$(BUILD)/compile_commands.json: Makefile $(BUILD)/deps-ok $(SRC)
	$(call say,gen,$@)
	$(Q){ separator='['; for file in $(SRC) $(wildcard tests/*/*.c); do \
		printf '%s\n{ "directory": "%s", "file": "%s", "command": "cc %s -c %s" }' "$$separator" '$(CURDIR)' \
			"$$file" '$(subst ','\'',$(COMMAND_FLAGS))' "$$file"; \
		separator=,; done; printf '\n]\n'; } > $@.tmp && mv $@.tmp $@

compile-commands: $(BUILD)/compile_commands.json
	@:

analyze:
	@.ci/deps analyze
	@$(MAKE) --no-print-directory compile-commands $(SCHEMA_C) $(SCRIPT_C)
	@tests/tools/analyze

# What the tree had before this check is as its authors left it.
BASE ?= main
format-check:
	@.ci/deps format
	@tests/tools/format-check $(BASE)

# A build of its own, as objects with and without counters do not mix.
COVERAGE = $(BUILD)/coverage-build
coverage:
	@.ci/deps coverage
	@$(MAKE) --no-print-directory BUILD=$(COVERAGE) SANITIZE=--coverage coverage-run
coverage-run: $(UNIT_BINS) $(REPLAY_BINS)
	@tests/tools/coverage $(BUILD)

# --- demo, install --------------------------------------------------------------------------------------------------

demo:
	@.ci/deps demo
	@$(MAKE) --no-print-directory all
	@node tests/demo/demo.mjs

protocol:
	@node protocol/generate.mjs

BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man/man1
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
UNITDIR = $(DESTDIR)$(PREFIX)/lib/systemd/user
AGENTDIR = $(DESTDIR)$(PREFIX)/share/eke

install: all
	install -d $(BINDIR) $(MANDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR)
	install -m 755 -s $(BUILD)/eke $(BINDIR)/eke
	install -m 644 src/front/man/eke.1 $(MANDIR)/eke.1
	install -m 644 src/front/completions/eke.bash $(BASHDIR)/eke
	install -m 644 src/front/completions/_eke $(ZSHDIR)/_eke
	install -m 644 src/front/completions/eke.fish $(FISHDIR)/eke.fish
	install -d $(UNITDIR) $(AGENTDIR)
	sed 's|@BINDIR@|$(PREFIX)/bin|' src/gateway/service/eke-gateway.service > $(UNITDIR)/eke-gateway.service
	install -m 644 src/gateway/service/eke-gateway.socket $(UNITDIR)/eke-gateway.socket
	sed 's|@BINDIR@|$(PREFIX)/bin|' src/gateway/service/eke.gateway.plist > $(AGENTDIR)/eke.gateway.plist
	chmod 644 $(UNITDIR)/eke-gateway.service $(AGENTDIR)/eke.gateway.plist

uninstall:
	rm -f $(BINDIR)/eke $(MANDIR)/eke.1 $(BASHDIR)/eke $(ZSHDIR)/_eke $(FISHDIR)/eke.fish \
		$(UNITDIR)/eke-gateway.service $(UNITDIR)/eke-gateway.socket $(AGENTDIR)/eke.gateway.plist

clean:
	rm -rf $(BUILD)

-include $(wildcard $(addprefix $(BUILD)/,$(foreach flavour,release debug/obj fuzz/obj,$(addprefix $(flavour)/,src/*.d src/*/*.d tests/*/*.d $(BUILD)/gen/*.d))))
