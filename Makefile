# 谁来管 — `make serve` starts the page, `make test` passes the tests; nothing is needed before.
VENV := .venv
PY := $(VENV)/bin/python
REAL ?=
CALIBRATE ?=
Q ?= 秸秆能不能烧

.PHONY: serve setup setup-dev browser test check model tables bench evaluate ask screenshots

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

model: setup-dev ## train the bundled model; REAL= and CALIBRATE= name files of real messages
	$(PY) -m assistant train --real $(REAL) --calibrate $(CALIBRATE)

screenshots: setup-dev browser ## the README's pictures
	$(PY) -m tools.make_screenshots

tables: setup-dev ## rebuild the syllable table
	$(PY) -m tools.make_syllables

evaluate: setup ## accuracy on the held-out asks, and on REAL=file
	$(PY) -m assistant evaluate --real $(REAL)

bench: setup ## cold start and warm latency against the floor
	$(PY) -m benchmarks.latency
