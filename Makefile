# ehlo: `make deps demo`, `make deps check`, `make`, `make install`.
#
# What is built lies below $(BUILD); another folder is another build, with its
# own compiler and flags, which it remembers:
#	make BUILD=build-asan CC=clang CFLAGS='-O1 -g -fsanitize=address' check
#
# This file finds out what the machine has; src/rules.mk compiles and tests.
# They are two because a missing compiler must not keep `make deps` from
# running, and because what is asked for here is done in the order given
# (`make -j4 deps check`), while src/rules.mk runs in parallel. That one needs
# GNU make, which is gmake on the BSDs.

BUILD = build
AUTOCONF = autoconf
RULES = --no-print-directory -f src/rules.mk

all programs fuzzers demo check interop check-all bench lint install \
uninstall dist distcheck: $(BUILD)/config.mk
	@$(MAKE) $(RULES) BUILD="$(BUILD)" $@

deps:
	@sh tests/deps.sh

# In a build folder of its own, with clang.
fuzz:
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ='$(FUZZ)' MAKE='$(MAKE)' \
	    sh tests/fuzz/run.sh

# A release carries configure; a checkout makes it, in the build folder.
$(BUILD)/config.mk: configure.ac src/config.mk.in src/Makefile.in
	@mkdir -p "$(BUILD)" && top=$$(pwd) && cd "$(BUILD)" && \
	if [ -f configure.ac ]; then \
		echo "BUILD must not be the folder of the sources" >&2; exit 1; \
	fi && \
	configure=$$top/configure && \
	if [ ! -f "$$configure" ] || \
	    [ "$$configure" -ot "$$top/configure.ac" ]; then \
		command -v $(AUTOCONF) >/dev/null || \
		{ echo "autoconf not found: run: make deps" >&2; exit 1; } && \
		$(AUTOCONF) -o configure "$$top/configure.ac" && \
		configure=./configure; \
	fi && \
	if [ -f config.status ]; then \
		./config.status --recheck && ./config.status; \
	else \
		"$$configure" --srcdir="$$top"; \
	fi

clean:
	@[ ! -f "$(BUILD)/config.log" ] || { cd "$(BUILD)" && \
	rm -rf ehlo libehlo.a src tests interop dist; }

distclean: clean
	@[ ! -f "$(BUILD)/config.log" ] || { cd "$(BUILD)" && \
	rm -rf config.* configure autom4te.cache Makefile; }
	@rmdir "$(BUILD)" 2>/dev/null || :

.PHONY: all programs fuzzers fuzz demo check interop check-all bench lint \
	install uninstall dist distcheck deps clean distclean
.NOTPARALLEL:
