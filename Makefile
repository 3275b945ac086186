# Needs Python 3.11 or newer, and nothing else.

PYTHON ?= python3
BIN := .venv/bin

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: .venv/installed ## Run both mini studies; the last line each prints is its report's folder
	$(BIN)/augment-kitti run mini
	$(BIN)/augment-kitti run mini-night

serve: .venv/installed ## Keep up Prefect, MLflow, the deployment and a worker on 127.0.0.1
	$(BIN)/augment-kitti serve

test: .venv/installed-dev ## Check style, types and architecture, and run all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

clean: ## Remove everything that was made here: .venv, caches, and the contents of data/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find data -mindepth 1 ! -path 'data/README.md' ! -path 'data/pictures*' -delete

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e . -c constraints.txt
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install -q -e '.[dev]' -c constraints.txt
	touch $@

.PHONY: help run serve test clean
.DEFAULT_GOAL := help
