# Two commands do all the set-up: `make demo` and `make test`. A virtual environment is made on demand and reused.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PHOTO  ?= samples/coffee.png
OUT    ?= demo
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: demo test lint bench programs clean
.DEFAULT_GOAL := demo

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("multiplane needs Python 3.11 or newer; set PYTHON=...") if sys.version_info < (3, 11) else 0'
	@echo "Installing multiplane into $(VENV) (first time only; a few minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --group test --group lint
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/multiplane decompose $(PHOTO) -o $(OUT) --to psd,glb,mp4,sheet --force

test: $(VENV)/.installed-dev programs
	@$(BIN)/python -m pytest -n auto $(PYTEST)

programs:
	@bash tests/install_programs.sh

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	@$(BIN)/python benchmarks/stages.py

clean:
	rm -rf $(VENV) .tools demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
