# Needs Python 3.11 or later, make and a package registry; nothing else.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := build/uv/bin/uv
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
PYTEST := $(BIN)/pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help setup run test test-pure test-slow check bench pictures seek nightly translations lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(VENV)/.ready ## .venv with everything, test and check tools too

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "hwb needs Python 3.11 or later; name one with make PYTHON=…")'
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: pyproject.toml uv.lock $(UV)
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@# Behind a proxy with its own certificates only the system knows them; on a bare system only uv does.
	@$(UV) sync --quiet --frozen --all-extras --python $(BIN)/python \
		|| $(UV) sync --quiet --frozen --all-extras --python $(BIN)/python --system-certs
	@touch $@

run: setup ## a small authority's July and September, then the server on http://localhost:8000
	@$(BIN)/hwb demo --serve

test: setup ## every test but the slow ones, in a shuffled order
	@$(PYTEST) -m "not slow"

test-pure: setup ## the tests that need no database
	@$(BIN)/pytest -p no:randomly tests/spec tests/property tests/unit tests/client -m "not slow and not django_db"

test-slow: setup ## the slow ones
	@$(PYTEST) -m slow || test $$? -eq 5  # 5: no test is slow

check: setup ## style, types, import contracts, migrations, translations
	@$(BIN)/python -m tools.check

bench: setup ## speed of a nation, of the portal's pages and of signing in; writes build/bench.json
	@$(BIN)/python -m bench

pictures: setup ## README's pictures of the portal, in both languages; needs Debian's chromium
	@$(BIN)/python -m tools.pictures

SEEDS := 1 20
seek: setup ## the properties over nations that no run has seen; SEEDS="12 20" goes on where it stopped
	@for seed in $$(seq $(SEEDS)); do echo "seed $$seed"; \
		HWB_TEST_SEEK=$$seed $(PYTEST) -q tests/property tests/integration/test_nothing_left_to_do.py \
		--hypothesis-seed=$$seed || exit 1; done

nightly: check test test-slow seek bench ## everything

translations: setup ## is every sentence there in Welsh?
	@$(BIN)/python -m tools.translations

lock: $(UV) ## take newer versions of the dependencies into uv.lock
	@$(UV) lock --upgrade

clean: ## leave only what git knows
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
