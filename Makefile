# Every target that needs the environment makes it first. `make` alone explains.

# Given on the command line; variables of the same names in the environment do not count.
CHAPTERS :=
JOBS := 2
PYTHON :=
NAME :=
ELSEWHERE :=
SEED := $(NLP_SEED)
# Once the CUDA libraries are installed, every target keeps them.
GPU := $(if $(wildcard .venv/ready-gpu),1)

export NLP_DATA NLP_SCALE CHROMIUM
export NLP_SEED := $(SEED)
export PYTHONDONTWRITEBYTECODE = 1

BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
READY := .venv/ready$(if $(GPU),-gpu)
SPREAD := $(if $(filter-out 1,$(JOBS)),-n $(JOBS))
CHOSEN := $(foreach c,$(CHAPTERS),$(or $(wildcard notebooks/$(c)_*.ipynb),\
            $(wildcard notebooks/0$(c)_*.ipynb),no-chapter-$(c)))

.PHONY: help setup run lab test test-fast lint refresh results study html slides test-site data lock clean

help:  ## show this list
	@echo "make TARGET [CHAPTERS=\"01 02\"] [NLP_DATA=original] [NLP_SCALE=full] [SEED=43] [JOBS=1] [GPU=1]"
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 12

setup: $(READY)  ## install everything into .venv, and fetch the packaged data

run: $(READY)  ## run the chapters into build/, print their results, build the site
	$(BIN)/python tools/run_chapters.py run $(CHAPTERS) --jobs $(JOBS)
	$(BIN)/python docs/build.py --executed

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=notebooks

test: $(READY)  ## run the unit tests and every chapter, comparing every output
	$(BIN)/python -m pytest -q $(SPREAD) --dist loadscope $(CHOSEN)

test-fast: $(READY)  ## run the unit tests only, without the slow ones
	$(BIN)/python -m pytest -q $(SPREAD) --dist loadscope -m "not slow" tests

lint: $(READY)  ## check style and errors in modules and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

refresh: $(READY)  ## run the chapters in place: outputs, pictures, results table
	$(BIN)/python tools/run_chapters.py refresh $(CHAPTERS) --jobs $(JOBS)

results: $(READY)  ## refresh, then run the original edition too, and write the table
	$(BIN)/python tools/run_chapters.py results $(CHAPTERS) --jobs $(JOBS)

study: $(READY)  ## collect a study, or go on with it: NAME=07/length [ELSEWHERE=1]
	$(if $(NAME),,$(error Which study? Say it like this: make study NAME=07/length))
	$(BIN)/python tools/study.py "$(NAME)" $(if $(ELSEWHERE),--elsewhere)

html: $(READY)  ## build the site from the stored outputs into build/html
	$(BIN)/python docs/build.py

slides: $(READY)  ## make slides of the chapters prepared for it into build/slides
	$(BIN)/python docs/slides.py

test-site: html slides  ## build site and slides, and test them in a browser
	$(BIN)/python -m pytest -q $(SPREAD) tests/site

data: $(READY)  ## fetch the original corpora into data/
	cd ./notebooks && ../$(BIN)/python -m nlp_helpers.data original

lock:  ## compile requirements*.in into requirements*.txt (needs uv)
	uv pip compile --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --custom-compile-command "make lock" requirements.in -o requirements.txt
	uv pip compile --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --custom-compile-command "make lock" -c requirements.txt requirements-gpu.in \
	  -o requirements-gpu.txt

clean:  ## remove what was built; data and the environment stay
	rm -rf build .pytest_cache .ruff_cache .hypothesis

$(READY): requirements.txt requirements-gpu.txt tools/make_venv.sh
	@PYTHON="$(PYTHON)" GPU="$(GPU)" sh tools/make_venv.sh $(BIN)
	@cd ./notebooks && ../$(BIN)/python -m nlp_helpers.data packaged
	@rm -f .venv/ready .venv/ready-gpu
	@touch $@
