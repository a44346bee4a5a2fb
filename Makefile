# Two commands do everything on a fresh machine: `make demo` and `make test`. Nothing needs activating.
# Debian: apt install make python3-venv. PYTHON=python3.13 make … builds the environment with another Python.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# The quick tests are shared by as many processes as there are cores, four at most; `worksteal` leaves a file to one
# of them where it can. A test that measures does so in its own process.
SHARED := -n auto --maxprocesses 4 --dist worksteal
# Hundreds of tests start `python -m monitor`: without compiled files each start costs three times as much.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow prove bench docs captures fmt sql man lock clean

help:            ## this list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

# The stamp is written last, so a half-finished install is done again. pip is upgraded first: Debian's own
# crashes on some of our dependencies. uv is used where it is at hand, only because it is quicker.
$(STAMP): pyproject.toml requirements.lock
	@echo "Installing into $(VENV) (the first time takes a minute or so) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null 2>&1; then \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet --require-hashes -r requirements.lock && \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(STAMP)

setup: $(STAMP)  ## make .venv with everything in it

demo: $(STAMP)   ## the real daemon on a bundled sample newsroom
	@$(BIN)/tocsin demo

test: $(STAMP)   ## format, lint, types, import contracts, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q $(SHARED) -m "not slow and not prove"

test-slow: $(STAMP)  ## crash loops, real feeds, whatever takes longer
	$(BIN)/pytest -q -m "slow and not prove"

prove: $(STAMP)  ## the big counts, by hand
	$(BIN)/pytest -q -m prove -s

bench: $(STAMP)  ## figures, side by side in one run
	$(BIN)/python benchmarks/parse.py
	$(BIN)/python benchmarks/fetch.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/polls.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.rules --agree
	$(BIN)/python -m benchmarks.rule_shapes
	$(BIN)/python -m benchmarks.reader_polls
	$(BIN)/python -m benchmarks.daemon_polls
	$(BIN)/python -m benchmarks.stories
	$(BIN)/python -m benchmarks.stories --short

docs: $(STAMP)   ## check that documents and examples are true
	$(BIN)/pytest -q tests/test_docs.py

captures: $(STAMP)  ## make what docs/channels.md shows again (its picture of a mail needs Chromium)
	$(BIN)/python -m tests.support.captures

fmt: $(STAMP)    ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

sql: $(STAMP)    ## compile the statements, and the newest schema, to SQL text again
	$(BIN)/python -m monitor.store.statements > monitor/store/sql.py.new && mv monitor/store/sql.py.new monitor/store/sql.py
	$(BIN)/python -m monitor.store.compile_schema > monitor/store/newest.py.new && mv monitor/store/newest.py.new monitor/store/newest.py

man: $(STAMP)    ## write the manual pages again
	$(BIN)/python -m monitor.cli.manual

lock: $(STAMP)   ## resolve the dependencies again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

clean:           ## remove what was built
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
