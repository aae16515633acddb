"""The table of what a study's sections compare, published differences beside ours, as CSV and HTML."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from brainuad.figures.study import Study
from brainuad.metrics.catalogue import METRICS, Metric
from brainuad.statistics.bootstrap import RESAMPLES
from brainuad.statistics.contrasts import Contrasts, Shift
from brainuad.statistics.significance import FEWEST_SUBJECTS
from brainuad.tables import page
from brainuad.tables.page import NOTHING, number

PUBLISHED = [
    "published_dataset",
    "published_reference_dataset",
    "published_difference",
    "published_reference_value",
]
CAPTION = (
    "A difference in bold has an interval that excludes 0. One whose interval holds 0 says nothing: neither that there "
    f"is a difference nor that there is none. In brackets 95 % intervals of a bootstrap over subjects ({RESAMPLES} "
    f"resamples, percentiles), which is given from {FEWEST_SUBJECTS} subjects on; it doesn't cover the spread between "
    "trainings. In parentheses the difference in percent of the second value. [Dice] chooses its threshold on the test "
    "labels; its interval is that of the optimum of the PR curve."
)
PAIRED = (
    "Two methods: first minus second on the same subjects, which every resample draws for both. AUPRC and [Dice] are "
    "those of all voxels, other metrics means over subjects. p is that of Wilcoxon's signed-rank test on the values of "
    "the subjects, Holm-corrected over the comparisons of a section, dataset and metric."
)
UNPAIRED = (
    "Two datasets: the same method on different subjects, so nothing is paired and each dataset is resampled by "
    "itself. The AUPRC also depends on how many voxels are anomalous, as its chance level does. The l1 "
    "errors are means over subjects; published they are pooled over voxels on a scale that nobody can tell, so that "
    "only the signs of their differences can be compared."
)


def with_published(study: Study, rows: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Rows of `statistics.contrasts` with the published difference of the same two values (`PUBLISHED`).

    Where several published datasets or pairs of them stand beside ours there is a row for each, which repeats ours.
    """
    columns = ["doc", "dataset_or_class", "method", "metric"]
    values = {tuple(key): value for *key, value in published[[*columns, "value_or_mean"]].itertuples(index=False)}
    names = {method.name: method.published for method in study.methods}
    joined = []
    for row in rows.to_dict("records"):
        counterparts = [
            (own[1], other[1], values[minuend] - values[subtrahend], values[subtrahend])
            for own in study.cohort(row["dataset"]).published
            for other in study.cohort(row["reference_dataset"]).published
            if (own == other) == (row["dataset"] == row["reference_dataset"])
            and (minuend := (*own, names[row["method"]], row["metric"])) in values
            and (subtrahend := (*other, names[row["reference"]], row["metric"])) in values
        ]
        joined += [
            row | dict(zip(PUBLISHED, found, strict=True)) for found in counterparts or [("", "", math.nan, math.nan)]
        ]
    return pd.DataFrame(joined, columns=[*rows.columns, *PUBLISHED])


@dataclass(frozen=True)
class Cell:
    """A difference as printed, with interval, p and the published ones."""

    difference: str = NOTHING
    relative: str = ""
    interval: str = ""
    p: str = ""
    certain: bool = False
    published: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line: the texts that say what is compared, and a `Cell` for each metric."""

    names: tuple[str, ...]
    cells: list[Cell]


@dataclass(frozen=True)
class Block:
    """The table of a section."""

    heading: str
    text: str
    missing: str
    """What the section compares that this run hasn't got; empty where nothing."""
    names: tuple[str, ...]
    metrics: list[Metric]
    rows: list[Row]


def contrast_block(study: Study, section: Contrasts, rows: pd.DataFrame) -> Block:
    """A line for each pair of methods and dataset."""
    own = rows[(rows["section"] == section.section) & (rows["title"] == section.title)]
    labels = {method.name: method.label for method in study.methods}
    lines = [
        Row((f"{labels[a]} − {labels[b]}", f"{study.heading(dataset)}, n = {n}"), cells(of_pair, own))
        for (a, b, dataset, n), of_pair in own.groupby(["method", "reference", "dataset", "n"], sort=False)
    ]
    there = set(zip(own["method"], own["reference"], strict=True))
    missing = "; ".join(f"{a} − {b}" for a, b in section.pairs if (a, b) not in there)
    heading = f"{section.section}: {section.title}"
    return Block(heading, section.text, missing, ("Comparison", "Dataset"), metrics_of(own), lines)


def shift_block(study: Study, section: Shift, rows: pd.DataFrame) -> Block:
    """A line for each method."""
    heading = f"{section.section}: {section.title}"
    known = {cohort.dataset for cohort in study.cohorts}
    missing = [dataset for dataset in section.datasets if dataset not in known]
    if missing:
        return Block(heading, section.text, ", ".join(missing), (), [], [])
    first, second = section.datasets
    own = rows[
        (rows["section"] == section.section)
        & (rows["title"] == section.title)
        & (rows["reference_dataset"] == first)
        & (rows["dataset"] == second)
    ]
    lines = [
        Row((study.method(name).label,), cells(of_method, own)) for name, of_method in own.groupby("method", sort=False)
    ]
    text = f"{section.text} {study.heading(second)} minus {study.heading(first)}"
    text += f", n = {own['n'].max()} and {own['reference_n'].max()} subjects." if lines else "."
    return Block(heading, text.strip(), "", ("Method",), metrics_of(own), lines)


def metrics_of(rows: pd.DataFrame) -> list[Metric]:
    """The metrics of rows in the order in which they come."""
    return [METRICS[name] for name in rows["metric"].unique()]


def cells(rows: pd.DataFrame, section: pd.DataFrame) -> list[Cell]:
    """A cell for each metric of a section."""
    return [cell(rows[rows["metric"] == metric.name], metric) for metric in metrics_of(section)]


def cell(rows: pd.DataFrame, metric: Metric) -> Cell:
    """Format the rows of one comparison and metric, which differ in the published dataset alone."""
    if rows.empty:
        return Cell()
    low, high, p, difference, reference = rows[["low", "high", "p_holm", "difference", "reference_value"]].iloc[0]
    return Cell(
        difference=number(difference, metric, "+"),
        relative=percent(difference, reference, metric),
        interval="" if math.isnan(low) else f"[{number(low, metric, '+')}, {number(high, metric, '+')}]",
        p="" if math.isnan(p) else f"p = {p:.3f}" if p >= 0.001 else "p < 0.001",
        certain=low > 0 or high < 0,
        published=tuple(
            f"{own if own == other else f'{own} − {other}'}: {number(published, metric, '+')}"
            f" {percent(published, beside, metric)}".rstrip()
            for own, other, published, beside in rows[PUBLISHED].itertuples(index=False)
            if not math.isnan(published)
        ),
    )


def percent(difference: float, reference: float, metric: Metric) -> str:
    """A difference in percent of what it is taken from; nothing for metrics that may be negative or of 0."""
    return f"({100 * difference / reference:+.0f} %)".replace("-", "−") if metric.range[0] == 0 < reference else ""


BODY = """{% extends "frame" %}
{% block body %}
{% for words in captions %}<p>{{ words }}</p>
{% endfor %}
{% for block in blocks %}
<h2>{{ block.heading }}</h2>
<p>{{ block.text }}</p>
{% if block.missing %}<p><b>Not in this run:</b> {{ block.missing }}.</p>{% endif %}
{% if block.rows %}
<div class="wide"><table>
<thead><tr>{% for name in block.names %}<th class="name">{{ name }}</th>{% endfor %}
{%- for metric in block.metrics %}
<th class="first" title="{{ metric.reference }}">{{ metric.label }}</th><th>published</th>
{%- endfor %}</tr></thead>
<tbody>
{%- for row in block.rows %}
<tr>{% for name in row.names %}<td class="name">{{ name }}</td>{% endfor %}
{%- for cell in row.cells %}
<td class="first">{% if cell.certain %}<b>{{ cell.difference }}</b>{% else %}{{ cell.difference }}{% endif %}
{%- for small in (cell.relative, cell.interval, cell.p) if small %}<small>{{ small }}</small>{% endfor %}</td>
<td>{% for text in cell.published %}{{ text }}<br>{% else %}–{% endfor %}</td>
{%- endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{% endif %}
{% endfor %}
{% if reasons %}
<h2>Why ours and the published can't be compared</h2><ul>
{% for title, reason in reasons %}<li>{{ title }}: {{ reason }}</li>
{% endfor %}</ul>
{% endif %}
{% endblock %}
"""


def html(study: Study, sections: Sequence[Contrasts], shifts: Sequence[Shift], rows: pd.DataFrame) -> str:
    """A page that stands alone, with a table for each section; `rows` are those of both with the published ones."""
    blocks = [contrast_block(study, section, rows) for section in sections]
    blocks += [shift_block(study, section, rows) for section in shifts]
    compared = set(rows["dataset"]) | set(rows["reference_dataset"])
    reasons = [
        (study.heading(cohort.dataset), cohort.not_comparable)
        for cohort in study.cohorts
        if cohort.dataset in compared and cohort.not_comparable
    ]
    return page.html(
        BODY,
        title=f"{study.marked(study.title)}: comparisons",
        captions=[CAPTION, *([PAIRED] if sections else []), *([UNPAIRED] if shifts else [])],
        blocks=blocks,
        reasons=reasons,
        notes=study.notes,
    )
