# Two commands to know: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: demo test test-long check bench lock clean

demo: $(READY)
	$(BIN)/deskrail demo

test: $(READY_DEV)
	$(BIN)/pytest -n 2 --dist loadgroup -m "not long"

test-long: $(READY_DEV)
	$(BIN)/pytest -n 2 --dist loadgroup -m long
	$(BIN)/python -m tests.seeded_bugs

check: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/deskrail check

bench: $(READY_DEV)
	$(BIN)/python -m benchmarks

# The locks pin every version and hash and name no index; pip takes them from wherever it is told to.
lock: $(READY_DEV)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml --group dev -o requirements-dev.lock

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(READY_DEV): requirements-dev.lock $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

clean:
	rm -rf $(VENV)
