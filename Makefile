# Conversion Backstop. `make` lists the commands; each does all of its own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
BIN := .venv/bin
EXT := extensions/meta-pixel
PYTHON ?= python3
PORT ?= 9400

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1|\2/' | column -t -s'|'

# --- set-up: stamps under build/ make second runs take seconds ---
.venv/bin/python:
	@mkdir -p build; $(PYTHON) tools/environment.py .venv

build/app.stamp: requirements/app.txt | .venv/bin/python
	@mkdir -p build; echo "Installing the Python packages ..."
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/app.txt
	@$(PY) tools/environment.py --link .venv
	@touch $@

build/dev.stamp: requirements/dev.txt build/app.stamp
	@echo "Installing what tests and checks need ..."
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

build/npm.stamp: $(EXT)/package-lock.json build/app.stamp
	@echo "Installing what builds the pixel ..."
	@$(PY) tools/node.py npm --prefix $(EXT) ci --no-audit --no-fund --silent
	@touch $@

$(EXT)/dist/main.js: $(wildcard $(EXT)/src/*.js) $(EXT)/build.mjs build/npm.stamp
	@$(PY) tools/node.py npm --prefix $(EXT) run --silent build

build/browser.stamp: tests/browser/package-lock.json build/app.stamp
	@echo "Installing what the browser tests need ..."
	@$(PY) tools/node.py npm --prefix tests/browser ci --no-audit --no-fund --silent
	@tools/chromium.sh
	@touch $@

build/contract.stamp: tests/contract/package-lock.json tests/contract/fetch_schema.py build/app.stamp
	@echo "Installing what the contract tests ask ..."
	@$(PY) tools/node.py npm --prefix tests/contract ci --no-audit --no-fund --silent
	@$(PY) tests/contract/fetch_schema.py build/contract
	@touch $@

setup: build/dev.stamp build/browser.stamp build/contract.stamp $(EXT)/dist/main.js ## everything that the other commands need

# --- the commands ---
demo: build/app.stamp $(EXT)/dist/main.js ## the main job in a browser: prints one address; PORT= moves it
	@exec $(BIN)/backstop demo --port $(PORT)

story: build/app.stamp $(EXT)/dist/main.js ## the main job end to end, without a browser
	@$(BIN)/backstop story

test: setup ## every test
	@tools/test.sh

test-full: setup ## every test, the slow ones included
	@FULL=1 tools/test.sh

bench: build/dev.stamp ## measure beside yardsticks; QUICK=1 is rough, ROWS=10000000 adds a ledger, PROFILE=1 shows functions
	@$(PY) -m $(if $(PROFILE),tests.bench.profile,tests.bench $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS)))

scale: build/dev.stamp ## how far one machine and one PostgreSQL go (an hour, root); PARTS=highest,machines,fairness picks some
	@$(PY) -m tests.scale

screens: setup ## photograph every page and state, in three languages, into build/screens/; ONLY=orders picks some
	@$(if $(ONLY),,rm -f build/screens/*.png)
	@$(BIN)/pytest -q -n 0 -p no:randomly -m slow tests/browser/test_screens.py -k "$(ONLY)"

vitals: setup ## LCP, CLS, INP and server cost of the pages, into build/vitals.json; ROWS=1000000 adds a large ledger
	@$(PY) -m tests.browser.vitals $(if $(ROWS),--rows $(ROWS))

chaos: build/dev.stamp ## kill -9, crashes of PostgreSQL and bad networks; CHAOS_ORDERS=, CHAOS_MINUTES=, CHAOS_SEED= say how much and which
	@$(PY) -m tests.chaos

chaos-selftest: build/dev.stamp ## deliberate defects, each of which the fault suite must notice; CHAOS_MUTANTS=a,b names some
	@$(PY) -m tests.chaos.selftest

fuzz: build/dev.stamp ## a million odd inputs, and rude clients; FUZZ_CASES=, FUZZ_SEED=
	@$(PY) -m tests.fuzz

audit: build/app.stamp ## ask registries about the packages that are pinned; needs the network
	@$(PY) tools/audit.py

lint: build/dev.stamp ## format, lint, types, arrows
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

fix: build/dev.stamp ## format, and mend what can be mended by machine
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

sure: lint test ## what CI runs

host-check: ## carry out docs/host.md on a bare Debian booted here (root, Debian; some minutes)
	@tests/host/machine.sh

catalogues: build/app.stamp ## put the texts of code and templates into translations/*.po; ADD=fr adds a language
	@$(PY) tools/catalogue.py $(ADD)

lock: ## compile requirements/*.in anew (needs uv)
	@cd requirements && for f in app dev; do \
	  uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q $$f.in -o $$f.txt; done

clean: ## remove what set-up and tests left here
	@rm -rf .venv build $(EXT)/dist $(EXT)/node_modules tests/browser/node_modules tests/contract/node_modules

.PHONY: help setup demo story test test-full bench scale chaos chaos-selftest screens vitals fuzz audit lint fix sure host-check catalogues lock clean
