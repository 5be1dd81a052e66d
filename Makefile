# Everything a newcomer needs: `make run` to see it work, `make test` to check a change, `make help` for the rest.

SWIFT ?= swift
# Tests run with Swift's own checks on; `make test CONFIGURATION=release` is the slower build of the faster programs.
CONFIGURATION ?= debug

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
# Where the setting clamav.test_database looks by default.
DATADIR ?= /usr/share/mailreeve
# Where bayes-eval finds its corpora.
CORPORA ?= ../shared/corpora

LIBRARIES := libclamav-dev liblmdb-dev libhiredis-dev libpq-dev libsqlite3-dev libpcre2-dev libarchive-dev \
    zlib1g-dev libdeflate-dev liblzma-dev libbz2-dev libzstd-dev liblz4-dev libbrotli-dev libmspack-dev libmagic-dev libidn2-dev libssl-dev pkg-config
PROGRAMS := mailreeve mailreeve-inspector mailreeve-launcher
RELEASE := .build/release
SCRIPTS := packaging/scripts
SHELL_FILES := .ci/run packaging/logwatch/mailreeve bench/run bench/bayes bench/make-mail bench/mime bench/unpack corpus/make-samples Tests/EndToEnd/postfix-instance Tests/Fuzzer/run \
	$(filter-out $(SCRIPTS)/make-%,$(wildcard $(SCRIPTS)/*))

.DEFAULT_GOAL := help
# Two runs of apt or of the compiler at one time only get in each other's way.
.NOTPARALLEL:
.PHONY: help run build debug test test-long differential fuzz lint format deps test-deps install bench bench-journal bench-mime bench-policy bench-quarantine \
	bayes-eval bench-bayes clean toolchain

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

run: ## build, start a gateway with a next hop, send it the samples, keep serving
	@# Before minutes of building: can this machine run it?
	@$(SCRIPTS)/run --preflight
	@$(MAKE) --no-print-directory build
	@$(SCRIPTS)/run

build: deps toolchain ## build the release programs, Swift's libraries linked in
	$(SWIFT) build -c release --static-swift-stdlib --product mailreeve
	$(SWIFT) build -c release --static-swift-stdlib --product mailreeve-inspector
	$(SWIFT) build -c release --static-swift-stdlib --product mailreeve-launcher

debug: deps toolchain ## build everything for debugging, tests included
	$(SWIFT) build --build-tests

test: deps test-deps lint ## lint, build and run all tests but the long ones
	@SWIFT="$(SWIFT)" $(SCRIPTS)/test -c $(CONFIGURATION) $(if $(filter release,$(CONFIGURATION)),-Xswiftc -enable-testing)

test-long: export MAILREEVE_LONG_TESTS = 1
test-long: test ## the same with the tests that take minutes

differential: deps test-deps ## compare the rules with Postfix over the whole corpus (takes long)
	MAILREEVE_DIFFERENTIAL=1 $(SWIFT) test -c release -Xswiftc -enable-testing --no-parallel \
	    --filter 'PatternsTests|RuleChainTests|CleanupCorpusTests'

fuzz: deps toolchain ## run libFuzzer over the readers of mail and containers, FUZZ_TIME seconds (60) for each of FUZZ_TARGETS (all)
	@SWIFT="$(SWIFT)" CORPORA="$(CORPORA)" Tests/Fuzzer/run $(FUZZ_TARGETS)

lint: toolchain ## check format and shell scripts
	$(SWIFT) format lint --strict --recursive Sources Tests bench Package.swift
	@if command -v shellcheck >/dev/null; then shellcheck $(SHELL_FILES); else echo "lint: no shellcheck, shell scripts unchecked"; fi

format: toolchain ## put the sources into the house format
	$(SWIFT) format --in-place --recursive Sources Tests bench Package.swift

deps: ## install the libraries that are missing (apt)
	@$(SCRIPTS)/need-packages $(LIBRARIES)

test-deps: ## get what the tests need; Postfix is unpacked under build/, not installed
	@$(SCRIPTS)/test-deps

bench: build ## measure throughput and memory
	bench/run

bayes-eval: deps toolchain ## judge the spam scorer beside bogofilter and SpamAssassin (docs/BAYES.md)
	@$(SCRIPTS)/need-packages bogofilter spamassassin xz-utils python3
	$(SWIFT) build -c release --product bayes-eval
	bench/bayes-eval $(RELEASE)/bayes-eval $(CORPORA) build/bayes

bench-bayes: build ## measure learning and judging: rate, time, opening, memory; Redis, too, where it is installed
	$(SWIFT) build -c release --static-swift-stdlib --product bayes-bench
	bench/bayes $(RELEASE)/mailreeve $(RELEASE)/bayes-bench $(CORPORA)

bench-policy: deps toolchain ## measure how long the policies of a message's recipients take
	$(SWIFT) build -c release --product policy-bench
	$(RELEASE)/policy-bench

bench-quarantine: deps toolchain ## measure the quarantine on the disk of build/
	$(SWIFT) build -c release --product quarantine-bench
	mkdir -p build
	$(RELEASE)/quarantine-bench build

bench-journal: deps toolchain ## measure the journal with 300,000 events on the disk of build/
	$(SWIFT) build -c release --product journal-bench
	mkdir -p build
	$(RELEASE)/journal-bench build

bench-mime: deps toolchain ## measure the MIME reader alone: typical mail, and what is made to be slow
	$(SWIFT) build -c release --product mime-bench
	bench/mime

install: ## install what `make build` made (DESTDIR, PREFIX, SYSCONFDIR, DATADIR)
	@for program in $(PROGRAMS); do \
	    [ -x $(RELEASE)/$$program ] || { echo "install: no $(RELEASE)/$$program; run make build first" >&2; exit 1; }; \
	done
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d
	install -d $(DESTDIR)$(SYSCONFDIR)/mailreeve $(DESTDIR)$(DATADIR)/signatures $(DESTDIR)$(DATADIR)/notices
	install -m 755 -s $(addprefix $(RELEASE)/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	install -m 644 rules/signatures/* $(DESTDIR)$(DATADIR)/signatures
	install -m 644 packaging/notices/* $(DESTDIR)$(DATADIR)/notices
	install -d $(DESTDIR)$(DATADIR)/rules
	install -m 644 rules/header_checks rules/mime_header_checks rules/body_checks rules/attachment_checks \
	    rules/decoded_header_checks rules/decoded_body_checks \
	    rules/banned.rules rules/scanners.yaml $(DESTDIR)$(DATADIR)/rules
	install -d $(DESTDIR)$(DATADIR)/logwatch
	install -m 644 packaging/logwatch/mailreeve.conf $(DESTDIR)$(DATADIR)/logwatch
	install -m 755 packaging/logwatch/mailreeve $(DESTDIR)$(DATADIR)/logwatch
	install -m 644 packaging/mailreeve.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/mailreeve.conf
	for unit in mailreeve.service mailreeve-learn.service mailreeve-learn.timer; do \
	    sed -e 's|/usr/local|$(PREFIX)|' -e 's|/etc/mailreeve|$(SYSCONFDIR)/mailreeve|' packaging/$$unit \
	        >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done
	@# An administrator's settings are never overwritten.
	if [ -e $(DESTDIR)$(SYSCONFDIR)/mailreeve/mailreeve.yaml ]; then \
	    install -m 644 packaging/mailreeve.yaml $(DESTDIR)$(SYSCONFDIR)/mailreeve/mailreeve.yaml.new; \
	else \
	    install -m 644 packaging/mailreeve.yaml $(DESTDIR)$(SYSCONFDIR)/mailreeve/mailreeve.yaml; \
	fi

clean: ## remove all that was built
	rm -rf .build build

toolchain:
	@command -v $(firstword $(SWIFT)) >/dev/null || { \
	    echo "There is no $(firstword $(SWIFT)) on the PATH. Swift 6.3 for Debian 12: https://www.swift.org/install/linux/" >&2; exit 1; }
