# Everything is set up here; only Python >= 3.11 with venv, and make, must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo sandbox test bench lint lock clean

demo: $(STAMP)  ## the main job in front of you, without Slack or Microsoft
	$(BIN)/python -m bot sandbox --demo

sandbox: $(STAMP)  ## the page to click in
	$(BIN)/python -m bot sandbox

test: $(STAMP)  ## two at once, and then the fleets, which have the machine alone
	$(BIN)/python -m pytest -n 2 --dist loadscope --ignore tests/instances
	$(BIN)/python -m pytest tests/instances

bench: $(STAMP)  ## what takes how long, beside its aims
	$(BIN)/python -m benchmarks.recording
	$(BIN)/python -m benchmarks.tokens
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.watching

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:  ## after a change of dependencies; needs uv
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		-o requirements.lock pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--extra dev -o requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV)

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)
