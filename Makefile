# `make demo` and `make test` set up whatever is missing and skip what is there.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
# Hundreds of processes import the same modules: those are compiled once, also where the
# environment says to keep nothing.
unexport PYTHONDONTWRITEBYTECODE

# The environments whose images are built beforehand; others are built when first needed.
ENVIRONMENTS ?= cpu
# How long each reader is fuzzed; FUZZ="roster pdf" fuzzes only these.
FUZZ_MINUTES ?= 1
FUZZ ?=
# More options for pytest, such as PYTEST="-k calendar".
PYTEST ?=
# Three files at a time on two cores, since some wait for containers or browsers; in their order, or
# else those with few and long tests come last, and one waits for the other.
WORKERS ?= 3
TESTS := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-header --no-annotate --only-binary :all:

.PHONY: help demo test test-postgresql threats nightly fuzz term lint style format lock reference figures screens packages docker images clean

help:
	@echo "make demo    grade the demo cohort in containers and write its report"
	@echo "make test    every check: format, lint, types, tests"
	@echo "make test-postgresql  the tests, with every course on a PostgreSQL server of their own"
	@echo "make threats every attack and kind of bad input: what must happen, what was seen"
	@echo "make nightly the long ones: all assignments against mutants, alternates, students"
	@echo "make fuzz    throw odd bytes at all that reads files of others (FUZZ_MINUTES=10: so long at each)"
	@echo "make term    simulate a term: 120 students, 13 assignments, all that staff do"
	@echo "make lint    the quick ones of these; make format mends what can be mended"
	@echo "make lock    resolve the locked requirements anew (UPGRADE=1: to the newest)"
	@echo "make reference  write docs/reference.md anew from the code"
	@echo "make figures  draw the pictures of docs/figures.md anew"
	@echo "make screens  take the screenshots of docs/screens anew; needs chromium"
	@echo "make images  build the environments' images (ENVIRONMENTS=\"cpu gpu\")"
	@echo "make clean   remove .venv and tool caches; images, course data stay"

demo: packages docker
	@scripts/demo

# Types are checked beside the tests, and what that found is told after them.
test: style docker
	@scripts/libraries
	@.venv/bin/pyright --warnings >.venv/types.log 2>&1 & types=$$!; \
		.venv/bin/python -m pytest $(TESTS) $(PYTEST); tests=$$?; \
		wait $$types || { cat .venv/types.log; exit 1; }; exit $$tests

# The same tests, but for those of reference/, which keep nothing.
test-postgresql: packages docker
	@TEST_DATABASE=postgresql .venv/bin/python -m pytest $(TESTS) \
		--ignore tests/reference tests $(PYTEST)

# The tests of tests/threats/table.py, and that table with what was seen.
threats: packages docker
	@.venv/bin/python -m tests.threats.report -q $(TESTS) $(PYTEST)

# What takes hours: every assignment's hidden tests, and all notebooks of all its students.
nightly: packages docker
	@.venv/bin/course check --all
	@.venv/bin/python -m pytest $(TESTS) -m nightly $(PYTEST)

# What is found is told with the input; CONTRIBUTING.md says what to do with it.
fuzz: packages
	@FUZZ_MINUTES=$(FUZZ_MINUTES) nice -n 19 .venv/bin/python -m pytest -q --timeout 0 tests/fuzz
	@nice -n 19 .venv/bin/python -m tests.fuzz.guided --minutes $(FUZZ_MINUTES) $(FUZZ)

# Without containers: what grading finds is made up, all else is real.
term: packages
	@TERM_STUDENTS=$${TERM_STUDENTS:-120} .venv/bin/python -m pytest -q tests/term

lint: style
	@.venv/bin/pyright --warnings

style: packages
	@.venv/bin/ruff format --check --quiet . || { echo "run: make format" >&2; exit 1; }
	@.venv/bin/ruff check --quiet .

format: packages
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

packages:
	@scripts/bootstrap

# Goes on without an engine or image, after a line that says so: the demo then runs what it may
# without isolation, and the tests say what they left out.
docker: packages
	@scripts/engine && .venv/bin/python -m grader.sandbox.images \
		$(ENVIRONMENTS:%=environments/%) >/dev/null || true

images: packages
	@scripts/engine
	@.venv/bin/python -m grader.sandbox.images $(ENVIRONMENTS:%=environments/%)

# The environments take the host's versions as constraints, so both sides compute alike.
lock: packages
	@$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml --extra dev -o requirements.lock
	@$(LOCK) environments/cpu/requirements.in -c requirements.lock -o environments/cpu/requirements.txt
	@$(LOCK) environments/gpu/requirements.in -c requirements.lock -o environments/gpu/requirements.txt

reference: packages
	@.venv/bin/python docs/make_reference.py

# Each script in docs/figures/ that has a main writes the SVG beside it.
figures: packages
	@for script in $$(grep -l __main__ docs/figures/*.py); do \
		echo "$$script"; .venv/bin/python "$$script" || exit 1; done

# Of a made-up course that is served for it, by Debian's chromium.
screens: packages
	@.venv/bin/python -m docs.make_screens

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
