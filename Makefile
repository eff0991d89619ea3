# The only list of commands. `make` alone prints it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# One more than there are cores, for much of the time a test waits; each has a PostgreSQL of its own.
PYTEST := $(BIN)/python -m pytest --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses 8 --dist loadfile --no-loadscope-reorder
# Files of the product: when one of these changes, what is installed may be stale.
EDITABLE := pyproject.toml

.PHONY: help run test check live fleet compose-test bench lint format golden dashboards lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: .venv/.control ## install and run the whole system on this machine, until Ctrl-C
	@exec $(BIN)/hyperion up $(ARGS)

test: lint ## everything: check, real servers, real machines (as root on Debian it installs what it needs)
	@PYTHONPATH=tests $(BIN)/python -m lab.prepare
	@$(PYTEST) $(ARGS)

check: lint ## format, lint, types, floors, unit tests, promtool, amtool
	@$(PYTEST) -m "not live and not fleet" $(ARGS)

live: .venv/.tests ## the tests against real servers on loopback
	@$(PYTEST) -m live $(ARGS)

fleet: .venv/.tests ## the tests against real Debian machines (root, systemd-nspawn)
	@$(PYTEST) -m fleet $(ARGS)

compose-test: .venv/.tests ## the whole under Docker Compose, on an engine of its own (root; 7 minutes)
	@$(BIN)/python -m pytest tests/deploy/stack.py $(ARGS)

bench: .venv/.tests ## ours beside its peers, in turn; WRITE=1 renews docs/bench.md
	@PYTHONPATH=tests $(BIN)/python -m bench $(if $(WRITE),--write docs/bench.md) $(ARGS)

lint: .venv/.tests
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/floors.txt 2>&1 || { cat .venv/floors.txt; exit 1; }

format: .venv/.tests ## put the code into the house's form
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

golden: .venv/.tests ## renew expected.prom and exporter.example.yml from the code
	@$(BIN)/hyperion-exporter --config.example >exporter/exporter.example.yml
	@PYTHONPATH=tests $(BIN)/python tests/exporter/golden.py

dashboards: .venv/.tests ## grafana/sources/*.py into grafana/dashboards/*.json
	@PYTHONPATH=grafana $(BIN)/python -m sources

lock: ## resolve the three lock files anew (versions and hashes)
	@test -x .venv/lock/bin/uv || { $(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip --quiet install uv; }
	@for room in tests control-api exporter; do \
	    case $$room in \
	        tests) want="--extra control --group build --group test --group lint" ;; \
	        control-api) want="--extra control --group build" ;; \
	        exporter) want="" ;; \
	    esac; \
	    test $$room = tests || want="$$want --constraint tests/requirements.lock"; \
	    .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-header --no-annotate --no-emit-index-url $(UPGRADE) $$want \
	        --output-file $$room/requirements.lock pyproject.toml || exit 1; \
	done

clean: ## remove what make made, but never var/ (users and data)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist

# Debian splits pip from python3; where it is missing, pip comes out of the system's own package,
# unpacked beside us, so that neither root nor a change of the system is needed.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo "Hyperion needs Python 3.11 or newer as $(PYTHON); name another with: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { \
	    rm -rf .venv && $(PYTHON) -m venv --without-pip .venv \
	    && PYTHONPATH=control-api $(PYTHON) -m hyperion_control.up.packages --into .venv/wheels python3-pip-whl \
	    && PYTHONPATH=$$(ls .venv/wheels/usr/share/python-wheels/pip-*.whl) .venv/bin/python -m pip --quiet install --no-index --find-links .venv/wheels/usr/share/python-wheels pip; }

.venv/.control: control-api/requirements.lock $(EDITABLE) | .venv/bin/python
	@echo "installing into .venv, once"
	@test -e .venv/.tests || $(PIP) install --require-hashes --requirement control-api/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.tests: tests/requirements.lock $(EDITABLE) | .venv/bin/python
	@echo "installing into .venv, once"
	@$(PIP) install --require-hashes --requirement tests/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.control
