# Everything a person types here. `make run` and `make test` need nothing but Python 3.11+, make and the network.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
IN_VENV = .venv/bin/python
FRONTEND = cd frontend && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent
PYTEST = $(IN_VENV) -m pytest -q
SCHEDULES ?= 20000
SEED ?= 1

.PHONY: setup run test test-python test-frontend test-browser test-postgres check fmt lock sim

setup: ## create .venv and the built frontend, prepare the database; quick when nothing changed
	@test -n "$(PYTHON)" || { echo "setup       | Python 3.11 or newer is needed and was not found; install it or set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -I console/launcher/install.py

run: setup ## start the whole product; Ctrl-C ends it
	@exec $(IN_VENV) manage.py up

test: test-python test-frontend test-browser ## every test

test-python: setup
	$(PYTEST) -n 2 --dist loadgroup -m "not browser" $(if $(REPORTS),--junitxml=$(REPORTS)/python.xml)

test-frontend: setup
	$(FRONTEND) check

test-browser: setup
	$(PYTEST) -m browser $(if $(REPORTS),--junitxml=$(REPORTS)/browser.xml)

test-postgres: setup ## the database-marked tests on PostgreSQL: the one in DATABASE_URL, else a temporary one
	.ci/with-postgres $(PYTEST) -m database $(if $(REPORTS),--junitxml=$(REPORTS)/postgres.xml)

check: setup ## lint, format, types, imports and a first round of fault schedules
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	.venv/bin/lint-imports
	$(FRONTEND) check
	$(MAKE) sim

fmt: setup ## format the Python code
	$(IN_VENV) -m ruff format .
	$(IN_VENV) -m ruff check --fix .

lock: ## pin and hash the dependencies of requirements.in; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url requirements.in -o requirements.txt

sim: setup ## seeded fault schedules through core, host and recovery
	$(IN_VENV) manage.py simulate --schedules $(SCHEDULES) --seed $(SEED) --json
