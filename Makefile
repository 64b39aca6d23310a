# One command per chore, the same on a laptop and in continuous integration. Needs make and Python 3.11 to 3.13, nothing else.
#
#   make run       open the dashboard (the first time it installs what it needs into .venv)
#   make test      style, types, and the tests that are run before every commit, the main job in the browser included
#   make test-all  style, types and all tests; what continuous integration runs
#   make lint      style and types only
#   make bench     all benchmarks in at most twelve minutes; writes docs/performance.md
#   make export    add what only some exports need (requirements-export.txt) to .venv
#   make clean     remove .venv and caches; runs/ is kept

# The tensorflow pinned in requirements.txt has wheels for these versions of Python.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c '$(SUITABLE)' 2>/dev/null && echo "$$name" && break; done)

ENVIRONMENT := .venv
VENV_PYTHON := $(ENVIRONMENT)/bin/python
PIP := $(VENV_PYTHON) -m pip --disable-pip-version-check install

.PHONY: run test test-all lint bench export clean chromium java
.DELETE_ON_ERROR:

run: $(ENVIRONMENT)/.installed-run
	$(VENV_PYTHON) -m streamlit run dashboard.py

# Two processes, for much of the time a test waits for a framework to be loaded; the files stay whole, for their tests share what is trained.
# The browser comes after that: a person at the page has the machine alone, too.
PYTEST := HF_HUB_OFFLINE=1 $(VENV_PYTHON) -m pytest
IN_TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: $(ENVIRONMENT)/.installed-test chromium lint
	$(PYTEST) -m "not thorough and not browser" $(IN_TWO)
	$(PYTEST) -m "browser and not thorough"

test-all: $(ENVIRONMENT)/.installed-test $(ENVIRONMENT)/.installed-export chromium java lint
	$(PYTEST) -m browser --durations 10
	$(PYTEST) -m "not browser" $(IN_TWO) --durations 30

lint: $(ENVIRONMENT)/.installed-test
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m mypy

# Every figure of docs/performance.md is written by the script that measures it; timings mean something on an otherwise idle machine only.
bench: $(ENVIRONMENT)/.installed-test
	HF_HUB_OFFLINE=1 $(VENV_PYTHON) -m benchmarks

export: $(ENVIRONMENT)/.installed-export

clean:
	rm -rf $(ENVIRONMENT) .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a second `make run` finds them newer than the requirements and starts at once.
$(ENVIRONMENT)/.installed-run: requirements.txt | $(VENV_PYTHON)
	$(PIP) "$$(grep '^torch==' requirements.txt)"  # first and by itself: the largest download fails early and is never repeated
	$(PIP) -r requirements.txt
	@touch $@

$(ENVIRONMENT)/.installed-test: requirements-dev.txt $(ENVIRONMENT)/.installed-run
	$(PIP) -r requirements-dev.txt
	@touch $@

$(ENVIRONMENT)/.installed-export: requirements-export.txt $(ENVIRONMENT)/.installed-run
	$(PIP) -r requirements-export.txt
	@touch $@

$(VENV_PYTHON):
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c '$(SUITABLE)'; then \
		echo "Parity needs Python 3.11, 3.12 or 3.13, and found $(or $(PYTHON),none of them on the PATH)."; \
		echo "Install one, or name it: make run PYTHON=/path/to/python3.12"; exit 1; fi
	@"$(PYTHON)" -m venv $(ENVIRONMENT) || { rm -rf $(ENVIRONMENT); \
		echo "$(PYTHON) cannot create a virtual environment; on Debian and Ubuntu install the package python3-venv."; exit 1; }

# The browser tests drive the system's own Chromium. Installed here where that needs no question; elsewhere they are skipped (but fail in CI).
chromium:
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y chromium; \
	else echo "Chromium was not found: the browser tests will be skipped. Install it, or name it in CHROMIUM, to run them."; fi

# TorchServe is written in Java: its bundle is really served in one test, which is skipped elsewhere without it (but fails in CI).
java:
	@if command -v java >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && apt-get install -y openjdk-17-jre-headless; \
	else echo "Java was not found: the test of TorchServe will be skipped. Install Java 17 or later to run it."; fi
