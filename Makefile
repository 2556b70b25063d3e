# 谁来管 — `make serve` starts the page, `make test` passes the tests; nothing is needed before.
VENV := .venv
PY := $(VENV)/bin/python
REAL ?=
Q ?= 秸秆能不能烧

.PHONY: serve setup setup-dev browser test check model tables bench evaluate evaluate-folds ask screenshots

serve: setup ## set up, build what is missing, start the page
	$(PY) -m assistant serve

ask: setup ## make ask Q="邻居半夜打麻将太吵"
	@$(PY) -m assistant ask "$(Q)"

setup: $(VENV)/.installed
$(VENV)/.installed: pyproject.toml
	python3 -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check -e .
	touch $@

# torch first and pinned: an unpinned one brings gigabytes of CUDA libraries.
setup-dev: $(VENV)/.installed-dev
$(VENV)/.installed-dev: pyproject.toml
	python3 -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check torch==2.13.0
	$(PY) -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $(VENV)/.installed $@

# The browser tests drive Debian's Chromium and need a font with Chinese glyphs.
browser:
	@tools/install_browser.sh

test: setup-dev browser ## all tests
	$(PY) -m pytest -q

check: setup-dev browser ## format, lint, types, tests: the gate for people and CI
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) -m pytest -q

model: setup-dev ## train the bundled model; REAL= names files of labelled real messages
	$(PY) -m assistant train --real $(REAL)

screenshots: setup-dev browser ## the README's pictures
	$(PY) -m tools.make_screenshots

tables: setup-dev ## rebuild the syllable and word tables
	$(PY) -m tools.make_tables

evaluate: setup ## accuracy on the repository's sets, and on REAL= files nothing was learned from
	$(PY) -m assistant evaluate --real $(REAL)

# Trains five times: about ten minutes.
evaluate-folds: setup-dev ## accuracy on REAL= files that the model learns from, by cross-validation
	$(PY) -m assistant evaluate --cross-validate $(REAL)

bench: setup ## cold start and warm latency against the floor
	$(PY) -m benchmarks.latency
