# Thin on purpose: each target is a few commands that can be run by hand.
# `make run` shows the main job on the soft switch; `make test` passes the tests.
CARGO ?= cargo
SHELL := /bin/bash
# A toolchain that rustup put into the home folder is not always on PATH.
export PATH := $(PATH):$(HOME)/.cargo/bin
SLUICE = $(or $(CARGO_TARGET_DIR),target)/release/sluice
OUT ?= out

.PHONY: run test check lint miri setup bench long man completions clean

run: setup
	$(CARGO) build --release --locked -p sluice
	scripts/demo $(SLUICE) $(OUT)

test: setup-test
	$(CARGO) test --workspace --locked

# What CI checks besides the tests.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

# The NIC's driver under Miri.
miri:
	scripts/miri

# Everything that .ci/run does.
check: lint test miri

# The issue-sized runs (10,000 random policies and the like): hours on a small machine.
long: setup-test
	SLUICE_LONG=1 $(CARGO) test --profile long --workspace --locked

bench:
	$(CARGO) bench --workspace --locked

# Shell completions and the man page, made by the command itself.
man completions:
	$(CARGO) build --release --locked -p sluice
	mkdir -p $(OUT)/man $(OUT)/completions
	$(SLUICE) man > $(OUT)/man/sluice.1
	for shell in bash zsh fish; do $(SLUICE) completions $$shell > $(OUT)/completions/sluice.$$shell; done

setup:
	scripts/setup clang
.PHONY: setup-test
setup-test:
	scripts/setup-test

clean:
	$(CARGO) clean
	rm -rf $(OUT)
