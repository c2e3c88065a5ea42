# make run: everything that is needed, then the window (or, without a display, the same job in the terminal).
# make test: everything that the tests need, then the tests.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
TORCH := torch==2.13.0
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu
DATA ?= ../shared/data

.PHONY: help setup models system run test check bench evaluate screenshots soak clean

help:            ## what can be made
	@grep -E '^[a-z]+: .*##|^[a-z]+:  +##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

$(VENV)/setup.stamp: pyproject.toml
	@echo "[1/4] virtual environment"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --upgrade pip
	@echo "[2/4] PyTorch for the processor (about 200 MB)"
	@$(PY) -c 'import torch' 2>/dev/null || $(PY) -m pip install --quiet --retries 0 --timeout 10 --index-url $(TORCH_CPU_INDEX) $(TORCH) 2>/dev/null \
	  || $(PY) -m pip install $(TORCH)
	@echo "[3/4] Millpond and what it needs; llama.cpp is compiled here, which takes some minutes the first time"
	@$(PY) -m pip install --progress-bar on -e '.[dev]'
	@touch $@

system:          ## the system libraries that the window needs, where apt can install them
	@sh packaging/system-libraries.sh

models: $(VENV)/setup.stamp
	@echo "[4/4] the two default models (about 190 MB), checked by their hashes"
	@$(PY) -m engine models install --default

setup: system $(VENV)/setup.stamp models  ## everything that Millpond needs on this machine

run: setup       ## open Millpond; without a display, run the main job in the terminal
	@$(PY) -m engine run

test: setup      ## checks and tests
	@$(PY) -m ruff check engine desktop tests packaging
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest

bench: setup     ## speed against named peers and baselines
	@$(PY) -m tests.benchmarks

evaluate: setup  ## quality on the data in DATA
	@$(PY) -m tests.evaluate --data $(DATA)

screenshots: setup  ## every view, light and dark, into screenshots/
	@QT_QPA_PLATFORM=offscreen $(PY) -m tests.benchmarks.screenshots

soak: setup      ## the long version of the fault tests
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest -m soak --timeout 3600

clean:           ## remove what was built here (profiles and models stay)
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
