# The two commands a newcomer needs: make run, make test.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench lock

help: ## Show these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/'

setup: $(STAMP) ## Make .venv with the pinned dependencies

$(STAMP): requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

run: $(STAMP) ## Migrate, load the demonstration into an empty database, start server and worker
	@$(BIN)/python serve.py

test: $(STAMP) ## Run the whole suite (PostgreSQL, Redis, Chromium and node where present)
	@code=0; \
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal || code=$$?; \
	$(BIN)/python -m tests.postgresql || code=$$?; \
	exit $$code

lint: $(STAMP) ## Format, style, types, import contracts, security
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app scheduler config.py serve.py sending.py wsgi.py

bench: $(STAMP) ## Measure what docs/performance.md promises
	$(BIN)/python -m bench

lock: $(STAMP) ## Pin the newest dependencies that agree
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --upgrade --output-file requirements.lock
