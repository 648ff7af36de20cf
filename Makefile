# Three commands: `make demo` makes an audiobook, `make serve` opens the page and the speech API,
# `make test` proves the rest.
#
#   PYTHON=/path/to/python3.12   the interpreter to build the environment with
#   VENV=/elsewhere              where the environment lies (default: .venv)
#   SERVE="--port 8000"          further arguments of castbook serve
#   TESTS="-k stitch"            further arguments of pytest

VENV ?= .venv
PYTHON ?=
DEMO ?= projects/scandal
SERVE ?=
TESTS ?=
BIN = $(VENV)/bin
ENVIRONMENT = PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/environment.sh

.PHONY: help demo serve test check lint format docs clean

help:
	@echo "make demo    an audiobook of $(DEMO), offline after the installation"
	@echo "make serve   the page, the speech API and the jobs API, at http://127.0.0.1:7860"
	@echo "make test    the whole test suite, with a table of what was skipped"
	@echo "make check   ruff, mypy and the test suite: what CI runs"
	@echo "make format  ruff, changing files"
	@echo "make docs    the tree and the command pages, written from the code"
	@echo "make clean   remove the environment and all caches (books are kept)"

demo:
	@$(ENVIRONMENT) espeak
	@$(BIN)/castbook make $(DEMO)
	@echo "listen to:" && find $(DEMO)/build/out -name '*.m4b'

# exec: Ctrl-C and signals reach castbook itself
serve:
	@$(ENVIRONMENT) espeak,service
	@exec $(BIN)/castbook serve $(SERVE)

# Two workers: engines and ffmpeg bring their own processes; three were slower on two cores.
# loadgroup: see tests/conftest.py.
# Modules are compiled once, and not by each of the hundreds of processes that tests start.
test:
	@$(ENVIRONMENT) dev
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(TESTS)

lint:
	@$(ENVIRONMENT) dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: lint
	@$(MAKE) --no-print-directory test

format:
	@$(ENVIRONMENT) dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs:
	@$(ENVIRONMENT) dev
	@$(BIN)/python -m scripts.documents

clean:
	test ! -f $(VENV)/pyvenv.cfg || rm -rf $(VENV)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
