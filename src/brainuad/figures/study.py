"""What tables and figures read: the resolved study, CSV tables, the metrics' catalogue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from brainuad.errors import InputError
from brainuad.metrics.catalogue import METRICS, Metric
from brainuad.metrics.table import POOLED
from brainuad.statistics import comparison

SUBJECT = "subject"
"""Scope of a value that is the mean over subjects; the other scope is `POOLED`, over all voxels."""
SEES_LABELS = ("oracle",)
"""Controls made from the test labels: an upper bound that takes part in no contest."""
COLUMNS = {
    "intervals": comparison.INTERVAL_COLUMNS,
    "comparisons": comparison.COMPARISON_COLUMNS,
    "ranks": comparison.RANK_COLUMNS,
    "published": ("doc", "where", "dataset_or_class", "method", "metric", "value_or_mean", "sd"),
    "curves": ("study", "dataset", "method", "seed", "curve", "x", "y"),
    "training": ("epoch", "validation_loss", "kept"),
    "rectified": ("study", "dataset", "method", "seed", "class", "volumes", "fpr", "tpr"),
    "segmenter": ("structure", "dice", "sd", "subjects"),
    "residuals": ("study", "dataset", "method", "seed", "bin_low", "bin_high", "normal", "anomalous"),
}
TEXT = (
    "study",
    "dataset",
    "method",
    "reference",
    "metric",
    "scope",
    "doc",
    "where",
    "dataset_or_class",
    "curve",
    "class",
    "structure",
)


@dataclass(frozen=True)
class Cohort:
    """A dataset in its role within a study."""

    dataset: str
    modality: str
    title: str
    published: tuple[tuple[str, str], ...]
    """(document, dataset) of the published numbers that stand beside ours."""
    not_comparable: str
    """Why ours and the published numbers can't be compared; empty where they can."""


@dataclass(frozen=True)
class Method:
    """A row of a results table."""

    name: str
    label: str
    published: str | None
    """Its name in the table of published numbers."""
    control: bool


@dataclass(frozen=True)
class Study:
    """A resolved study, as far as tables and figures tell of it."""

    path: Path
    name: str
    title: str
    run: str
    phantom: bool
    notes: tuple[str, ...]
    cohorts: tuple[Cohort, ...]
    methods: tuple[Method, ...]
    """In the order of the tables."""

    def cohort(self, dataset: str) -> Cohort:
        """The cohort of that dataset; raises InputError where the study has none."""
        for cohort in self.cohorts:
            if cohort.dataset == dataset:
                return cohort
        known = ", ".join(cohort.dataset for cohort in self.cohorts)
        raise InputError(self.path, f"has no dataset '{dataset}'", f"Use one of: {known}")

    def method(self, name: str) -> Method:
        """The method of that name; raises InputError where the study has none."""
        for method in self.methods:
            if method.name == name:
                return method
        known = ", ".join(method.name for method in self.methods)
        raise InputError(self.path, f"has no method '{name}'", f"Use one of: {known}")

    def heading(self, dataset: str) -> str:
        """The title of a dataset, which says so where it is a phantom."""
        return self.marked(self.cohort(dataset).title)

    def marked(self, title: str) -> str:
        """A title that says 'phantom' where the study's scans are made."""
        return title if not self.phantom or "phantom" in title.lower() else f"{title} (phantom)"


def read_study(path: Path | str) -> Study:
    """Read a resolved study (`study.yaml`); raises InputError where a key is missing."""
    try:
        content = yaml.safe_load(Path(path).read_text())
        cohorts = tuple(
            Cohort(
                dataset=cohort["dataset"],
                modality=cohort["modality"],
                title=cohort["title"],
                published=tuple((entry["doc"], entry["dataset"]) for entry in cohort.get("published") or ()),
                not_comparable=cohort.get("not_comparable") or "",
            )
            for cohort in content["cohorts"].values()
        )
        names = content["method_names"]
        methods = tuple(
            Method(name, names[name]["label"], names[name].get("published"), bool(names[name].get("control")))
            for name in content["methods"]
        )
        return Study(
            path=Path(path),
            name=content["name"],
            title=content["title"],
            run=content["run"],
            phantom=bool(content["phantom"]),
            notes=tuple(content.get("notes") or ()),
            cohorts=cohorts,
            methods=methods,
        )
    except KeyError as error:
        raise InputError(path, f"has no key {error}", "Make the study file again") from error
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise InputError(path, "is not a resolved study in YAML", "Make the study file again") from error


def read_table(path: Path | str, kind: str) -> pd.DataFrame:
    """Read one of the CSV tables of `COLUMNS`; raises InputError where it is not one."""
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=["", "nan"])
    except ValueError as error:
        raise InputError(path, f"is not a table of {kind} ({error})", "Delete it and run again") from error
    missing = [column for column in COLUMNS[kind] if column not in table]
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}", f"Give the table of {kind}")
    return table


def metric_named(name: str) -> Metric:
    """The catalogue's entry of a metric; raises InputError where there is none."""
    if name not in METRICS:
        raise InputError("--metric", f"no metric is called '{name}'", f"Use one of: {', '.join(METRICS)}")
    return METRICS[name]


def check_methods(study: Study, table: pd.DataFrame, path: Path | str) -> None:
    """Raise InputError where a table holds a method that the study doesn't know."""
    unknown = sorted(set(table["method"].dropna()) - {method.name for method in study.methods})
    if unknown:
        raise InputError(path, f"holds method '{unknown[0]}', which {study.path} lacks", "Make both anew")


def of(table: pd.DataFrame, dataset: str, metric: str, scope: str) -> pd.DataFrame:
    """The rows of one dataset, metric and scope, indexed by method."""
    asked = (table["dataset"] == dataset) & (table["metric"] == metric) & (table["scope"] == scope)
    return table[asked].set_index("method")


def per_subject(metrics: pd.DataFrame, dataset: str, metric: str) -> pd.DataFrame:
    """(subjects, methods) values of a metric, each the mean over seeds; NaN where one has none."""
    asked = (metrics["dataset"] == dataset) & (metrics["metric"] == metric) & (metrics["subject"] != POOLED)
    return metrics[asked].pivot_table(index="subject", columns="method", values="value", aggfunc="mean")


def prevalence(metrics: pd.DataFrame, dataset: str) -> float:
    """Share of anomalous voxels of all subjects together; NaN where it isn't known."""
    asked = (metrics["dataset"] == dataset) & (metrics["metric"] == "prevalence") & (metrics["subject"] == POOLED)
    return float(metrics.loc[asked, "value"].mean())


def in_equal_order(options: dict[str, Sequence], first: str) -> Iterable[tuple]:
    """Zip options that are given together, once for each method; raises InputError where one is short."""
    lengths = {name: len(values) for name, values in options.items()}
    for name, length in lengths.items():
        if length != lengths[first]:
            raise InputError(
                f"--{name}",
                f"is given {length} times, --{first} {lengths[first]} times",
                "Give both for each method",
            )
    return zip(*options.values(), strict=True)
