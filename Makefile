# SPDX-License-Identifier: GPL-2.0

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?=
KERNELS ?=
SUITES ?=
LONG ?=
LEAKS ?=
DEBIAN ?=
DEBS ?=
BENCH ?=
QUICK ?=
ROUNDS ?=
PREFIX ?= /usr/local
# For kbuild, when they are given.
KBUILD_ARGS := $(foreach v,W C CF CHECK FMP_BENCH FMP_KCOV FMP_KUNIT,$(if $($(v)),$(v)=$($(v))))

.DEFAULT_GOAL := all

.PHONY: all
all: tools modules ## the module for the running kernel (or KDIR=, KERNEL=) and the tool

.PHONY: modules
modules: ## the module; KERNEL=6.1|6.12|7.3|debug builds in build/KERNEL
ifneq ($(KERNEL),)
	scripts/build-module $(KERNEL) $(KBUILD_ARGS)
else
	@test -e $(KDIR)/Makefile || { \
		echo "fmp: no kernel headers at $(KDIR)" >&2; \
		echo "fmp: install them (Debian: linux-headers-$$(uname -r)), name a tree with KDIR=," >&2; \
		echo "fmp: or build for another kernel with KERNEL=6.1|6.12|7.3|debug" >&2; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(KBUILD_ARGS) modules
endif

.PHONY: tools
tools: ## the fmp command, and a plugin for ip
	$(MAKE) -C tools/fmp
	$(MAKE) -C tools/iproute2

.PHONY: install
install: tools ## the tool and its manual below PREFIX, its plugin for ip, the module where depmod finds it
	$(MAKE) -C tools/fmp PREFIX=$(PREFIX) install
	$(MAKE) -C tools/iproute2 install
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules modules_install
	depmod

.PHONY: dkms-install dkms-uninstall
dkms-install: ## the module by DKMS, for each kernel with headers and those to come
	@scripts/dkms install

dkms-uninstall: ## what dkms-install did is undone
	@scripts/dkms uninstall

.PHONY: deb
deb: ## Debian packages, in build/deb
	@scripts/deb

.PHONY: test-deb
test-deb: ## the packages: lintian, what is in them, units, the module built by DKMS
	@scripts/test-deb

.PHONY: generate
generate: deps ## write the files made from include/fmp.yaml, docs/netlink.md among them
	scripts/ynl-gen

LINTS := checkpatch sparse w1 coccinelle tools shell man docs generated version

.PHONY: lint
lint: deps ## every static check; lint-NAME runs one of them
	@scripts/lint $(LINTS)

.PHONY: $(LINTS:%=lint-%)
lint-checkpatch: ## the kernel's checkpatch.pl --strict
lint-sparse: ## sparse on the module
lint-w1: ## the module with W=1 for every kernel
lint-coccinelle: ## the kernel's semantic patches on the module
lint-tools: ## gcc -fanalyzer on the tool
lint-shell: ## shellcheck on every script
lint-man: ## mandoc, and whether the manual pages have every command, option and key
lint-generated: ## generated files are what the generator writes
lint-version: ## one version everywhere, a licence in every file
lint-docs: ## links, commands, counters and messages in the documentation exist
$(LINTS:%=lint-%): lint-%: deps
	@scripts/lint $*

.PHONY: test
test: ## everything but what takes longest (LONG=1); KERNELS="6.1 debug" and SUITES="traffic" select
	@scripts/deps test-deb
	@selftests/run $(addprefix --kernel ,$(KERNELS)) $(addprefix --suite ,$(SUITES)) $(if $(LONG),--long) $(if $(LEAKS),--leaks)

.PHONY: test-vectors
test-vectors: deps ## the vector suites, here and in guests, over VECTORS=DIR
	@selftests/run $(addprefix --kernel ,$(KERNELS)) --vectors \
		'$(or $(VECTORS),$(firstword $(wildcard ../shared/vectors) selftests/vectors))'

.PHONY: test-system
test-system: ## the Debian packages on a Debian with systemd in a virtual machine, in half an hour or more; DEBIAN=13
	@selftests/system/run $(if $(DEBIAN),--debian $(DEBIAN)) $(if $(DEBS),--debs '$(DEBS)')

.PHONY: test-dissector
test-dissector: deps ## what Wireshark's dissector says of frames
	@$(MAKE) -s -C selftests/dissector check

.PHONY: fuzz
fuzz: deps ## the fuzz targets, here and in guests, DURATION=3600 s each; FUZZ="key fuzz-frames" selects
	@selftests/fuzz/run --seconds $(or $(DURATION),$(FUZZ_SECONDS),3600) --guests $(FUZZ)

.PHONY: soak
soak: deps ## HOURS=1 of churn under traffic in a guest; KERNEL=debug, SEED=1 for one that went wrong
	@selftests/soak --hours $(or $(HOURS),1) $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: deps ## what a packet costs beside WireGuard and ovpn; BENCH="tcp udp" selects, QUICK=1 is short
	@selftests/bench/run $(if $(KERNEL),--kernel $(KERNEL)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(QUICK),--quick) $(BENCH)

.PHONY: demo
demo: ## two nodes in a guest, a tunnel between them
	@scripts/deps build
	selftests/vm/run --kernel 7.3 --add selftests/demo.sh --add selftests/net -- sh /root/demo.sh

.PHONY: deps
deps: ## install the Debian packages that building and testing need, if any is missing
	@scripts/deps

.PHONY: update-kernels
update-kernels: ## look for newer kernels, QEMU and packages, and pin those
	scripts/cache update

.PHONY: compat
compat: deps ## the module against Debian's kernel headers, and docs/compatibility.md; HEADERS="7.*-rt-*" selects
	@scripts/compat --write $(if $(HEADERS),$(foreach h,$(HEADERS),'$(h)'),--newest)

.PHONY: cache
cache: deps ## fill the cache: kernels, emulator, guest
	scripts/cache fill

.PHONY: clean
clean: ## what building has made
	rm -rf build
	$(MAKE) -C tools/fmp clean
	$(MAKE) -C tools/iproute2 clean

.PHONY: clean-cache
clean-cache: ## what was downloaded or built outside of the sources
	scripts/cache clean

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | sort | awk -F '\t' '{ printf "  %-18s %s\n", $$1, $$2 }'
