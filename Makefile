# `make TARGET` does what `python tools/course.py TARGET` does, which works on every
# system, also where there is no make. `make` alone explains.

# Given on the command line; variables of the same names in the environment do not count.
CHAPTERS :=
JOBS := 2
PYTHON :=
SEED := $(NLP_SEED)
LINE :=
NAME :=
ELSEWHERE :=
GPU :=

export NLP_DATA NLP_SCALE CHROMIUM
export NLP_SEED := $(SEED)

TARGETS := help setup run lab test test-fast lint refresh results study html slides \
  colab test-site data lock clean
OPTIONS := --jobs $(JOBS) $(if $(CHAPTERS),--chapters $(CHAPTERS)) \
  $(if $(LINE),--line $(LINE)) $(if $(PYTHON),--python "$(PYTHON)") \
  $(if $(NAME),--name $(NAME)) $(if $(ELSEWHERE),--elsewhere) \
  $(if $(filter command%,$(origin GPU)),$(if $(GPU),--gpu,--no-gpu))

.PHONY: $(TARGETS)

# Any Python can begin; it finds the one that the environment takes.
$(TARGETS):
	@for python in $(if $(PYTHON),"$(PYTHON)") python3 python python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; \
	    then exec "$$python" tools/course.py $@ $(OPTIONS); fi; \
	done; echo "This needs Python 3.11 to 3.13, and there is no Python here." >&2; exit 1
