# xenroll - one Makefile, no recursion. `make help` lists the targets.
#
# CFLAGS, LDFLAGS and CC are the user's; what the code needs stands in REQUIRED_*.

VERSION   := 0.1.0
B         ?= build
PREFIX    ?= /usr/local
LOCALEDIR ?= $(PREFIX)/share/locale
CC        ?= cc
CFLAGS    ?= -O2 -g
LDFLAGS   ?= -Wl,-z,relro,-z,now

BUILD_PACKAGES := gcc libc6-dev make pkg-config gettext scdoc libfyaml-dev libxml2-dev libarchive-dev libjansson-dev \
                  libssl-dev libcrypt-dev
RUN_PACKAGES   := xorriso mtools tzdata
TEST_PACKAGES  := $(sort $(shell cat tests/*/packages 2>/dev/null))
CHECK_PACKAGES := shellcheck valgrind clang libclang-rt-14-dev libxml2-utils

# The flags of the libraries are asked for when a recipe runs, not when the Makefile is read: on a fresh system
# pkg-config arrives with the first target.
LIBS       = libfyaml libxml-2.0 libarchive jansson libcrypto
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBS))
LIB_LIBS   = $(shell pkg-config --libs $(LIBS)) -lcrypt -lpthread

REQUIRED_CFLAGS = -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -DVERSION='"$(VERSION)"' \
                  -DLOCALEDIR='"$(LOCALEDIR)"' -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wmissing-prototypes \
                  -Wwrite-strings -fstack-protector-strong -fno-strict-aliasing $(if $(CI),-Werror) $(LIB_CFLAGS)

FOLDERS  := base answerfiles isobuilder
SOURCES  := $(wildcard $(FOLDERS:%=%/*.c))
OBJECTS  := $(SOURCES:%.c=$(B)/%.o)
COMMANDS := $(wildcard cmd/*.c)
CMD_OBJS := $(COMMANDS:%.c=$(B)/%.o)
UNITS    := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*.c))
TOOLS    := $(patsubst tests/tools/%.c,$(B)/tests/tools/%,$(wildcard tests/tools/*.c))
EMBEDDED := $(wildcard $(FOLDERS:%=%/*.rng) $(FOLDERS:%=%/*.sh) cmd/*.yaml)

.DELETE_ON_ERROR:
.PHONY: all
all: $(B)/xenroll

$(B)/xenroll: $(CMD_OBJS) $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(B)/libxenroll.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(B)/%.o: %.c $(B)/flags | $(B)/packages
	@mkdir -p $(@D)
	$(CC) $(REQUIRED_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJECTS) $(CMD_OBJS): $(EMBEDDED)

$(UNITS) $(TOOLS): %: %.o $(B)/libxenroll.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

# Rebuild everything when the flags change.
.PHONY: force
$(B)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(CI) $(LOCALEDIR)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(CI) $(LOCALEDIR)' > $@

$(B)/packages:
	@mkdir -p $(@D)
	@touch $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)
