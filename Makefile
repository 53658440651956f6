# make demo   a town's morning of check-ins on this machine
# make test   everything the gate checks, then the tests
.PHONY: help setup setup-tests demo test check format lock clean
BIN := .venv/bin

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## environment, models, front-end files; safe to run again
	@scripts/setup

setup-tests:  ## the same, and the models that only tests use
	@MIMAMORI_SETUP_FOR=tests scripts/setup

demo: setup  ## a town's morning, on http://127.0.0.1:8080 until Ctrl-C
	@$(BIN)/mimamori demo

test: setup-tests check  ## lint, types, import rules, tests
	@$(BIN)/pytest

check:  ## format, lint, types, import rules
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format:  ## put the code in shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock:  ## resolve pyproject.toml anew into lock/ (needs uv)
	@uv pip compile -q --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 \
	  --extra device --extra whisper --extra hub --extra demo --extra dev pyproject.toml -o lock/requirements.txt
	@uv pip compile -q --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 \
	  --extra sound pyproject.toml -c lock/requirements.txt -o lock/sound.txt

clean:  ## remove what set-up made
	@rm -rf .venv .cache models dashboard/static/vendor build *.egg-info
