# Every target sets up what it needs; a second call finds it there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
WHEEL_VENV ?= .venv-wheel
PYTEST_WORKERS ?= 2
COVERAGE ?= --cov --cov-report=term

BIN := $(VENV)/bin
AS_ROOT := $(shell test "$$(id -u)" = 0 || echo sudo -n)
CHECKED := src tests $(wildcard benchmarks examples)
# That the wheel is whole: its suite passes, and the documentation runs, on SQLite where it keeps data.
WHEEL_TESTS := $(wildcard tests/backends/test_memory.py tests/docs)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint check bench load docs wheel-test faults mutants screenshots chromium clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.web ## offer a practice with a believable year in the browser; DEMO=--terminal: here
	$(BIN)/orthocrm demo $(DEMO)

test: check chromium ## style, types, layers, then all tests with coverage
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -m "not faults and not bench and not slow" $(COVERAGE)

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports

lint: check ## the same checks without the tests, and the declared dependencies
	$(BIN)/deptry src

bench: $(VENV)/.dev ## measure against hand-written SQL; BENCH=--quick for a short run
	$(BIN)/python benchmarks/run.py $(BENCH)

screenshots: $(VENV)/.dev chromium ## look at every page in both themes and three widths, in build/screenshots
	$(BIN)/python -m tests.browser.screenshots build/screenshots $(SCREENSHOTS)

load: $(VENV)/.dev ## load `orthocrm serve`; LOAD="--seconds 600" for the long run
	$(BIN)/python benchmarks/load.py $(LOAD)

docs: $(VENV)/.dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

faults: $(VENV)/.dev chromium ## the tests that kill processes, cut connections, or take long
	$(BIN)/python -m pytest -m "faults or slow"

mutants: $(VENV)/.dev ## change the rules of privacy on purpose, and list what no test notices
	$(BIN)/python -m pip install --quiet --group mutants
	$(BIN)/mutmut run
	$(BIN)/mutmut results

wheel-test: $(VENV)/.dev ## build the wheel, install it afresh and test what was installed
	rm -rf dist $(WHEEL_VENV)
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	$(PYTHON) -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/pip install --quiet "pip>=25.1"
	$(WHEEL_VENV)/bin/pip install --quiet --group test dist/orthocrm-*.whl
	$(WHEEL_VENV)/bin/python -c "import orthocrm; assert 'site-packages' in orthocrm.__file__, orthocrm.__file__"
	$(if $(WHEEL_TESTS),$(WHEEL_VENV)/bin/python -m pytest -n $(PYTEST_WORKERS) -m "not faults and not bench" $(WHEEL_TESTS))

# Browser tests drive Debian's Chromium; where it cannot be had they say that they are left out.
chromium:
	@command -v chromium >/dev/null || { \
	  command -v apt-get >/dev/null && $(AS_ROOT) apt-get update -qq && \
	  $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	} || echo "no Chromium: the tests in a browser are left out"

clean: ## remove the environments and everything that was built
	rm -rf $(VENV) $(WHEEL_VENV) dist build site htmlcov .coverage .coverage.* \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants

# The stamps are written last, so an interrupted set-up is repeated.

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet "pip>=25.1" # older ones know no dependency groups
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.web: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable ".[web]"
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --group dev --editable ".[all]"
	@touch $@
