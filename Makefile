# The commands of this repository. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FOR ?=
PYTEST ?=
# What talks to Kafka; the rest of the services is the same whatever the broker.
ON_KAFKA := tests/integration tests/pipelines tests/cli tests/local/test_replay_kafka.py tests/sinks/test_dead_letter.py
# What pytest ends with when PYTEST="-k …" leaves it no test.
NONE_CHOSEN := 5
BENCH ?=
INCIDENT ?=

# The first of these that is really there and of a version we support.
PYTHON := $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)

SEED ?= 7
EVENTS ?= 100000
CHAOS ?=
SOAK ?=

.PHONY: help demo up test check check-grafana integration chaos mutants soak bench bench-views screenshots alerts alerts-e2e format lock secrets docs clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | \
		while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: $(READY) ## the main job on a live stream, in this terminal; FOR=30 ends it after 30 seconds
	@$(BIN)/tidegauge demo $(if $(FOR),--seconds $(FOR))

up: $(READY) ## the local stack in the foreground: broker, ClickHouse endpoint, pipeline, dashboards on http://127.0.0.1:8600
	@$(BIN)/tidegauge up

test: $(READY) ## every test, services included; PYTEST="-k name" narrows it down
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not chaos and not timed" $(PYTEST) && first=0 || first=$$?; \
		[ $$first = 0 ] || [ $$first = $(NONE_CHOSEN) ] || exit $$first; \
		echo "what is held to a time, alone on the machine:"; \
		$(BIN)/python -m pytest -m timed $(PYTEST) || { second=$$?; [ $$first = 0 ] && [ $$second = $(NONE_CHOSEN) ] || exit $$second; }

integration: $(READY) ## what needs services, on a real Apache Kafka (Java 17 and Maven; about 10 minutes)
	@$(BIN)/python -m local.apache_kafka.jars
	@TIDEGAUGE_TEST_BROKER=kafka $(BIN)/python -m pytest -n 2 --dist loadfile -m "service and not chaos and not timed" $(ON_KAFKA) $(PYTEST)

chaos: $(READY) ## every fault, each alone and mixed, beside a recount (about an hour); SEED=8 EVENTS=1000000 CHAOS="kill-all mixed"
	@$(BIN)/tidegauge chaos --seed $(SEED) --events $(EVENTS) $(CHAOS)

mutants: $(READY) ## that chaos can turn red: each mechanism broken on purpose, and a fault that must show it (about 15 minutes)
	@$(BIN)/python -m pytest -m chaos $(PYTEST)

soak: $(READY) ## half of the measured maximum for half an hour: memory, parts, freshness; SOAK="--minutes 5"
	@$(BIN)/python -m benchmarks.soak $(SOAK)

check: $(READY) ## formatting, lint, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --config pyproject.toml

check-grafana: ## Grafana's dashboards against the types of Grafana's own schema (needs npm, and the network once)
	@dashboards/schema/check.sh

bench: $(READY) ## speed beside other ways to the same figures, in ratios (about 10 minutes); BENCH="--rounds 1" for options
	@$(BIN)/python -m benchmarks $(BENCH)

bench-views: $(READY) ## how long every view takes to answer on 28 days of 20,000 users (about 15 minutes)
	@$(BIN)/python -m benchmarks.views $(BENCH)

alerts: $(READY) ## make the alert rules anew from the objectives, and check them
	@$(BIN)/tidegauge alerts build
	@$(BIN)/tidegauge alerts check

alerts-e2e: $(READY) ## play incidents into pipeline, Prometheus and Alertmanager (about 20 minutes); INCIDENT="--only outage" narrows it
	@$(BIN)/python -m benchmarks.incidents $(INCIDENT)

format: $(READY) ## format the code and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(READY) ## make the generated documents and Grafana's dashboards anew
	@$(BIN)/tidegauge schema docs
	@$(BIN)/tidegauge dashboards build

screenshots: $(READY) ## pictures of the four dashboards on 28 simulated days, into docs/screenshots (needs chromium; 3 minutes)
	@$(BIN)/python -m tests.local.page.screenshots

lock: $(READY) ## pin the dependencies of pyproject.toml in requirements.lock, and those of the image in deploy/
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --constraint requirements.lock \
		--no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml -o deploy/requirements.lock

secrets: ## passwords and the pseudonym key for docker-compose.yml, once (.env and secrets/)
	@$(PYTHON) -m local.container_secrets

clean: ## remove the environment, caches and the local stack's data
	@rm -rf $(VENV) .tidegauge .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "Tidegauge needs Python 3.11 or 3.12, and none was found. Install one (for example: apt install python3)." >&2; exit 1; fi
	@echo "setting up $(VENV) with $$($(PYTHON) --version) (once; about a minute, 300 MB)"
	@$(PYTHON) -m venv $(VENV) || { echo "python could not make an environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "installing the pinned packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	@touch $@
	@echo "ready"
