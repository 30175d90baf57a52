# One word per job, the same in CI and in the README. Needs Python >= 3.11 and a Rust toolchain, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export CARGO_INCREMENTAL := 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-rust test-python measure test-long fuzz check format lint types examples tables bench bench-kernels docs wheel clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# The environment: made once, and again when what it should hold changes.
$(VENV)/.made: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet "maturin>=1.14,<2"
	touch $@

# The compiled package, put into the environment in place.
$(VENV)/.built: $(VENV)/.made Cargo.toml Cargo.lock $(shell find src -name '*.rs')
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked
	touch $@

$(VENV)/.group-%: $(VENV)/.made
	$(BIN)/python -m pip install --quiet --group $*
	touch $@

demo: $(VENV)/.built $(VENV)/.group-demo ## Train small networks on real data and show how alike they are, with p-values (demo/)
	$(BIN)/python examples/digits.py --out demo

test: test-rust test-python ## Run all tests

test-rust: ## Test the core without Python
	cargo test --release --locked

test-python: $(VENV)/.built $(VENV)/.group-test ## Test the package
	$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal

# The quick build leaves out what most of a rebuild is: optimization across the parts of the crate. It is up to twice as
# slow when it runs, so what needs speed is built in full again afterwards.
measure: $(VENV)/.made $(VENV)/.group-check $(VENV)/.group-test ## Check, build and test one measure in a minute or two (NAME=cka)
	@ls python/resemblance/measures/*/_$(NAME).py $(wildcard src/measures/*/$(NAME).rs)
	cargo clippy --quiet --locked --features python -- -D warnings
	rm -f $(VENV)/.built
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --quiet --release --locked -- -C lto=off -C codegen-units=1024
	$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal tests/python --measure $(NAME)
	$(BIN)/python -m pytest -q --doctest-modules python/resemblance/measures/*/_$(NAME).py
	cargo fmt --check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

test-long: $(VENV)/.built $(VENV)/.group-test ## Simulate levels, coverage and efficiency of the tests at length (a quarter of an hour)
	RESEMBLANCE_LONG=1 $(BIN)/python -m pytest -q --numprocesses auto --dist worksteal tests/python/long

fuzz: $(VENV)/.built $(VENV)/.group-test ## Damage files of every format at random for five minutes (SEED=0)
	$(BIN)/python tests/fuzz/readers.py --seconds 300 --seed $(or $(SEED),0)

check: format lint types test examples ## Everything CI checks: layout, lints, types, tests, examples of the documentation

format: $(VENV)/.group-check ## Is all code laid out alike?
	cargo fmt --check
	$(BIN)/ruff format --check .

lint: $(VENV)/.group-check ## Clippy on the library with and without Python, and ruff
	cargo clippy --locked -- -D warnings
	cargo check --quiet --locked --benches
	cargo clippy --locked --features python -- -D warnings
	$(BIN)/ruff check .

types: $(VENV)/.built $(VENV)/.group-check $(VENV)/.group-test ## Strict types, and stubs against the compiled module
	$(BIN)/mypy
	$(BIN)/stubtest resemblance._core --mypy-config-file pyproject.toml

examples: $(VENV)/.built $(VENV)/.group-test ## Run the examples of the docstrings, the README and the pages
	$(BIN)/python -m pytest -q --doctest-modules python/resemblance
	$(BIN)/python -m pytest -q --doctest-glob '*.md' README.md
	$(BIN)/python -m pytest -q --doctest-glob '*.rst' docs/significance.rst docs/mathematics.rst

tables: $(VENV)/.built ## Write the tables of measures in the README and in ARCHITECTURE.md
	$(BIN)/python docs/tables.py

bench: $(VENV)/.built $(VENV)/.group-bench ## Compare with NumPy and other packages, side by side
	$(BIN)/python benches/peers/run.py --table

bench-kernels: ## Time the kernels (Criterion)
	cargo bench --locked

docs: $(VENV)/.built $(VENV)/.group-docs ## Build the documentation (docs/_build/html)
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

wheel: $(VENV)/.made ## Build the wheel that is published (dist/)
	$(BIN)/python -m pip install --quiet "maturin[zig]>=1.14,<2"
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --profile wheel --locked --zig --compatibility manylinux2014 --out dist

clean: ## Remove the environment and everything built
	rm -rf $(VENV) target dist demo docs/_build docs/measures docs/warnings.rst
