# make demo              every study, reduced, with some methods of each kind; then results/demo/report.html
# make real DATA=FOLDER  the study on real T1 scans in FOLDER, then results/real/report.html
# make tiny              the smallest run that passes through every stage
# make phantom           does each method learn? all methods, three seeds; hours on two cores
# make test              the test suite
# make test-slurm        a study on SLURM, which it installs here: needs root, for a machine that may be spoilt
# make lint              the style of the code
# make speed             how fast methods score and train, into results/speed/

PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake
# A training on each GPU at a time; without one nothing has to wait for it.
GPUS := $(shell (nvidia-smi --list-gpus 2> /dev/null || seq $$(nproc)) | wc -l)

.PHONY: demo real tiny phantom test test-slurm lint speed
.DEFAULT_GOAL := demo

demo tiny phantom: RUN = $@
real: RUN = real
real: OPTIONS = --config data="$(DATA)"

demo tiny phantom: .venv/ready
	@$(reproduce)

real: .venv/ready
	@test -d "$(DATA)" || { echo "Say where the scans lie: make real DATA=FOLDER (README, 'Your own scans')"; exit 2; }
	@$(reproduce)

# Runs the workflow, then makes the report if anything is newer than it. Snakemake's own lock outlives a kill -9 and
# would have to be taken off by hand; that of flock ends with the last process that works here.
define reproduce
mkdir -p .snakemake
flock --nonblock --conflict-exit-code 75 .snakemake/running \
	$(SNAKEMAKE) --nolock --configfile workflow/runs/$(RUN).yaml --resources gpu=$(GPUS) $(OPTIONS) \
	|| { test $$? -ne 75 || echo "Another run is at work in this folder. Wait for it or stop it."; exit 1; }
if [ ! -e results/$(RUN)/report.html ] || \
	[ -n "$$(find results/$(RUN)/complete workflow/report -newer results/$(RUN)/report.html)" ]; then \
	$(SNAKEMAKE) --nolock --configfile workflow/runs/$(RUN).yaml $(OPTIONS) --report results/$(RUN)/unfinished.html && \
	mv results/$(RUN)/unfinished.html results/$(RUN)/report.html; \
fi
echo "Report: $(CURDIR)/results/$(RUN)/report.html"
endef

test: .venv/ready
	$(BIN)/pytest

test-slurm: .venv/ready
	$(BIN)/pip install --quiet --constraint envs/constraints.txt --editable '.[dev,clusters]'
	tests/slurm/node.sh start
	$(BIN)/pytest tests/slurm/on_slurm.py; status=$$?; tests/slurm/node.sh stop; exit $$status

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

speed: .venv/ready
	$(BIN)/python benchmarks/speed.py scoring --out results/speed/scoring.csv
	$(BIN)/python benchmarks/speed.py training --out results/speed/training.csv
	$(BIN)/python benchmarks/heatmaps.py --out results/speed/heatmaps.csv
	$(BIN)/python benchmarks/augmentation.py --out results/speed/augmentation.csv
	$(BIN)/python benchmarks/patches.py --out results/speed/patches.csv

.venv/ready: pyproject.toml envs/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint envs/constraints.txt --editable '.[dev]'
	touch $@
