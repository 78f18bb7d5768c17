# What people type. Each target is a script or one command; `make help` lists them.
.PHONY: help run down image test bench lint deny coverage mutants

help: ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: ## install what is needed, build everything, start the server (Ctrl-C stops it, machines keep running)
	@scripts/run.sh

down: ## destroy everything that make run made: machines, volumes, networks, database (YES=1: do not ask)
	@scripts/down.sh

image: ## build the guest image
	@scripts/set-up.sh run && cargo xtask image

test: ## install what the tests need and run all of them
	@scripts/test.sh

bench: ## build for release and print whole-system figures: sizes, memory, requests per second, time to first query
	@scripts/bench.sh

lint: ## formatting and lints only
	@scripts/lint.sh

deny: ## licences, advisories and sources of all crates (needs cargo-deny: cargo install --locked cargo-deny)
	@cargo deny --all-features check

coverage: ## which functions of the store its contract reaches, on each database (needs rustup component llvm-tools)
	@scripts/coverage.sh

mutants: ## break each line that decides who may, and see whether a test notices (needs cargo-mutants; an hour)
	@scripts/mutants.sh
