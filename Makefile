# Everything a person runs. Python 3.11, git and make are enough; the rest is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
ARGS ?=
TESTED ?=
POSTS ?= 10000
ROUNDS ?= 3
# Every branch of these is tested: what is lost or let through here is noticed too late.
COVERED := */feedpub/storage/*,*/feedpub/delivery/*.py,*/feedpub/content/markup/sanitize.py
PEOPLE ?= 20000

.PHONY: help build test cover covered check format bench bench-site bench-mail bench-web fuzz campaign wheel clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 12

build: $(VENV)/.build ## build the example site of this folder into public/
	$(BIN)/python -m feedpub build

# TESTED names a Python that has everything already, as CI does with the wheel.
test: $(if $(TESTED),,$(VENV)/.test) ## run the tests; ARGS="-k rss" picks some
	$(or $(TESTED),$(BIN)/python) -m pytest -n 2 $(ARGS)

cover: ## run the tests and check their branch coverage
	$(MAKE) test ARGS="--cov --cov-report=term $(ARGS)"
	$(MAKE) covered

covered: ## check the coverage that a run with --cov has left
	$(or $(TESTED),$(BIN)/python) -m coverage report --include='$(COVERED)' --fail-under=100

check: $(VENV)/.check ## lint, format, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy feedpub tests benchmarks
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.check ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: bench-site bench-mail bench-web ## measure all that follow; POSTS=10000 PEOPLE=20000 ROUNDS=3

bench-site: $(BENCH)/.bench ## measure the build beside Pelican and Hugo
	POSTS=$(POSTS) ROUNDS=$(ROUNDS) $(BENCH)/bin/python -m benchmarks $(ARGS)
	POSTS=$(POSTS) $(BENCH)/bin/python -m benchmarks.living

bench-mail: $(BENCH)/.bench ## measure the newsletter beside Postfix's smtp-source
	PEOPLE=$(PEOPLE) ROUNDS=$(ROUNDS) $(BENCH)/bin/python -m benchmarks.mail $(ARGS)

bench-web: $(BENCH)/.bench ## measure feedpub serve beside nginx; ROUNDS=3
	ROUNDS=$(ROUNDS) $(BENCH)/bin/python -m benchmarks.web $(ARGS)

fuzz: $(VENV)/.test ## try mutated posts, lists, configurations, bounces and requests; POSTS=30000
	POSTS=$(if $(filter file,$(origin POSTS)),30000,$(POSTS)) $(BIN)/python -m benchmarks.fuzz

campaign: fuzz ## kill builds and sends many times, fill the disk, turn the clock; MOMENTS=60
	MOMENTS=$(or $(MOMENTS),60) $(BIN)/python -m pytest -n 0 tests/flow/test_killed.py \
		tests/flow/test_mishaps.py tests/flow/test_hostile.py
	MOMENTS=$(or $(MOMENTS),40) $(BIN)/python -m pytest -n 0 tests/flow/test_send_killed.py

wheel: $(VENV)/.check ## build the sdist and the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build

clean: ## remove what can be made again
	rm -rf public .feedpub .bench dist build .coverage .coverage.* .mypy_cache .pytest_cache \
		.ruff_cache .hypothesis .import_linter_cache

# One stamp for each set of dependencies: what is installed is not installed again.

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(BENCH)/bin/python:
	$(PYTHON) -m venv $(BENCH)

$(VENV)/.build: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@ $(VENV)/.build

$(VENV)/.check: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[test,check]"
	@touch $@ $(VENV)/.test $(VENV)/.build

$(BENCH)/.bench: pyproject.toml | $(BENCH)/bin/python
	$(BENCH)/bin/python -m pip install --quiet --editable ".[bench]"
	@touch $@
