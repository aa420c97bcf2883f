# Two commands on a fresh machine: `make run` and `make test`. Needs Python 3.11, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Compiled modules halve the start of every command; some machines turn them off.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test quick test-long ui bench bench-dbt-env lint audit format docs clean

run: $(READY)  ## Take in the sample files, build every month, print net-new leads
	$(BIN)/leads-platform run

ui: $(READY)  ## The Dagster UI on http://127.0.0.1:3000
	$(BIN)/leads-platform ui

test: $(READY)  ## Everything but full-size cases
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

quick: $(READY)  ## The inner loop, under a minute
	$(BIN)/pytest -n 2 --dist loadfile -m "not long and not slow" -x

test-long: $(READY)  ## Full-size cases: large files, long fuzzing
	$(BIN)/pytest -m long --timeout 7200

bench: $(READY)  ## Measure against raw DuckDB; ARGS="--large" for the large sizes, ARGS="--help" for the rest
	$(BIN)/python -m leads_platform_tests.bench $(ARGS)

bench-dbt-env: .venv-bench/.ready  ## dbt-duckdb in an environment of its own, for the case funnel of make bench

.venv-bench/.ready: leads_platform_tests/bench/dbt-constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps -r $<
	.venv-bench/bin/python -m compileall -q -j 2 .venv-bench/lib || true
	touch $@

lint: $(READY)  ## ruff and pyright
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

audit: $(READY)  ## Dependencies: pins, agreement, what is used and declared, licences; part of make test, needs no network
	$(BIN)/pytest leads_platform_tests/safety/test_dependencies.py -s

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## The generated data dictionary, contract schema and catalogue of bad input
	$(BIN)/python -m leads_platform.dictionary docs
	$(BIN)/python -m leads_platform_tests.arrivals.catalogue docs

clean:
	rm -rf $(VENV) .venv-bench build *.egg-info

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV): a few minutes the first time."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e ".[dev]"
	$(BIN)/python -m compileall -q -j 2 -x '/(tests|geodata|carrierdata|tzdata|pip|setuptools)/' $(VENV)/lib leads_platform || true
	touch $(READY)
