# Bare `make` lists what there is. Everything runs in .venv, which `make install` makes from the lock.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
UNIT := tests/unit tests/contracts tests/architecture tests/counts
IN_MEMORY := tests/access tests/privacy tests/simulation
TIMED := .ci/timed

.DEFAULT_GOAL := help
.PHONY: help install check static test night simulate chaos demo up bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv from the lock (repeated: nothing to do)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make install PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

check: static ## Format, lint, types, import rules, unit tests: a few minutes, before every commit
	@$(TIMED) units $(BIN)/pytest -q -n auto $(wildcard $(UNIT))

static: $(INSTALLED)
	@$(TIMED) static sh -ec '$(BIN)/ruff format --check .; $(BIN)/ruff check .; $(BIN)/mypy; $(BIN)/lint-imports'

test: check ## Everything, on real Kafka and MongoDB where the machine can have them
	@$(TIMED) conformance $(BIN)/pytest -q -n 4 --dist loadgroup tests/conformance
	@$(TIMED) in-memory $(BIN)/pytest -q -n auto $(IN_MEMORY)
	@$(TIMED) on-the-stack $(BIN)/pytest -q $(addprefix --ignore=,$(UNIT) $(IN_MEMORY) tests/conformance)

night: $(INSTALLED) ## The same and more in full size, hour after hour: seeds, histories, chaos, demos on all stacks
	.ci/run night

simulate: $(INSTALLED) ## Play seeds of the simulations, for a night (SEEDS=10000 FIRST=0, KIND=services or engine)
	$(BIN)/python -m tests.simulation $(or $(SEEDS),10000) $(or $(FIRST),0) $(KIND)

chaos: $(INSTALLED) ## Kill and freeze everything under load, then judge (REFERRALS=20000 FAULTS=500, SEED=…)
	$(BIN)/python -m tests.chaos --referrals $(or $(REFERRALS),20000) --faults $(or $(FAULTS),500) $(if $(SEED),--seed $(SEED))

demo: $(INSTALLED) ## Send referrals through all services and show where each one ends (FILE=… for your own)
	$(BIN)/throughline demo $(if $(FILE),"$(FILE)")

up: $(INSTALLED) ## Keep stack, services and simulators running, and print their addresses (Ctrl-C ends them)
	$(BIN)/throughline up

bench: $(INSTALLED) ## Measure speed and memory against the floor and a peer: an hour (ONLY=burst N=2000 UPTO=20000)
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(N),--count $(N)) $(if $(UPTO),--upto $(UPTO))

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-config --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: ## Choose the newest versions that pyproject.toml allows, for us and for the images (needs uv)
	$(COMPILE) pyproject.toml --upgrade --all-extras --group ingress --output-file requirements.lock
	$(COMPILE) pyproject.toml --constraints requirements.lock --output-file deploy/docker/requirements.lock
	$(COMPILE) pyproject.toml --extra simulators --constraints requirements.lock --output-file deploy/docker/demo.lock
	$(COMPILE) --group ingress --constraints requirements.lock --output-file deploy/docker/ingress/requirements.lock

clean: ## Remove .venv, caches and what stacks left behind
	rm -rf .venv .throughline .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
