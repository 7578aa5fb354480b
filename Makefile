# Parlatory. `make help` lists what there is.
#
# A bare Debian machine with Go, Node and apt is enough: `make test` installs the rest from Debian's packages.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Clear keys are wiped from memory by the runtime (DESIGN §4); tests run on what is shipped.
export GOEXPERIMENT := runtimesecret
export GOTOOLCHAIN := local
# One setting for all but the race detector, which needs cgo: a change of it compiles every dependency again.
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -buildvcs=false
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export npm_config_audit := false
export npm_config_fund := false
export npm_config_update_notifier := false

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BINARY := $(CURDIR)/parlatory
SECTION := deploy/tools/section
TOOL := go tool -modfile=test/tools/go.mod

# Whole-program tests start the binary that stands in the tree, and each takes its rounds from here.
WHOLE := PARLATORY_BINARY=$(BINARY) PARLATORY_REQUIRE_POSTGRES=1
KILLS ?= 10
KEY_FAULTS ?= 5
CRASHES ?= 2
ROUNDS ?= 5
FUZZTIME ?= 60s
DEMO_ARGS ?=
BENCH_ARGS ?= -idle -signin

# The key server that tests start. The one that test-go builds beforehand, so that no test's time runs out over it; others build or find it.
OPENBAO := $(CURDIR)/test/openbao/openbao

# Packages of the program; test/ holds whole-program tests, which run apart and without the race detector.
LIBRARY = $$(go list ./... | grep -vE '^parlatory/test/(bench|fault|canary|tls|nodes|abuse|signin)$$')

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- build -----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: build ## build all, and start a sample workspace, site and mailbox on this machine
	$(BINARY) demo $(DEMO_ARGS)

.PHONY: build
build: web ## the web part and the one static binary, ./parlatory
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/parlatory

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci
	@touch $@

web/node_modules/.built: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

.PHONY: web
web: web/node_modules/.built
	@test -d web/dist || { rm -f web/node_modules/.built; $(MAKE) web/node_modules/.built; }

.PHONY: openbao
openbao: ## the key server for tests; some minutes the first time
	GOEXPERIMENT= GOFLAGS=-buildvcs=false go build -C test/openbao -trimpath -ldflags '-s -w' -o $(OPENBAO) .

.PHONY: gen
gen: web ## all generated files; CI ends with `git diff --exit-code`
	go generate ./...
	cd web && npm run --if-present api
	git ls-files -m -o --exclude-standard '*.go' | xargs -r gofmt -w

.PHONY: fmt
fmt: ## format the Go part
	gofmt -w $$(git ls-files '*.go')

# --- test ------------------------------------------------------------------------------------------------------

.PHONY: test
test: ## everything: Go with the race detector on both engines, web, browser, kills, canary, TLS
	@start=$$SECONDS; \
	for part in tools build vet test-go test-web test-abuse test-signin test-nodes test-e2e test-fault test-canary test-tls test-bench; do \
		$(SECTION) "$$part" $(MAKE) "$$part"; \
	done; \
	echo "== all passed in $$((SECONDS - start)) s"

.PHONY: tools
tools: ## install what the tests need from Debian's packages, where it is missing
	@deploy/tools/install

.PHONY: vet
vet: web
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted (make fmt):"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...

# SQLite (C, translated) and the hash functions take three to ten times as long under the race detector; what they share with others is handed
# over in one call.
# A package must hold no generic function to stand here: the linker might take its copy, which tells the detector nothing, for all.
UNRACED := modernc.org/sqlite/lib golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b
RACE := -race $(UNRACED:%=-gcflags=%=-race=false)

.PHONY: test-go
test-go: web openbao
	CGO_ENABLED=1 PARLATORY_REQUIRE_POSTGRES=1 PARLATORY_REQUIRE_CLAMAV=1 PARLATORY_OPENBAO=$(OPENBAO) go test $(RACE) -vet=off -timeout 15m $(LIBRARY)

.PHONY: test-web
test-web: web/node_modules/.installed
	cd web && npm run check && npm test

.PHONY: test-bench
test-bench:
	go test -count=1 -timeout 5m ./test/bench

.PHONY: test-e2e
test-e2e: build
	@if test -f test/e2e/package.json; then \
		cd test/e2e && { test node_modules/.package-lock.json -nt package-lock.json || npm ci; } && $(WHOLE) npm test; \
	else echo "no browser tests yet"; fi

.PHONY: test-fault
test-fault: build openbao
	$(WHOLE) PARLATORY_KILLS=$(KILLS) PARLATORY_CRASHES=$(CRASHES) PARLATORY_KEY_FAULTS=$(KEY_FAULTS) PARLATORY_OPENBAO=$(OPENBAO) go test -count=1 -timeout 120m ./test/fault

.PHONY: test-nodes
test-nodes: build
	$(WHOLE) go test -count=1 -timeout 10m ./test/nodes

.PHONY: test-abuse
test-abuse: build
	$(WHOLE) go test -count=1 -timeout 15m ./test/abuse

# With 100 rounds and more, times are judged too.
.PHONY: test-signin
test-signin: build
	$(WHOLE) PARLATORY_ROUNDS=$(ROUNDS) go test -count=1 -timeout 180m $(if $(filter-out 5,$(ROUNDS)),-v) ./test/signin

.PHONY: test-canary
test-canary: build
	$(WHOLE) go test -count=1 -timeout 10m ./test/canary

.PHONY: test-tls
test-tls: build
	$(WHOLE) go test -count=1 -timeout 10m ./test/tls

.PHONY: check
check: vet ## vet, linters, type-check
	$(TOOL) golangci-lint run ./...
	cd web && npm run check

.PHONY: fault
fault: tools ## the kill and disk tests alone; KILLS=200 CRASHES=5 for full rounds
	$(MAKE) test-fault

.PHONY: bench
bench: tools web ## load on the real binary beside a bare floor: tables, then one line of JSON a figure set
	go run ./test/bench $(BENCH_ARGS)

.PHONY: long
long: ## fault, sign-in and bench with full rounds
	$(MAKE) fault KILLS=200 CRASHES=5 KEY_FAULTS=50
	$(MAKE) test-signin ROUNDS=100
	$(MAKE) bench BENCH_ARGS="-idle -signin -rounds 5 -window 15s"

# The fuzzer itself fails now and then with "context deadline exceeded" when its time is up: a second run tells. An input that failed is
# kept in testdata, and fails again.
.PHONY: fuzz
fuzz: web ## each fuzz target for FUZZTIME (60s)
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
			run="go test -run ^$$ -fuzz ^$$target\$$ -fuzztime $(FUZZTIME) $$pkg"; \
			$(SECTION) "$$pkg $$target" $$run || $(SECTION) "$$pkg $$target, again" $$run; \
		done; \
	done

.PHONY: vuln
vuln: web ## known vulnerabilities in what the binary calls (needs the internet)
	$(TOOL) govulncheck ./...
	cd web && npm audit --omit=dev

.PHONY: clean
clean: ## remove what the build left
	rm -rf $(BINARY) $(OPENBAO) web/dist web/node_modules test/e2e/node_modules
