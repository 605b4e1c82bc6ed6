# Two commands on a fresh machine (Python 3.11 or newer, make) do all the set-up: make run, make test.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.run-ready
DEV    := $(VENV)/.dev-ready
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-spark test-fast lint format bench lock browser clean

help:            ## this list
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sightglass needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements-dev.lock
	@touch $@

run: $(STAMP)    ## open the dashboard on the demo world, at http://127.0.0.1:8501
	$(BIN)/sightglass serve

browser:
	@sh tests/install_chromium.sh

# one thread of linear algebra for each of the workers: more only get in each other's way
test: $(DEV) browser  ## every test but the slow simulations
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

test-slow: $(DEV)  ## the long simulations
	$(BIN)/python -m pytest -q -n $(WORKERS) -m slow

test-spark: $(DEV)  ## Spark beside DuckDB (needs Java 17 or newer)
	$(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements-spark.lock
	$(BIN)/python -m pytest -q tests/test_engine.py tests/test_counted.py tests/test_reach.py -k spark

lint: $(DEV)     ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV)   ## let ruff rewrite
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV) browser  ## figures beside other libraries, in one run
	$(BIN)/python -m benchmarks

lock: $(DEV)     ## resolve the lock files anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group pyproject.toml:build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group pyproject.toml:build --group pyproject.toml:dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra spark --group pyproject.toml:build pyproject.toml -c requirements.lock -o requirements-spark.lock

clean:           ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
