# The commands of the project. `make up` and `make test` install what they need by themselves.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

.PHONY: up test check drills drills-vm soak bench compare bench-topologies bench-recorded bench-coverage calibrate lock docs format clean
.DELETE_ON_ERROR:

up: $(VENV)/run.stamp
	@exec $(BIN)/rootward up

# ALLOW_SKIPS=1 accepts that tests which need root or a Debian package are skipped. Two at a time, since most of them
# wait; PYTEST="-n 0" runs one after the other.
test: $(VENV)/dev.stamp
	@deploy/debian/install test || [ -n "$(ALLOW_SKIPS)" ] || echo "going on with what can run" >&2
	$(BIN)/pytest -m "not soak" -n 2 --dist loadfile $(PYTEST)

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rootward rules lint
	$(BIN)/python docs/generate
	$(BIN)/mkdocs build --strict --quiet

drills: $(VENV)/dev.stamp
	@deploy/debian/install test
	$(BIN)/rootward drill run --runs $(or $(RUNS),3)

# In a virtual machine of Debian's packages; without KVM it is emulated, and slow (an hour). DRILLS=other files.
drills-vm: $(VENV)/dev.stamp
	@deploy/debian/install machine
	$(BIN)/rootward drill run --labs 1 --runs $(or $(RUNS),1) $(or $(DRILLS),drills/machine)

soak: $(VENV)/dev.stamp
	@deploy/debian/install test
	$(BIN)/pytest -m soak --timeout 7200 $(PYTEST)

bench: $(VENV)/dev.stamp
	@deploy/debian/install bench
	@for bench in bench/[a-z]*.py; do echo "== $$bench"; $(BIN)/python -P "$$bench" || exit 1; done

# Prometheus with a community's rules beside us in the lab (root; two hours); writes docs/comparison.md.
# COMPARE="dns_down --out FILE" runs some of the drills, "--resume" goes on where a run was cut short.
compare: $(VENV)/dev.stamp
	@deploy/debian/install test compare
	$(BIN)/python -m bench.compare $(COMPARE)

# Every single failure and 40 pairs of each real network that lies beside the project; half an hour. FILE=other.
bench-topologies: $(VENV)/dev.stamp
	$(BIN)/python -P bench/topologies.py --most 0 --pairs 40 $(if $(FILE),--file $(FILE))

# Which alert rules of a public collection our signals cover; writes docs/coverage.md.
bench-coverage: $(VENV)/dev.stamp
	$(BIN)/python -P bench/coverage.py

# Fits the temperatures of the diagnosis on recorded drills (RECORDINGS=folders); writes docs/calibration.md.
calibrate: $(VENV)/dev.stamp
	$(BIN)/python -m bench.calibration $(RECORDINGS)

# Recorded outputs of others, where they lie beside the project, through our collectors.
bench-recorded: $(VENV)/dev.stamp
	$(BIN)/python -P bench/recorded.py

# Reads labelled lines from beside the project, or LINES=file.
bench-signatures: $(VENV)/dev.stamp
	$(BIN)/python bench/signatures.py $(LINES)

docs: $(VENV)/dev.stamp
	$(BIN)/python docs/generate
	$(BIN)/mkdocs serve

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs uv; writes names, versions and hashes, and no address of an index.
lock:
	for set in run dev; do \
	  group=$$([ $$set = run ] && echo install || echo dev); \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" --extra server --group $$group \
	    $$([ $$set = dev ] && echo -c $(LOCKS)/run.lock) pyproject.toml -o $(LOCKS)/$$set.lock; \
	done

clean:
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); deploy/debian/install run && $(PYTHON) -m venv $(VENV); }

$(VENV)/run.stamp: $(LOCKS)/run.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCKS)/run.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(LOCKS)/dev.lock pyproject.toml | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCKS)/dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp
