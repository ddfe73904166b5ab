# xenroll - one Makefile, no recursion. `make help` lists the targets.
#
# CFLAGS, LDFLAGS and CC are the user's; what the code needs stands in REQUIRED_*.

VERSION   := 0.1.0
B         ?= build
PREFIX    ?= /usr/local
LOCALEDIR ?= $(PREFIX)/share/locale
MANDIR    ?= $(PREFIX)/share/man
UNITDIR   ?= $(PREFIX)/lib/systemd/system
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS    ?= -O2 -g
LDFLAGS   ?= -Wl,-z,relro,-z,now
ISO       ?= $(B)/base.iso
BASES     := $(patsubst %,$(B)/base-%.iso,$(filter-out xcp-ng-8.3,$(shell tests/medium/build-base --list)))
FUZZ_SECONDS ?= 60
JOBS         ?= 2

# Debian packages, by what needs them. The rings of tests say in tests/*/packages what they need.
BUILD_PACKAGES := gcc libc6-dev pkg-config gettext scdoc libfyaml-dev libxml2-dev libarchive-dev libjansson-dev libssl-dev libcrypt-dev zlib1g-dev \
                  libmicrohttpd-dev libsqlite3-dev libpq-dev libqrencode-dev libseccomp-dev libcurl4-openssl-dev
AGENT_PACKAGES := musl-tools binutils dpkg-dev patch xz-utils
RUN_PACKAGES   := xorriso mtools isolinux tzdata dnsmasq-base pxelinux syslinux-common grub-common grub-efi-amd64-bin
# npm comes with some builds of node, and apart from others.
NPM            := $(if $(shell command -v npm),,npm)
CHECK_PACKAGES  = shellcheck valgrind clang libclang-rt-14-dev libxml2-utils $(foreach ring,$(RINGS),$(shell cat tests/$(ring)/packages 2>/dev/null))
BASE_PACKAGES  := $(shell cat tests/medium/packages)
BOOT_PACKAGES  := $(shell cat tests/boot/packages tests/netboot/packages tests/firstboot/packages)

# Asked for when a recipe runs, not when the Makefile is read: on a fresh system pkg-config comes with the packages.
LIBS       = libfyaml libxml-2.0 libarchive jansson libssl libcrypto zlib libmicrohttpd sqlite3 libpq libqrencode libseccomp libcurl
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBS))
LIB_LIBS   = $(shell pkg-config --libs $(LIBS)) -lcrypt -lpthread

REQUIRED_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -DVERSION='"$(VERSION)"' -DLOCALEDIR='"$(LOCALEDIR)"' \
                  -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wmissing-prototypes -Wwrite-strings -fstack-protector-strong \
                  -fno-strict-aliasing $(if $(CI),-Werror) $(LIB_CFLAGS)

FOLDERS  := base answerfiles isobuilder pxe postinstall rollcall
OBJECTS  := $(patsubst %.c,$(B)/%.o,$(wildcard $(FOLDERS:%=%/*.c)))
CMD_OBJS := $(patsubst %.c,$(B)/%.o,$(wildcard cmd/*.c))
UNITS    := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*.c))
TOOLS    := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c))
FAKE_TOOLS := $(filter $(B)/tests/tools/fake_%,$(TOOLS))
FAKE_OBJS  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/xapi/*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
EMBEDDED := $(wildcard $(FOLDERS:%=%/*.rng) $(FOLDERS:%=%/*.sh) rollcall/page.* rollcall/page-*.js rollcall/sheet.css)
PAGES    := xenroll.1 $(subst _,-,$(patsubst cmd/%.c,xenroll-%.1,$(wildcard $(foreach c,$(shell sed -n 's/^COMMAND(\(.*\))/\1/p' cmd/commands.def),cmd/$c.c)))) \
            xenroll-site.5 xenroll-rules.7
MANUALS  := $(PAGES:%=$(B)/man/%) $(PAGES:%=$(B)/man/zh_CN/%)
CATALOG  := $(B)/locale/zh_CN/LC_MESSAGES/xenroll.mo

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all
all: $(B)/xenroll $(CATALOG) man

# ---- building

$(B)/xenroll: $(CMD_OBJS) $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/libxenroll.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c $(B)/flags | $(B)/packages-build
	@mkdir -p $(@D)
	$(CC) $(REQUIRED_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJECTS) $(CMD_OBJS): $(EMBEDDED)

# A pool of hosts whose xapi is ours: for tests of what talks to one.
$(B)/libfakexapi.a: $(FAKE_OBJS)
	@rm -f $@
	ar rcs $@ $^

$(B)/tests/xapi/api.o: $(wildcard tests/xapi/data/*.tsv)

$(FAKE_TOOLS): %: %.o $(B)/libfakexapi.a $(filter $(B)/base/%,$(OBJECTS))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(UNITS) $(filter-out $(FAKE_TOOLS),$(TOOLS)): %: %.o $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/tests/fault/failnth.so: tests/fault/failnth.c | $(B)/packages-build
	@mkdir -p $(@D)
	$(CC) -O1 -shared -fPIC -o $@ $< -ldl

$(B)/tests/stick/badstick.so: tests/stick/badstick.c | $(B)/packages-build
	@mkdir -p $(@D)
	$(CC) -O1 -shared -fPIC -o $@ $< -ldl

# The program of the ring rollcall.
STORE_TEST := $(B)/tests/rollcall/store_test
$(STORE_TEST): $(patsubst %.c,$(B)/%.o,$(wildcard tests/rollcall/*.c)) $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

# Whole rollouts in virtual time. The agent is the real one; its clock and its network are the simulation's, which therefore
# come before the library, and every change to a file passes through the simulation's hands.
SIM_WRAPPED := write fsync fdatasync ftruncate64 renameat unlinkat mkdirat openat64 random_bytes usleep
SIM_LINK    := $(SIM_WRAPPED:%=-Wl,--wrap=%)
SIM_PARTS   := $(patsubst %.c,$(B)/%.o,$(filter-out tests/simulation/main.c tests/simulation/modes.c,$(wildcard tests/simulation/*.c)))
SIMULATION  := $(B)/tests/simulation/simulation $(B)/tests/simulation/selftest/selftest

$(B)/tests/simulation/simulation: $(B)/tests/simulation/main.o $(B)/tests/simulation/modes.o $(SIM_PARTS) $(B)/libfakexapi.a $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(SIM_LINK) -o $@ $^ $(LIB_LIBS)

# The same with a toy agent and a toy world, to see that what must be condemned is.
$(B)/tests/simulation/selftest/selftest: $(patsubst %.c,$(B)/%.o,$(wildcard tests/simulation/selftest/*.c)) $(SIM_PARTS) $(filter $(B)/base/%,$(OBJECTS))
	$(CC) $(CFLAGS) $(LDFLAGS) $(SIM_LINK) -o $@ $^ -lcrypt -lpthread

# ---- the agent: one static binary for every host, the same bytes wherever it is built, so none of the user's flags

AGENT_CC     ?= musl-gcc
AGENT_CACHE  ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/xenroll
AGENT_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DXENROLL_AGENT -DCURL_STATICLIB -DLIBXML_STATIC -I. -DVERSION='"$(VERSION)"' -DLOCALEDIR='"/usr/share/locale"' \
                -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wmissing-prototypes -Wwrite-strings $(if $(CI),-Werror) -fstack-protector-strong \
                -fno-strict-aliasing -Os -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)=.
AGENT_LDFLAGS := -static -no-pie -s -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,--build-id=none
AGENT_PARTS  := $(patsubst %.c,$(B)/agent/%.o,$(wildcard base/*.c postinstall/*.c))
AGENT_MAIN   := $(patsubst %.c,$(B)/agent/%.o,$(wildcard postinstall/main/*.c))
AGENT_LIBS    = $(addprefix $(shell cat $(B)/agent/libraries)/lib/,libxml2.a libcurl.a libmbedtls.a)

.PHONY: agent
agent: $(B)/agent/xenroll-agent

$(B)/agent/xenroll-agent: $(AGENT_MAIN) $(AGENT_PARTS)
	$(AGENT_CC) $(AGENT_LDFLAGS) -o $@ $^ $(AGENT_LIBS)
	@! readelf -lW $@ | grep -q INTERP || { echo "$@ is not static" >&2; rm -f $@; exit 1; }

$(B)/agent/%.o: %.c $(B)/agent/libraries $(B)/agent/flags
	@mkdir -p $(@D)
	$(AGENT_CC) $(AGENT_CFLAGS) -isystem $(shell cat $(B)/agent/libraries)/include -MMD -MP -c -o $@ $<

$(AGENT_PARTS): $(EMBEDDED)

# A tool of the tests as the agent is linked: other TLS, other C library.
$(B)/agent/tests/tools/post: $(B)/agent/tests/tools/post.o $(AGENT_PARTS)
	$(AGENT_CC) $(AGENT_LDFLAGS) -o $@ $^ $(AGENT_LIBS)

# Holds the folder of the libraries in the cache; built there once, found there in an instant.
$(B)/agent/libraries: force | $(B)/packages-agent
	@AGENT_CC='$(AGENT_CC)' postinstall/libraries/build '$(AGENT_CACHE)' $@

$(B)/agent/flags: force
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(AGENT_CC) $(AGENT_CFLAGS) $(AGENT_LDFLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(AGENT_CC) $(AGENT_CFLAGS) $(AGENT_LDFLAGS))' > $@

# Everything is rebuilt when the flags change.
FLAGS_NOW = $(CC) $(CPPFLAGS) $(CFLAGS) $(CI) $(VERSION) $(LOCALEDIR)
.PHONY: force
$(B)/flags: force
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

$(B)/locale/%/LC_MESSAGES/xenroll.mo: po/%.po | $(B)/packages-build
	@mkdir -p $(@D)
	msgfmt --check -o $@ $<

.PHONY: man
man: $(MANUALS)

# A page's name without its section is what --scdoc takes.
$(B)/man/%: $(B)/xenroll | $(B)/packages-build
	@mkdir -p $(@D)
	$(B)/xenroll --language en --scdoc $(basename $(@F)) > $@.scd
	scdoc < $@.scd > $@

$(B)/man/zh_CN/%: $(B)/xenroll $(CATALOG) | $(B)/packages-build
	@mkdir -p $(@D)
	$(B)/xenroll --language zh_CN --scdoc $(basename $(@F)) > $@.scd
	scdoc < $@.scd > $@

# ---- packages: only these rules need root, and they say what they install

define install_packages
	@mkdir -p $(B)
	@missing=$$(for p in $(1); do dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "Installing Debian packages: "$$missing; \
		if [ "$$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; \
		else echo "Root is needed for that, and sudo is not here. Run as root: apt-get install "$$missing >&2; exit 1; fi; \
		$$root apt-get update -q && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing; \
	fi
	@touch $@
endef

$(B)/packages-build: Makefile
	$(call install_packages,$(BUILD_PACKAGES) $(RUN_PACKAGES))
$(B)/packages-agent: Makefile
	$(call install_packages,$(AGENT_PACKAGES))
$(B)/packages-check: Makefile
	$(call install_packages,$(CHECK_PACKAGES))
$(B)/packages-web: Makefile tests/web/packages tests/sheet/packages
	$(call install_packages,$(shell cat tests/web/packages tests/sheet/packages) $(NPM))
$(B)/packages-base: Makefile tests/medium/packages
	$(call install_packages,$(BASE_PACKAGES))
$(B)/packages-boot: Makefile tests/boot/packages tests/netboot/packages tests/firstboot/packages
	$(call install_packages,$(BOOT_PACKAGES))
$(B)/packages-e2e: Makefile tests/e2e/packages
	$(call install_packages,$(BASE_PACKAGES) $(shell cat tests/e2e/packages) $(NPM))

# ---- the main job on the examples

MEDIUM_PARTS := $(wildcard tests/medium/build-* tests/medium/debs tests/medium/loaders tests/medium/*-packages tests/medium/*modules tests/medium/installer/* tests/medium/menus/*/*)
$(B)/base.iso: $(MEDIUM_PARTS) | $(B)/packages-base
	tests/medium/build-base $@

# One of each shape of medium that releases and their makers' tools produce.
$(B)/base-%.iso: $(MEDIUM_PARTS) | $(B)/packages-base
	tests/medium/build-base $@ --shape $*

$(B)/packages-bench: Makefile tests/bench/packages
	$(call install_packages,$(shell cat tests/bench/packages))

.PHONY: demo
demo: all agent $(ISO)
	examples/demo $(B)/xenroll $(ISO) $(B)/demo

# ---- tests: every ring prints "ok - …" and "not ok - …: why" lines; tests/report runs and counts them

# The longest begin first: two run at a time.
RINGS := rollout unit golden rollweb courier selector serve media medium stamp fault stick dhcp http xapi simulation agentbin rollcall commands structure
VMS   := quickboot
.PHONY: check check-asan check-valgrind check-boot check-fault check-web check-e2e
check: all agent $(B)/agent/tests/tools/post $(UNITS) $(TOOLS) $(STORE_TEST) $(SIMULATION) $(B)/tests/fault/failnth.so $(B)/tests/stick/badstick.so $(B)/base.iso $(BASES) | $(B)/packages-check $(B)/packages-boot
	B=$(B) JOBS=$(JOBS) tests/report $(RINGS) $(VMS)

check-valgrind: all $(UNITS) $(TOOLS) $(B)/base.iso | $(B)/packages-check
	B=$(B) JOBS=$(JOBS) UNDER="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --child-silent-after-fork=yes" tests/report unit golden

# 2,000 rollouts in which things go wrong, and one that is killed at each of its steps: minutes.
check-fault: $(SIMULATION)
	B=$(B) SIMULATION=long tests/report simulation

# The page of the roll call and the hand-over sheet in Chromium.
check-web: all $(B)/tests/tools/page_server | $(B)/packages-web
	B=$(B) tests/report web sheet

check-boot: all agent $(B)/tests/tools/fake_xapi $(B)/base.iso $(BASES) | $(B)/packages-boot
	B=$(B) tests/report boot firstboot netboot

# One school's story from its spreadsheet to the page on which everything is green: minutes.
check-e2e: all agent $(B)/tests/tools/fake_xapi $(B)/base.iso | $(B)/packages-e2e
	B=$(B) tests/report e2e

# The same Makefile into another folder with other flags; not a recursion into folders. Emulated machines see nothing new
# there, nor do rings that mostly run other people's programs, rings of the agent's own binary, which has flags of its own, or of the source tree. What is slow to start is
# killed less often.
ASAN_FLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
check-asan: $(B)/base.iso $(BASES) | $(B)/packages-check
	mkdir -p $(B)/asan
	for base in base.iso $(notdir $(BASES)); do ln -sf ../$$base $(B)/asan/$$base; done
	ROLL_KILLS=10 KILLS=10 ASAN_OPTIONS=verify_asan_link_order=0 $(MAKE) B=$(B)/asan CFLAGS="$(ASAN_FLAGS)" LDFLAGS="-fsanitize=address,undefined" \
		$(foreach base,base.iso $(notdir $(BASES)),-o $(B)/asan/$(base)) VMS= RINGS="$(filter-out selector dhcp medium agentbin rollout courier structure,$(RINGS))" check

FUZZ_CC = clang -g -O1 $(REQUIRED_CFLAGS) -Wno-error -Wno-missing-field-initializers
FUZZ_OBJECTS := $(OBJECTS:$(B)/%=$(B)/fuzz/objects/%)

$(B)/fuzz/objects/%.o: %.c $(B)/flags $(EMBEDDED) | $(B)/packages-check
	@mkdir -p $(@D)
	$(FUZZ_CC) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

$(B)/fuzz/libxenroll.a: $(FUZZ_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(FUZZERS): $(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzz/libxenroll.a
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIB_LIBS)

.PHONY: fuzz
fuzz: $(FUZZERS)
	B=$(B) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/report fuzz

.PHONY: bench
bench: all $(TOOLS) | $(B)/packages-bench
	B=$(B) tests/bench/run

.PHONY: lint
lint: | $(B)/packages-check
	B=$(B) tests/report structure

# ---- the rest

.PHONY: pot
pot:
	xgettext -o po/xenroll.pot --language=C --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext:1,2 --add-comments=TRANSLATORS \
		--package-name=xenroll --no-location --sort-output $(sort $(wildcard $(FOLDERS:%=%/*.c) $(FOLDERS:%=%/*.def) postinstall/main/*.c cmd/*.c base/rules/*.def))
	msgmerge -q --update --backup=none --no-fuzzy-matching --sort-output po/zh_CN.po po/xenroll.pot

.PHONY: install
install: all
	install -Dm755 $(B)/xenroll $(DESTDIR)$(PREFIX)/bin/xenroll
	if [ -e $(B)/agent/xenroll-agent ]; then install -Dm755 $(B)/agent/xenroll-agent $(DESTDIR)$(PREFIX)/lib/xenroll/xenroll-agent; fi
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(PREFIX)/bin|' 'pxe/xenroll-serve@.service.in' > '$(DESTDIR)$(UNITDIR)/xenroll-serve@.service'
	install -Dm644 $(CATALOG) $(DESTDIR)$(LOCALEDIR)/zh_CN/LC_MESSAGES/xenroll.mo
	for page in $(PAGES); do \
		install -Dm644 $(B)/man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; \
		install -Dm644 $(B)/man/zh_CN/$$page $(DESTDIR)$(MANDIR)/zh_CN/man$${page##*.}/$$page; \
	done

.PHONY: dist
dist:
	@mkdir -p $(B)
	git archive --prefix=xenroll-$(VERSION)/ -o $(B)/xenroll-$(VERSION).tar.gz HEAD

.PHONY: clean
clean:
	rm -rf $(B)

.PHONY: help
help:
	@echo "all (default)   the program, its manual pages and translations"
	@echo "agent           the program that finishes the hosts: build/agent/xenroll-agent"
	@echo "demo            the whole job on examples/; ISO=file.iso takes your own base"
	@echo "check           all quick tests; check-web, check-asan, check-valgrind, check-fault, check-boot, check-e2e, fuzz, bench: the longer ones"
	@echo "lint            structure and shell checks"
	@echo "install dist pot clean"

-include $(shell find $(B) -name '*.d' -type f -not -path '$(B)/asan/*' -not -path '$(B)/*-cache/*' 2>/dev/null)
