# Two commands matter: `make demo` plays the shop, `make test` proves it. Both install what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ := .make/fuzz-venv

# Without the compiled files every process that a test starts compiles the whole house first.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check laws types proofs browser storm fuzz peers bench fmt run migrate migration lock clean

demo: .make/run
	@$(BIN)/siyu demo

test: .make/test
	@$(MAKE) --no-print-directory laws proofs

# What `test` runs, without installing, and the types, which are looked at beside the tests.
check: laws
	@$(MAKE) --no-print-directory -j 2 types proofs

laws:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types:
	$(BIN)/mypy

proofs:
	$(BIN)/pytest -q -n 2 --dist worksteal

browser: .make/test
	@scripts/need-chromium
	$(BIN)/pytest -q tests/browser

# Promises that need thousands of events, several processes or minutes; each prints what it measured.
storm: .make/test
	$(BIN)/pytest -q -s tests/storm
	SIYU_EVERY_CELL=1 $(BIN)/pytest -q tests/web/test_grid.py

# Whatever schemathesis thinks of, by every role, to every endpoint: no answer may be 5xx. It brings a plugin
# for pytest, so it lives apart from the environment that runs the tests.
fuzz: .make/fuzz
	$(FUZZ)/bin/python -m tests.fuzz

# The npm packages and wechatpy themselves against ours; installs them under the temporary folder.
peers: .make/test
	$(BIN)/python -m tests.platforms.peers

# A program that needs data which may not ship says so, and is passed over.
bench: .make/bench
	@for program in benchmarks/[a-z]*.py; do echo "== $$program"; $(BIN)/python $$program --small || [ $$? = 2 ] || exit 1; done

fmt: .make/test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

run: .make/run
	$(BIN)/siyu serve

migrate: .make/run
	$(BIN)/siyu migrate

# The one revision of the schema, written anew after a table changed.
migration: .make/test
	scripts/write-migration

# Exact versions, without any address of where they came from.
lock: .make/test
	$(BIN)/pip freeze --exclude siyu --exclude pip --exclude setuptools > constraints.txt

.make/run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@mkdir -p .make && touch $@

.make/test: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@mkdir -p .make && touch $@ .make/run

.make/bench: .make/test
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

.make/fuzz: pyproject.toml constraints.txt
	@test -x $(FUZZ)/bin/python || { mkdir -p .make && $(PYTHON) -m venv $(FUZZ); }
	$(FUZZ)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@touch $@

clean:
	rm -rf $(VENV) .make
