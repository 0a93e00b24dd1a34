# `make start` runs everything on this machine, `make test` proves that it works. Paths are relative, so that a space in
# the project's path does no harm.
PYTHON ?= python3.11
PORT ?= 8000
RUN := .venv/bin/python

.PHONY: help start test setup python

help:
	@echo "make start [PORT=8000]   set everything up and run it until Ctrl-C"
	@echo "make test                set up the same and run every check and test"
	@echo "make setup               only .venv and its packages"

python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "Python 3.11 is needed and there is no $(PYTHON) on the PATH; install it, or name it: make start PYTHON=/path/to/python3.11" >&2; \
	  exit 1; }

setup: python
	@"$(PYTHON)" .ci/set_up.py

start: python
	@"$(PYTHON)" .ci/set_up.py
	@exec $(RUN) manage.py start --port "$(PORT)"

test: python
	@"$(PYTHON)" .ci/set_up.py --test
	@echo "[test] style (ruff)"
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --quiet --check .
	@echo "[test] who may import whom (import-linter)"
	@$(RUN) -c "import sys; from importlinter.cli import lint_imports_command as lint; sys.argv = ['lint-imports']; lint()"
	@echo "[test] production settings (manage.py check --deploy) and migrations (makemigrations --check)"
	@ADAPTIVE_DATA_DIR=.data/test ADAPTIVE_HTTPS=on ADAPTIVE_HOSTS=learn.example.org \
	  $(RUN) manage.py check --deploy --fail-level WARNING
	@ADAPTIVE_DATA_DIR=.data/test $(RUN) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "[test] the suite (pytest)"
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder
