# The configuration, resolved and checked, and the few helpers that all rules share.

import json
import math
import os
import re
import sys
from argparse import Namespace
from functools import cache
from pathlib import Path
from shlex import quote

import pandas as pd
import yaml

from brainuad import configuration, doctor, sweeps
from brainuad.code import digest
from brainuad.datasets.reader import reader
from brainuad.errors import InputError
from brainuad.seeds import derive

# Jobs find the commands of the environment that Snakemake itself runs in, activated or not; a container has its own.
if not workflow.deployment_settings.deployment_method:
    shell.prefix(f"export PATH={quote(str(Path(sys.executable).parent))}:$PATH; ")

WORKFLOW = Path(workflow.basedir, "workflow")
# Relative, so that a project that moves to another folder finds everything done.
SOURCES = Path(os.path.relpath(WORKFLOW / "data/sources.csv"))

try:
    configuration.validate(config, WORKFLOW / "schemas/config.schema.yaml", "configuration")
    config = configuration.expand_sweeps(config)
    REPORTED = doctor.without_missing(config, configuration.resolve_studies(config, WORKFLOW), SOURCES)
    LEVELS = [sweeps.expand(name, study) for name, study in REPORTED.items()]
    STUDIES = {name: study for studies in (REPORTED, *LEVELS) for name, study in studies.items()}
    if workflow.is_main_process:
        configuration.check_preparation(config)
        configuration.check_datasets(config, REPORTED)
        PAGE = doctor.examine(config, REPORTED, SOURCES)
        if not PAGE.can_start:
            sys.exit(PAGE.page())
except InputError as error:
    sys.exit(f"BrainUAD: {error}")


# What is given of them on the command line is the most that a scheduler gives to one job.
resource_scopes:
    gpu="local",
    runtime="local",


RESULTS = f"results/{config['run']}"
DOWNLOADS = config["downloads"]
VOLUME = f"{RESULTS}/volumes/{{dataset}}/{{modality}}/{{subject}}"
JOINED = "all-healthy"  # in place of a dataset: the slices of all healthy cohorts that a study trains on
METHODS = {}
PHANTOMS = config.get("phantom", {}).get("subjects", {})
USED_MODALITIES = configuration.used_modalities(config, REPORTED)
DERIVED = [name for name, entry in config["datasets"].items() if "healthy" in entry]
ORIGINAL = [name for name in config["datasets"] if name not in DERIVED]


def any_of(names):
    """A regular expression for one of these names."""
    return "|".join(map(re.escape, names)) or "(?!)"


onstart:
    if not PHANTOMS:
        print(PAGE.page(), file=sys.stderr)
    # Snakemake 9.27 groups the jobs anew after each checkpoint, and then some run twice and others never.
    grouped = workflow.group_settings.overwrite_groups and not workflow.local_exec
    if grouped and {job.rule.name for job in workflow.dag.targetjobs} - {"splits", "split"}:
        if any(job.is_checkpoint for job in workflow.dag.needrun_jobs()):
            sys.exit("BrainUAD: groups need to know all subjects. Run the same command with the target splits first")
    # So as not to submit too many jobs at once, Snakemake 9.27 looks over all ready jobs again a second after each
    # look, and a new series of looks begins with each job that ends: hundreds of jobs later it keeps a processor busy.
    # On one machine there is nothing to hold back.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


wildcard_constraints:
    study=any_of(STUDIES),
    dataset=any_of(config["datasets"]),
    modality="T1|T1ce|T2|PD|FLAIR",
    split="train|validation|test",
    residual="absolute|positive|negative",
    method="[a-z0-9-]+",
    seed=r"\d+",
    subject="[^/]+",
    images=any_of(["images", *(f"images-{recipe}" for recipe in config["recipes"])]),
    group=any_of(name for study in REPORTED.values() for name in study["groups"]),
    example=any_of(name for study in REPORTED.values() for name in study["examples"]),
    inpainted=any_of(name for study in REPORTED.values() for name in study["inpainted"]),
    sweep=any_of(name for study in REPORTED.values() for name in study["sweeps"]),


def text_table(path):
    """A table as text, read once for all jobs that ask for it, and again when it has been written anew."""
    return read_text_table(str(path), Path(path).stat().st_mtime_ns)


@cache
def read_text_table(path, written):
    return pd.read_csv(path, sep="\t" if path.endswith(".tsv") else ",", dtype=str, keep_default_na=False)


def code(*modules):
    """Digest of the stages' modules and all they import, so that an edit re-runs just the jobs that use it."""
    return digest(*(f"brainuad.{module}" for module in modules))


# The profile of a scheduler says by `jobs` how many may be in its queue. Elsewhere nothing is run again, and Snakemake
# would call such a function for every job while it plans.
SCHEDULED = workflow.resource_settings.nodes is not None


def doubling(amount):
    """What a job asks for, in MB or minutes: twice as much each time that it is run again, as it may have run out."""
    return (lambda wildcards, attempt: amount * 2 ** (attempt - 1)) if SCHEDULED else amount


# What a job that uses a GPU asks for. LSF is told by options of its own, since its plugin (0.3.3) doesn't look at `gpu`.
ON_GPU = {"gpu": 1, "lsf_extra": "-gpu num=1"}


def register(
    method,
    label,
    published=None,
    control=False,
    seeded=True,
    trained=False,
    base=None,
    guide=None,
    inpaints=False,
    settings=None,
):
    """Make a method known: its label in tables and its name in published.csv; whether it is a control, whether
    seeds make a difference, and whether it minimises a loss, so that it has training curves; the method whose
    trained network it takes, and one that guides it; whether it fills erased squares in, which then is measured;
    its hyper-parameters."""
    METHODS[method] = {
        "label": label,
        "published": published,
        "control": control,
        "seeded": seeded,
        "trained": trained,
        "base": base,
        "guide": guide,
        "inpaints": inpaints,
        "settings": settings or {},
    }


def method_settings(study, method):
    """A method's hyper-parameters: those of its rule, the study's, the configuration's and a sweep's laid over them."""
    own, swept = (STUDIES[study].get(key, {}).get(method, {}) for key in ("settings", "method_settings"))
    return {**METHODS[method]["settings"], **own, **config["methods"].get(method, {}), **swept}


def method_training(study, method):
    """What the loop of a method's training does: as the study says of all methods, then of this one."""
    shared = {key: value for key, value in STUDIES[study]["training"].items() if key != "methods"}
    return {**shared, **own_training(study, method)}


def own_training(study, method):
    """What a study says of the training of one method alone."""
    return STUDIES[study]["training"].get("methods", {}).get(method, {})


def recipe_of(study, method=None):
    """The recipe of the slices that a method takes: the study's, unless it names another for it."""
    others = STUDIES[study].get("recipes", {}).items()
    return next((recipe for recipe, methods in others if method in methods), STUDIES[study]["recipe"])


def cohort(w):
    """The cohort of a study that a job's dataset belongs to."""
    return next(c for c in STUDIES[w.study]["cohorts"].values() if c["dataset"] == w.dataset)


def is_derived(dataset):
    """Whether a dataset is made from another by implanting anomalies."""
    return dataset in DERIVED


@cache
def is_labelled(dataset):
    """Whether a dataset has labels; the others are healthy by definition, or ill as wholes."""
    return is_derived(dataset) or bool(reader(config["datasets"][dataset]["reader"]).LABELS)


def reader_module(dataset):
    """The module that reads a dataset, for the digest of the code."""
    return f"datasets.{config['datasets'][dataset]['reader']}"


def healthy(study):
    """The dataset that a study trains on, and whose held-out subjects set its operating points."""
    return STUDIES[study]["cohorts"]["healthy"]["dataset"]


def trained_on(study, split="train"):
    """The datasets of a study's training and of its validation; more than one where further cohorts train."""
    return [c["dataset"] for c in STUDIES[study]["cohorts"].values() if c.get("train") and c.get(split)]


def seeds(method):
    """The seeds a method is run with: one for a method that draws nothing."""
    return config["seeds"] if METHODS[method]["seeded"] else config["seeds"][:1]
