# From a bare checkout to a result. Every target does all of its own set-up, once, in .venv; no ROS install needed.
#
#   make demo                       simulated robots are localized over DDS; a minute and a half
#   make quick                      formatting, types and the quick tests; about two minutes
#   make test                       the gate that CI runs: quick and all the rest; about twenty minutes
#   make soak                       a day of data with faults through the localizer node; some minutes
#   make docs                       the pages as HTML, strictly
#   make reference                  write docs/reference/ again, after a change of verbs, parameters or settings
#   make demo-model                 train the model of the demo again, on simulated surveys
#   make PYTHON=python3.12 test     with another Python, 3.10 to 3.13
#   make ROS_DISTRO=kilted test     with the wheels of another ROS 2, in .venv-kilted
#   make TORCH_INDEX=URL demo       torch from another package index, such as PyTorch's own CPU builds

PYTHON ?= python3
TORCH_INDEX ?=
ROS_DISTRO := jazzy
VENV := .venv$(if $(filter-out jazzy,$(ROS_DISTRO)),-$(ROS_DISTRO))
BIN := $(VENV)/bin
# Python compiles what is imported; pip would all of it, for a minute.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --no-compile --constraint constraints.txt

# The wheels bring their own ROS 2: a sourced one must not shine through.
unexport PYTHONPATH LD_LIBRARY_PATH RMW_IMPLEMENTATION
# Hundreds of processes of the tests import the same modules: compiled once, whatever this shell prefers.
unexport PYTHONDONTWRITEBYTECODE
export AMENT_PREFIX_PATH := $(CURDIR)/$(VENV)
export ROS_AUTOMATIC_DISCOVERY_RANGE := LOCALHOST
export ROS_LOG_DIR := $(CURDIR)/log

ROS_WHEELS := $(addprefix ros-$(ROS_DISTRO)-, rclpy rmw-fastrtps-cpp \
	diagnostic-msgs geometry-msgs nav-msgs rosgraph-msgs sensor-msgs std-srvs)

# One stamp per Python version: another PYTHON makes the environment anew.
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>&1)
READY := $(VENV)/.ready-$(PYTHON_VERSION)
DEMO := runs/demo_model
SURVEYOR := --platform robot --set drive.speed_m_s=1
CODE := . $(wildcard scripts/*)
TYPED := mail_ros benchmarks test docs/generator
QUICK := not slow and not process and not docs and not real_time

.PHONY: help demo demo-corridors demo-hall quick test test-quick test-real-time test-others soak check style types types-quick format install docs reference demo-model clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#   //p' Makefile

install: $(READY)

# An editable install leaves out data_files: links put them where `pip install .` and colcon copy them.
$(READY): setup.py constraints.txt
ifeq ($(filter $(PYTHON_VERSION),3.10 3.11 3.12 3.13),)
	$(error $(PYTHON): wanted Python 3.10 to 3.13, found "$(PYTHON_VERSION)"; name one with make PYTHON=...)
endif
	@echo "Installing ROS 2 wheels, torch and tools into $(VENV); once, some minutes."
	@$(PYTHON) -m venv $(if $(wildcard $(READY)),,--clear) $(VENV)
	@$(PIP) $(ROS_WHEELS)
	@$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) torch)
	@$(PIP) --editable '.[test,docs]'
	@mkdir -p $(VENV)/share/mail_ros
	@ln -sfn $(CURDIR)/resource/mail_ros $(VENV)/share/ament_index/resource_index/packages/mail_ros
	@ln -sfn $(addprefix $(CURDIR)/, package.xml launch config models) $(VENV)/share/mail_ros/
	@ln -sfn $(CURDIR)/scripts $(VENV)/lib/mail_ros
	@touch $@

# Both wait for their robots most of the time.
demo: $(READY)
	@echo "Two simulated robots drive in real time; results in a minute and a half."
	@$(MAKE) --no-print-directory --jobs 2 --output-sync demo-corridors demo-hall

demo-corridors: $(READY)
	@$(BIN)/mail_ros demo --out runs/demo.png

demo-hall: $(READY)
	@$(BIN)/mail_ros demo --wheels --out runs/demo_robot.png

test: check

soak: $(READY)
	@$(BIN)/python -m benchmarks soak

# The loop of every change; the gate runs the same tests first.
# Tests wait for a second at times: types are checked meanwhile.
quick: style
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types-quick test-quick

check: style
	$(MAKE) --no-print-directory --jobs 2 --output-sync types docs
	$(MAKE) --no-print-directory test-quick
	$(MAKE) --no-print-directory --jobs 2 test-real-time test-others

style: $(READY)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

# One thread for torch: many tests start processes, which then do not wait for each other's threads.
test-quick: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest --quiet -m "$(QUICK)" --numprocesses 2 --dist loadscope

# Tests in real time mostly wait: one after the other, and nice lets them have a core first.
test-real-time: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest --quiet -m real_time

test-others: $(READY)
	OMP_NUM_THREADS=1 nice $(BIN)/pytest --quiet -m "not real_time and not ($(QUICK))" --numprocesses 2 --dist loadscope

types: $(READY)
	$(BIN)/mypy $(TYPED)

# A daemon that ends after an hour without a question: a second run takes a second.
types-quick: $(READY)
	$(BIN)/dmypy run --timeout 3600 -- $(TYPED)

format: $(READY)
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# A page that no menu has, a link to nothing and a picture that is not there are errors.
docs: $(READY)
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --nitpicky docs build/docs
	@echo "docs: build/docs/index.html"

reference: $(READY)
	@cd docs && PYTHONPATH=. ../$(BIN)/python -m generator

# How models/demo.safetensors came about; needed again only when the simulator or the network changes.
demo-model: $(READY)
	rm -rf $(DEMO)
	$(BIN)/mail_ros simulate --out $(DEMO)/survey --walks 12 --seed 1 $(SURVEYOR)
	$(BIN)/mail_ros simulate --out $(DEMO)/validate --walks 2 --seed 2 $(SURVEYOR)
	$(BIN)/mail_ros train $(DEMO)/survey/* --validate '$(DEMO)/validate/*' --truth /reference_pose \
		--out models/demo.safetensors --run $(DEMO)/run --preset mail --set training.epochs=20

clean:
	rm -rf $(VENV) build *.egg-info
