# The one door. `make` alone lists what is behind it.
#
# Needed by hand: a Rust toolchain (rust-version in Cargo.toml) with a C compiler, make; for `make test` also Python 3.11 and Node.js 20.

CARGO ?= cargo
FUZZ_SECONDS ?= 60
TARGET := $(or $(CARGO_TARGET_DIR),target)
PEERS := target/peers

.PHONY: help demo test peers test-rust test-peers test-end-to-end check lint doc supply-chain bench bench-full soak fuzz mutants dev-pki

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: ## Play one command end to end, on real sockets, with the real agent
	$(CARGO) run --features demo -- demo

test: peers test-rust test-peers test-end-to-end ## Run every test

peers:
	tests/peers/install.sh $(PEERS)

test-rust:
	$(CARGO) test --workspace --features demo

# The two halves of the self-test run side by side: most of it is waiting.
test-peers: peers
	@echo 'proving the peers without the agent'
	@$(PEERS)/python/bin/python tests/peers/selftest.py $(PEERS) ControlPlane >$(PEERS)/selftest.log 2>&1 & half=$$!; \
	$(PEERS)/python/bin/python tests/peers/selftest.py $(PEERS) Sdks; other=$$?; \
	wait $$half; half=$$?; cat $(PEERS)/selftest.log; exit $$((half || other))

# The agent is the one `test-rust` has just built: a build of its own would choose other features of the libraries and compile them again.
test-end-to-end: peers test-rust
	@echo 'the real agent between peers that others wrote'
	@$(PEERS)/python/bin/python tests/peers/end_to_end.py $(TARGET)/debug/portcullis $(PEERS)
	@$(PEERS)/python/bin/python tests/peers/audit_verify.py $(TARGET)/tmp/audit-sample
	@$(PEERS)/python/bin/python tests/peers/audit_verify.py $(TARGET)/tmp/audit-cli-sample

check: lint doc supply-chain ## Format, lints, documentation, layering, advisories

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features demo -- -D warnings
	$(CARGO) clippy --workspace -- -D warnings
	$(CARGO) test --features demo --test layering --test given_crates --test documents

doc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --features demo

supply-chain:
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --all-features check; \
	else echo 'skipped: cargo deny is not installed (cargo install cargo-deny --locked)'; fi
	@if $(CARGO) audit --version >/dev/null 2>&1; then $(CARGO) audit; \
	else echo 'skipped: cargo audit is not installed (cargo install cargo-audit --locked)'; fi

bench: ## Measure the gate, the audit log and the relay against their budgets
	$(CARGO) bench -p portcullis-policy --bench gate
	$(CARGO) bench -p portcullis-policy --bench decide
	$(CARGO) bench --features demo --bench audit
	$(CARGO) bench --features demo --bench relay
	$(CARGO) bench --features demo --bench channels

bench-full: bench ## The same, and a thousand rotations under load (20 minutes in all); `make soak` takes another 30
	$(CARGO) bench --features demo --bench rotation -- rotations

soak: ## Certificates that live a minute, renewed under load for half an hour
	$(CARGO) bench --features demo --bench rotation -- soak

fuzz: ## Fuzz each target for FUZZ_SECONDS (60); needs a nightly toolchain
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo 'fuzzing needs a nightly toolchain: rustup toolchain install nightly'; exit 1; }
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { echo 'fuzzing needs cargo-fuzz: cargo install cargo-fuzz --locked'; exit 1; }
	@for target in $$($(CARGO) +nightly fuzz list); do \
		$(CARGO) +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done

mutants: ## Change the deciding code a bit at a time, and see that a test notices each (hours); needs cargo-mutants
	@$(CARGO) mutants --version >/dev/null 2>&1 || { echo 'this needs cargo-mutants: cargo install cargo-mutants --locked'; exit 1; }
	CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) mutants --package portcullis-policy --output target

dev-pki: ## Write development certificates to target/pki
	$(CARGO) run --features demo -- certs dev target/pki
