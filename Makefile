# Two commands for a newcomer: `make run` serves the demo, `make test` runs every test.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO_CLOCK := 2026-06-01T09:00:00+08:00

.PHONY: run setup test test-fast check lock bench soak interchange screenshots clean

run: setup ## Serve the demo on http://127.0.0.1:8000 (manual clock, moved by the bar on the page)
	$(BIN)/zhiping db upgrade
	ZHIPING_CLOCK=manual $(BIN)/zhiping demo --at $(DEMO_CLOCK)
	ZHIPING_CLOCK=manual $(BIN)/zhiping serve

setup: .venv/made-runtime web/static/dist/manifest.json ## Everything `run` needs, and nothing started

test: setup .venv/made-test ## Lint, types, walls, and the whole test suite
	.ci/provide
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

test-fast: setup .venv/made-test ## Unit tests only: seconds
	$(BIN)/python -m pytest tests/unit tests/architecture

check: .venv/made-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: setup ## The table of figures, each beside its floor: about eight minutes on two quiet cores (quick: `make bench QUICK=--quick`)
	$(BIN)/python -m bench $(QUICK)

soak: setup .venv/made-test ## Work while everything is killed, on two quiet cores: `make soak MINUTES=480 SEED=7 SOAK="--clerks 8 --kill-every 2"`
	$(BIN)/python -m tests.faults.soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(SOAK)

interchange: setup .venv/made-test ## Does the diagram editor keep what other programs drew? `make interchange FOLDER=…` opens every .bpmn of a folder
	$(BIN)/python -m tests.interchange $(FOLDER)

lock: ## Renew requirements/*.txt (needs uv)
	requirements/lock

# The set-up is made again whenever the file it was made from has changed, so it works after a `git pull`.
.venv/made-runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "需要 Python 3.11 或更新版本（Python 3.11 or newer is needed）"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/made-test: requirements/test.txt .venv/made-runtime
	$(PIP) install --require-hashes -r requirements/test.txt
	touch $@

# Node of the machine if it is 20 or newer, else the one that comes as a wheel.
node_modules/made: package-lock.json .venv/made-runtime
	.ci/node npm ci --no-audit --no-fund
	touch $@

web/static/dist/manifest.json: node_modules/made $(shell find web/assets web/templates engine/bpmn/js -name dist -prune -o -type f -print 2>/dev/null)
	.ci/node npm run build
	touch $@

clean: ## Remove what the set-up made (not the data)
	rm -rf .venv node_modules web/static/dist engine/bpmn/js/dist
