# `make TARGET` does what `python tools/course.py TARGET` does, which works on every
# system, also where there is no make. `make` alone explains.

TARGETS := help setup run lab test test-fast lint refresh results study html \
  translations student slides pdf colab test-site data lock clean

.PHONY: $(TARGETS)

# Any Python can begin; it finds the one that the environment takes. Settings count if
# they are given on the command line, as in `make test LINE=current`.
$(TARGETS):
	@for python in python3 python python3.11 $(if $(filter command%,$(origin PYTHON)),"$(PYTHON)"); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; \
	    then exec "$$python" tools/course.py $@ $(MAKEOVERRIDES); fi; \
	done; echo "This needs Python 3.11 to 3.13, and there is no Python here." >&2; exit 1
