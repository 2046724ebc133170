# The tasks of this repository. `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
# Node and npm come from PyPI and lie in the virtual environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH :=
# Without this the cdk8s command line prints where in its own code it noticed that synth was refused.
MESSAGE_ONLY := --import=data:text/javascript,Error.prepareStackTrace=(e)=>String(e)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11

# Without the command `pulumi`, a stand-in of the test bed runs the stacks.
STACKS := $(if $(shell command -v pulumi),.venv/stacks.lock,.venv/dev.lock)
STACK := $(BIN)/python -m $(if $(shell command -v pulumi),stacks.tools.command,testbed.demonstration)

.DEFAULT_GOAL := help

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

synth: .venv/desired.lock node_modules/.package-lock.json ## write manifests/ for all environments, with `cdk8s synth`
	@NODE_OPTIONS='$(MESSAGE_ONLY)' node_modules/.bin/cdk8s synth --check-upgrade=false

test: .venv/dev.lock .venv-checkov/lock node_modules/.package-lock.json ## run the linters, the type checker and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

e2e: .venv/dev.lock .venv-checkov/lock node_modules/.package-lock.json ## run Kubernetes, Flux and Envoy on our manifests, and write docs/report/; ONLY=tests/e2e/… for some
	@$(BIN)/python -m testbed tests $(ONLY)

accidents: .venv/dev.lock node_modules/.package-lock.json ## play 500 sequences of what people do to Git between operations; SEEDS=17 for one
	$(BIN)/python -m tests.support.git_accidents $(or $(SEEDS),0-499)

cluster: .venv/dev.lock ## run a cluster with the shop on it until Ctrl-C; ENV=… for another one than staging
	@$(BIN)/python -m testbed cluster $(if $(ENV),-e $(ENV))

bench: .venv/dev.lock ## measure synth against Helm and Kustomize, and operations against plain Git; write tables and a plot
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.operations

soak: .venv/dev.lock ## 16 processes do 50 operations each on one remote, and people 1,000 times what they like to Git: nothing is lost
	$(BIN)/python -m benchmarks.soak --json benchmarks/results/soak.json > benchmarks/results/soak.md
	$(BIN)/python -m tests.support.git_accidents 500-1499

diff: .venv/desired.lock ## show what a change does to each cluster; BASE=… to compare with, FORMAT=text|patch|markdown
	@$(BIN)/python -m envs diff --base $(or $(BASE),HEAD) --format $(or $(FORMAT),text)

graph: .venv/desired.lock ## draw the clusters to docs/topology.md, and print who calls whom as Mermaid; ENV=… for one environment
	@$(BIN)/python -m stacks.tools.picture
	@$(BIN)/python -m envs graph $(if $(ENV),-e $(ENV))

setup: $(STACKS) ## set up what the stacks need, for the command `pulumi`

stack: $(STACKS) ## show what would change in the clusters of an environment; ENV=… ROLE=ops|apps FORMAT=text|json|markdown
	@$(STACK) plan $(if $(ENV),-e $(ENV)) $(if $(ROLE),--role $(ROLE)) --format $(or $(FORMAT),text)

stack-up: $(STACKS) ## bring up the clusters and databases of an environment, ops first; ENV=… ROLE=…
	@$(STACK) up $(if $(ENV),-e $(ENV)) $(if $(ROLE),--role $(ROLE))

schemas: .venv/stacks.lock ## write the JSON Schemas of all values for editors to docs/schemas/
	@$(BIN)/python -m desired.documents.schemas
	@$(BIN)/python -m desired.cli.reference
	@$(BIN)/python -m stacks.tools.schemas

wheel: .venv/dev.lock ## build the library as a wheel into dist/
	$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist

lock: .venv/dev.lock ## make all lock files anew
	$(LOCK) pyproject.toml -o locks/synth.txt
	$(LOCK) pyproject.toml --extra stacks -c locks/synth.txt -o locks/stacks.txt
	$(LOCK) pyproject.toml --extra dev --extra stacks --extra bench --extra e2e -c locks/stacks.txt -o locks/dev.txt
	$(LOCK) locks/checkov.in -o locks/checkov.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --silent

clean: ## remove all that can be made again
	rm -rf .venv .venv-checkov node_modules .scratch dist

# The marks hold the digest of the lock that an environment was made from: the renderer reads that of .venv.
.venv/desired.lock: locks/synth.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the tools of locks/synth.txt" >&2
	@$(PIP) -r locks/synth.txt
	@printf '#!%s\nimport sys\nsys.path.insert(0, "%s")\nfrom desired.cli import main\nmain()\n' $(CURDIR)/$(BIN)/python $(CURDIR) > $(BIN)/desired
	@chmod +x $(BIN)/desired
	@$(BIN)/python -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' $< > $@

.venv/stacks.lock: locks/stacks.txt .venv/desired.lock
	@echo "installing the tools of locks/stacks.txt" >&2
	@$(PIP) -r locks/stacks.txt
	@touch $@

.venv/dev.lock: locks/dev.txt .venv/desired.lock
	@echo "installing the tools of locks/dev.txt" >&2
	@$(PIP) -r locks/dev.txt
	@touch $@

.venv-checkov/lock: locks/checkov.txt
	@test -x .venv-checkov/bin/python || $(PYTHON) -m venv .venv-checkov
	@echo "installing the tools of locks/checkov.txt" >&2
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/checkov.txt
	@touch $@

node_modules/.package-lock.json: package-lock.json .venv/desired.lock
	@echo "installing the cdk8s command line" >&2
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: help synth test accidents e2e cluster setup stack stack-up bench soak diff graph schemas wheel lock clean
