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
	$(BIN)/pytest -n 2 --dist loadscope

OLDEST := .venv/oldest/bin
# What touches every dependency; shapes are not checked, and deprecations of later days are no faults.
OLDEST_TESTS := tests/pipeline/sources tests/pipeline/exports tests/pipeline/scoring tests/pipeline/fidelity \
	tests/pipeline/test_store.py tests/pipeline/test_kitti_layout.py tests/models/test_cycle_gan.py \
	tests/flows/test_tracking.py tests/flows/test_destinations.py tests/flows/test_search.py
test-oldest: ## Try the oldest direct dependencies that pyproject.toml allows (torch as in constraints.txt)
	$(PYTHON) -m venv .venv/oldest
	$(OLDEST)/pip install -q uv
	grep '^torch==' constraints.txt > .venv/oldest/torch.txt
	$(OLDEST)/uv pip install -q --python $(OLDEST)/python --resolution lowest-direct -e . -c .venv/oldest/torch.txt
	$(OLDEST)/uv pip install -q --python $(OLDEST)/python pytest hypothesis beartype
	AUGMENT_KITTI_DATA=.venv/oldest/data $(OLDEST)/augment-kitti run mini --seeds 2 --set 'strategies=[none,copies,noise]'
	$(OLDEST)/pytest -o addopts='--import-mode=importlib -q' -W ignore::DeprecationWarning -W ignore::FutureWarning \
		$(OLDEST_TESTS)

audit: ## Hold the tested set of dependencies against the known vulnerabilities; fails where it cannot ask
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install -q pip-audit
	.venv/audit/bin/pip-audit --strict --disable-pip --no-deps -r constraints.txt

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

.PHONY: help run serve test test-oldest audit clean
.DEFAULT_GOAL := help
