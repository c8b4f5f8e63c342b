# make help says what there is. Tools are pinned here and run by the go command;
# nothing is installed outside its caches and ./bin.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := all

GOFUMPT   := go run mvdan.cc/gofumpt@v0.12.0
LINT      := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BENCHSTAT := go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

FUZZTIME ?= 20s
COUNT    ?= 10
SOAK     ?= 10m
BENCH    ?= .

# One digest over every file of the tree, committed or not, but not the ignored.
FINGERPRINT = git ls-files --cached --others --exclude-standard | sort -u | while read -r f; do [ ! -f "$$f" ] || echo "$$f"; done | git hash-object --stdin-paths | git hash-object --stdin

.PHONY: all build test race lint fmt gen tidy verify soak fuzz bench demo clean help

all: build test ## build and test (the default)

build: ## build ./bin/wardround
	CGO_ENABLED=0 go build -trimpath -o bin/wardround ./cmd/wardround

test: ## test everything; needs nothing but Go
	go test -timeout 20m ./...

# SQLite's own code, C made into Go, is not instrumented: it has locks of its own,
# and would take five times as long.
race: ## test everything under the race detector; needs a C compiler
	go test -race -timeout 25m -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc/...=-race=false' ./...

lint: ## gofumpt and golangci-lint, changing nothing
	@unformatted=$$($(GOFUMPT) -l .); [ -z "$$unformatted" ] || { echo "make fmt would change:"; echo "$$unformatted"; exit 1; }
	$(LINT) run ./...
	go fix -diff ./...

fmt: ## format and modernise the code
	$(GOFUMPT) -w .
	go fix ./...

gen: ## write what is generated
	go generate ./...

tidy: ## see that go.mod and go.sum are as go mod tidy would have them
	go mod tidy -diff

verify: lint tidy ## all that CI runs besides test: lint, tidy, gen, race
	@before=$$($(FINGERPRINT)); $(MAKE) gen; [ "$$before" = "$$($(FINGERPRINT))" ] || { echo "make gen changed the tree:"; git status --short; exit 1; }
	$(MAKE) race

soak: ## have serve make a round a minute of 1,000 devices for SOAK (10m), and see that it does not grow
	WARDROUND_TEST_SOAK=$(SOAK) go test -tags soak ./cmd/wardround -run TestSoak -count=1 -v -timeout 60m

fuzz: ## run every fuzz target for FUZZTIME (20s)
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's|/[^/]*:func | |' | sort -u | while read -r dir target; do \
		echo "$$dir $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$$dir" </dev/null; done

bench: ## run the benchmarks COUNT (10) times; OLD=FILE compares with an earlier bin/bench.txt
	@mkdir -p bin
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./... | tee bin/bench.txt
	$(BENCHSTAT) $(OLD) bin/bench.txt

demo: build ## a simulated fleet, swept and judged; its failures are part of the show
	bin/wardround demo || [ $$? -eq 1 ]

clean: ## remove what was built
	rm -rf bin

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 12
