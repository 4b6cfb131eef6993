# One command for each task of a contributor. `.ci/run` uses the same ones.

FUZZ_TIME  ?= 3s
TEST_FLAGS ?=
# s390x is big endian: it builds, and refuses results and Arrow arrays at run time.
PLATFORMS  ?= linux/amd64 linux/arm64 linux/386 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 linux/s390x
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
modules     = $(shell sed -n '/^use (/,/^)/s/^[[:space:]]*\(\.[^[:space:]]*\)$$/\1/p' go.work)

.PHONY: help check test race lint bench fuzz platforms vuln ci

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /\1 - /p' Makefile

check: lint test ## what to run before a commit

test: ## the tests of every module
	go test $(TEST_FLAGS) work

race: ## the same under the race detector, but for the programs of examples, bench and tools
	go test -race $$(go list work | grep -v -e /examples -e /bench -e /tools)

lint: .ci/bin/staticcheck ## gofmt, go mod tidy, go vet, staticcheck
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "not formatted by gofmt:"; echo "$$bad"; exit 1; }
	@set -e; for m in $(modules); do (cd $$m && go mod tidy -diff && go vet ./... && "$(CURDIR)/.ci/bin/staticcheck" ./...) || { echo "in module $$m"; exit 1; }; done

.ci/bin/staticcheck: Makefile
	GOBIN="$(CURDIR)/.ci/bin" go install $(STATICCHECK)
	@touch $@

bench: ## every Go benchmark once; the figures of bench/README.md come from go run ./bench/run
	go test -run '^$$' -bench . -benchtime 1x work

fuzz: ## every fuzz target for FUZZ_TIME (3s)
	.ci/fuzz $(FUZZ_TIME)

vuln: ## known vulnerabilities in what each module uses, by govulncheck
	.ci/vuln

platforms: ## build and vet for every system: the root with its tests, the client, and what connects libraries
	@set -e; for p in $(PLATFORMS); do echo $$p; export CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/}; \
		go vet ./...; for m in cmd/greptime contrib/*; do (cd $$m && go build -o /dev/null ./...); done; done

ci: ## everything, on two versions of Go, as the workflow does
	.ci/run
