# One command for each task of a contributor. `.ci/run` uses the same ones.

FUZZ_TIME  ?= 3s
TEST_FLAGS ?=
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
modules     = $(shell sed -n '/^use (/,/^)/s/^[[:space:]]*\(\.[^[:space:]]*\)$$/\1/p' go.work)

.PHONY: help check test race lint bench fuzz ci

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /\1 - /p' Makefile

check: lint test ## what to run before a commit

test: ## the tests of every module
	go test $(TEST_FLAGS) work

race: ## the same under the race detector, but for long programs and dialects without goroutines
	go test -race $$(go list work | grep -v -e /examples -e /bench -e /tools -e /soak -e /demo -e /contrib/greptime[bgm])

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

ci: ## everything, on two versions of Go, as the workflow does
	.ci/run
