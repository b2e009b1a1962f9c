# Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
DATA ?= digits
LOGDIR ?= runs
PORT ?= 6006
DEMO_SERVE ?= 1
# Files of tests that run at once. A file's tests stay together, so that what they share is made once.
WORKERS ?= 2
VENV := .venv
# The views are tried on the demo's log too.
DEMO_LOG := test-results/demo
ON_DEMO_LOG := $(foreach name,frame pictures model filters maps lab_pooling lab_convolution gradients compare,tests/browser/test_$(name).py)
PY := $(VENV)/bin/python
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test test-full check page types pictures bench-capture bench-log bench-scale bench-doctor bench-start clean

demo: $(VENV)/demo.stamp
	$(PY) examples/demo.py --data $(DATA) --logdir $(LOGDIR)
ifneq ($(DEMO_SERVE),0)
	$(PY) -m tensorboard.main --logdir $(LOGDIR) --port $(PORT)
endif

test: $(VENV)/test.stamp page
	scripts/find_chromium.sh
	$(PY) plugin_frontend/build_page.py test
	$(PY) -m pytest -m "not full" --ignore tests/browser/test_readme_pictures.py --durations=40 -n $(WORKERS) --dist loadfile

test-full: test
	$(PY) -m pytest -m full --ignore tests/browser/test_readme_pictures.py --durations=30
	rm -rf $(DEMO_LOG)
	$(PY) examples/demo.py --logdir $(DEMO_LOG)
	TB_CNNVIZ_BROWSER_LOG=$(DEMO_LOG) $(PY) -m pytest $(ON_DEMO_LOG) --durations=10

check: $(VENV)/test.stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) scripts/generate_types.py --check
	$(PY) scripts/generate_kind_tables.py --check
	$(PY) plugin_frontend/build_page.py run check

types: $(VENV)/test.stamp
	$(PY) scripts/generate_types.py
	$(PY) scripts/generate_kind_tables.py

# The pictures in docs/images, from six runs on photographs and six on digits.
pictures: $(VENV)/test.stamp page
	scripts/find_chromium.sh
	test -d runs-photos || $(PY) examples/demo.py --data photos --logdir runs-photos
	test -d runs || $(PY) examples/demo.py --data digits --logdir runs
	TB_CNNVIZ_PHOTO_RUNS=runs-photos TB_CNNVIZ_DIGIT_RUNS=runs $(PY) -m pytest tests/browser/test_readme_pictures.py

page: $(VENV)/test.stamp
	$(PY) plugin_frontend/build_page.py

# An hour on two cores that do nothing else; with ROUNDS=2 a quick look. JSON=FILE keeps every pair's numbers.
ROUNDS ?= 9
bench-capture: $(VENV)/test.stamp
	$(PY) -m pip install --quiet --editable '.[bench]'
	$(PY) benchmarks/bench_capture.py --rounds $(ROUNDS) $(if $(JSON),--json $(JSON))
	$(PY) benchmarks/bench_step.py

# Writing and reading beside others, and TensorBoard over 0.1, 1 and 10 GB: five minutes, 8 GB of room in the temporary
# folder, and the writers that ours is compared with.
bench-log: $(VENV)/test.stamp
	$(PY) -m pip install --quiet --editable '.[bench]'
	$(PY) benchmarks/bench_log.py
	$(PY) benchmarks/bench_scale.py --runs 0 --skip-growth

# A million records, and how the costs grow with runs, steps and layers: a quarter of an hour.
bench-scale: $(VENV)/test.stamp
	$(PY) benchmarks/bench_scale.py --sizes

# Real networks until they have trained for the first time, with the callback and without it by turns: an hour on two cores
# that do nothing else. BENCH='--networks demo --backends jax' is a part of it.
bench-start: $(VENV)/test.stamp
	$(PY) benchmarks/bench_start.py $(BENCH)

# 100 runs of 10,000 steps and 50 layers, a tenth of the runs, and a tenth of the steps: a minute.
bench-doctor: $(VENV)/test.stamp
	$(PY) benchmarks/bench_doctor.py --growth

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tb_cnnviz needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip

# The page lies in the package folder, so an editable install serves both the demo and the tests.
$(VENV)/demo.stamp: setup.py pyproject.toml | $(VENV)/bin/python
	$(PY) -m pip install --quiet --editable '.[tensorflow,demo]'
	touch $@

$(VENV)/test.stamp: setup.py pyproject.toml | $(VENV)/bin/python
	$(PY) -m pip install --quiet --editable '.[tensorflow,demo,test,check]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info tb_cnnviz/plugin/static plugin_frontend/node_modules
