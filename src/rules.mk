# Compiles, tests and installs; run by the Makefile, from the top of the
# sources, once there is a $(BUILD)/config.mk. GNU make, for $(wildcard) and
# pattern rules. The user's flags come last.

include $(BUILD)/config.mk

compile = $(CC) -std=c11 -D_FILE_OFFSET_BITS=64 -D_DEFAULT_SOURCE -D_DARWIN_C_SOURCE -D_NETBSD_SOURCE \
	-DEHLO_VERSION='"$(VERSION)"' -Isrc $(INCLUDES) $(IDN_CFLAGS) $(PREP_CFLAGS) \
	$(GSS_CFLAGS) $(HARDEN_CFLAGS) \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings $(WERROR:1=-Werror) -MMD -MP $(CPPFLAGS) $(CFLAGS)
link = $(CC) $(HARDEN_CFLAGS) $(HARDEN_LDFLAGS) $(CFLAGS) $(LDFLAGS)
libs = $(SSL_LIBS) $(POPT_LIBS) $(GSS_LIBS) $(LIBS)

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
main = $(BUILD)/src/main.o
lib = $(call objects,src/*/*.c)
server = $(call objects,tests/server*.c)
unit = $(call objects,tests/unit/t_*.c)
bench = $(call objects,tests/bench/*.c)
fuzz = $(call objects,tests/fuzz/f_*.c)
fuzz_fixtures = $(filter-out $(fuzz),$(call objects,tests/fuzz/*.c))
fixtures = $(filter-out $(unit),$(call objects,tests/unit/*.c))
unit_tests = $(unit:$(BUILD)/tests/unit/%.o=$(BUILD)/tests/%)
fuzzers = $(fuzz:$(BUILD)/tests/fuzz/f_%.o=$(BUILD)/tests/fuzz-%)
bench_tools = $(bench:$(BUILD)/tests/bench/%.o=$(BUILD)/tests/bench-%)

build = $(abspath $(BUILD))
env = BUILD='$(build)' EHLO='$(build)/ehlo' TEST_SERVER='$(build)/tests/server'
bats = command -v bats >/dev/null || \
	{ echo 'bats not found: run: make deps' >&2; exit 1; }; $(env) bats

all: $(BUILD)/ehlo

$(BUILD)/ehlo: $(main) $(BUILD)/libehlo.a
	$(link) -o $@ $^ $(libs)

$(BUILD)/libehlo.a: $(lib)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/server: $(server)
	$(link) -o $@ $^ $(SSL_LIBS) $(LIBS)

$(unit_tests): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(fixtures) \
    $(BUILD)/libehlo.a
	$(link) -o $@ $^ $(libs)

$(bench_tools): $(BUILD)/tests/bench-%: $(BUILD)/tests/bench/%.o \
    $(BUILD)/libehlo.a
	$(link) -o $@ $^ $(libs)

$(fuzzers): $(BUILD)/tests/fuzz-%: $(BUILD)/tests/fuzz/f_%.o $(fuzz_fixtures) \
    $(fixtures) $(BUILD)/libehlo.a
	$(link) -fsanitize=fuzzer -o $@ $^ $(libs)

$(BUILD)/%.o: %.c $(BUILD)/config.mk src/rules.mk
	@mkdir -p $(@D)
	$(compile) -c -o $@ $<

-include $(patsubst %.o,%.d,$(main) $(lib) $(server) $(unit) $(fixtures) $(bench) \
    $(fuzz) $(fuzz_fixtures))

# For tests/fuzz/run.sh, which knows the compiler and flags that they need.
fuzzers: $(fuzzers)

programs: $(BUILD)/ehlo $(BUILD)/tests/server $(unit_tests) $(bench_tools)

demo: $(BUILD)/ehlo $(BUILD)/tests/server
	@$(env) sh tests/demo.sh

check: programs
	@failed=; for t in $(unit_tests); do $$t || failed="$$failed $$t"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }
	@$(bats) $(wildcard tests/*.bats)

# Against real servers.
interop: programs
	@$(bats) $(wildcard tests/interop/*.bats)

check-all: check
	@$(MAKE) -f src/rules.mk interop

bench: programs
	@$(env) tests/bench/run

lint:
	clang-format --dry-run -Werror $(wildcard src/*.c src/*/*.[ch] \
	    tests/*.[ch] tests/*/*.[ch])
	mandoc -Tlint -W warning man/ehlo.1
	shellcheck -x .ci/run $(wildcard tests/*.sh tests/*/*.sh tests/bench/run)

install: all
	install -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(mandir)/man1'
	install -m 755 $(BUILD)/ehlo '$(DESTDIR)$(bindir)/ehlo'
	install -m 644 man/ehlo.1 '$(DESTDIR)$(mandir)/man1/ehlo.1'

uninstall:
	rm -f '$(DESTDIR)$(bindir)/ehlo' '$(DESTDIR)$(mandir)/man1/ehlo.1'

# The tracked files as they are now, and configure.
dist:
	mkdir -p $(BUILD)/dist
	tree=$$(git stash create) && \
	git -c tar.umask=0022 archive -o $(BUILD)/dist/ehlo-$(VERSION).tar.gz \
	    --prefix=ehlo-$(VERSION)/ --add-file=$(BUILD)/configure \
	    $${tree:-HEAD}

distcheck: dist
	sh tests/distcheck.sh $(BUILD)/dist/ehlo-$(VERSION).tar.gz

.PHONY: all programs fuzzers demo check interop check-all bench lint install \
	uninstall dist distcheck
