"""The comparison table of a dataset, ours beside published, as CSV, HTML and LaTeX."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures.study import SEES_LABELS, SUBJECT, Cohort, Method, Study, of, prevalence
from brainuad.metrics.catalogue import METRICS, POINT_LABELS, Metric
from brainuad.metrics.table import POOLED
from brainuad.postprocessing.operating_points import DEFAULT
from brainuad.tables.page import html as standing_alone
from brainuad.tables.page import number

SHOWN = (
    ("auprc", POOLED),
    ("auprc", SUBJECT),
    ("auroc_brain", POOLED),
    ("auroc", POOLED),
    (f"dice_at_{DEFAULT}", SUBJECT),
    ("dice_at_p98", SUBJECT),
    (f"fpr_at_{DEFAULT}", POOLED),
    (f"lesion_sensitivity_at_{DEFAULT}", POOLED),
    (f"lesion_precision_at_{DEFAULT}", POOLED),
    (f"false_components_at_{DEFAULT}", POOLED),
    ("subject_auroc", POOLED),
    ("dice", POOLED),
    ("dice", SUBJECT),
    ("dice_best_segment", POOLED),
    ("dice_volume", SUBJECT),
    ("false_ml", SUBJECT),
    ("box_iou", POOLED),
    ("box_detection_rate", POOLED),
    ("best_dice", POOLED),
    ("dice_at_val_threshold", SUBJECT),
    ("psnr", POOLED),
    ("ssim", POOLED),
    ("l1_re_normal", POOLED),
    ("l1_re_anomalous", POOLED),
    ("chi2", POOLED),
    ("quality_score", POOLED),
    ("overlap_score", POOLED),
    ("psnr_window", POOLED),
    ("ssim_window", POOLED),
    ("psnr_erased", POOLED),
    ("ssim_erased", POOLED),
    ("mean_abs_pred_minus_true_loss", POOLED),
    ("relative_loss_difference", POOLED),
    ("mean_abs_pred_minus_true_loss_all", POOLED),
    ("relative_loss_difference_all", POOLED),
    ("heat_pearson", SUBJECT),
    ("heat_spearman", SUBJECT),
    ("heat_overlap", SUBJECT),
    ("seconds_per_volume", POOLED),
    ("seconds_per_slice", POOLED),
    ("peak_memory_mb", POOLED),
    ("parameters", POOLED),
)
"""Metric and scope of the printed columns, where the dataset has them; the CSV has everything."""
NEEDS_LABELS = ("best_dice", "best_dice_exact", "dice_best_segment")
"""Thresholds or segments chosen on the test labels: an upper bound, which ranks nobody."""
MEAN_OVER_PATIENTS = (("D1", "dice_volume"), ("D2", "dice_at_val_threshold"), ("D4", "dice"))
"""Document and metric of what is published as a mean over patients; all else is published as ours is pooled."""
UNKNOWN_SCALE = ("l1_re_normal", "l1_re_anomalous")
"""Published on a scale that nobody can tell, so that no difference is given."""
PUBLISHED = ["published_dataset", "published", "published_sd"]


def comparison(
    study: Study,
    dataset: str,
    intervals: pd.DataFrame,
    comparisons: pd.DataFrame,
    ranks: pd.DataFrame,
    published: pd.DataFrame,
) -> pd.DataFrame:
    """One row for each method, metric and scope of a dataset, in the order of study and catalogue.

    Where several published datasets have the value, there is a row for each, which repeats ours.

    value, low, high, subjects, seeds, seed_sd   ours, with its 95 % interval and the spread between seeds
    rank, rank_low, rank_high                    among the compared methods, with its 95 % interval
    sd                                           of the subjects' values or, pooled, see `spread`
    best                                         better than the runner-up beyond doubt, see `winner`
    published_dataset, published, published_sd   on the rows that count as the paper does
    difference                                   ours - published
    not_comparable                               why the two can't be compared all the same
    """
    cohort, frames = study.cohort(dataset), []
    patients = pd.MultiIndex.from_frame(published[["doc", "metric"]]).isin(MEAN_OVER_PATIENTS)
    for name, scope in itertools.product(METRICS, (POOLED, SUBJECT)):
        own = of(intervals, dataset, name, scope)
        table = own[["value", "low", "high", "subjects", "seeds", "seed_sd"]]
        if table.empty:
            continue
        table = table.join(of(ranks, dataset, name, scope)[["rank", "rank_low", "rank_high"]])
        best = winner(table["value"], METRICS[name], of(comparisons, dataset, name, scope))
        beside = published_values(study, cohort, name, published[patients == (scope == SUBJECT)])
        table = table.join(own["subject_sd"].rename("sd") if scope == SUBJECT else spread(intervals, dataset, name))
        table = table.assign(metric=name, scope=scope, best=table.index == best).join(beside)
        known_scale = 1.0 if name not in UNKNOWN_SCALE else float("nan")
        table["difference"] = known_scale * (table["value"] - table["published"])
        frames.append(table.reset_index())
    if not frames:
        raise InputError("--intervals", f"hold no value of dataset '{dataset}'", "Evaluate the dataset first")
    rows = pd.concat(frames, ignore_index=True)
    order = {method.name: k for k, method in enumerate(study.methods)}
    rows = rows.sort_values("method", key=lambda column: column.map(order), kind="stable", ignore_index=True)
    methods = rows.pop("method")
    facts = {
        "study": study.name,
        "dataset": dataset,
        "modality": cohort.modality,
        "phantom": study.phantom,
        "method": methods,
        "label": methods.map(lambda name: study.method(name).label),
        "control": methods.map(lambda name: study.method(name).control),
        "metric": rows.pop("metric"),
        "scope": rows.pop("scope"),
    }
    why = rows["published"].notna().map({True: cohort.not_comparable, False: ""})
    rows = pd.concat([pd.DataFrame(facts), rows], axis=1).assign(not_comparable=why)
    return rows.assign(needs_labels=rows["metric"].isin(NEEDS_LABELS))


def spread(intervals: pd.DataFrame, dataset: str, metric: str) -> pd.Series:
    """Our standard deviation by method, over what the pooled value is the mean of; empty where it isn't known."""
    return of(intervals, dataset, f"{metric}_sd", POOLED)["value"].rename("sd")


def winner(values: pd.Series, metric: Metric, comparisons: pd.DataFrame) -> str | None:
    """The method that is better than the runner-up beyond doubt, None where there is no such method.

    Beyond doubt means that the interval of the paired difference of the two excludes 0. Label-free
    controls take part; what is made from labels does not, and a metric that needs labels has no winner.
    `values` and `comparisons` are indexed by method.
    """
    if metric.name in NEEDS_LABELS or metric.direction == "none":
        return None
    values = values.drop(labels=[name for name in SEES_LABELS if name in values.index]).dropna()
    ordered = values.sort_values(ascending=metric.direction == "lower", kind="stable").index
    if len(ordered) < 2:
        return None
    pair = ordered[:2]
    rows = comparisons[comparisons.index.isin(pair) & comparisons["reference"].isin(pair)]
    doubtless = (rows["low"] > 0) | (rows["high"] < 0)
    return str(ordered[0]) if doubtless.any() else None


def published_values(study: Study, cohort: Cohort, metric: str, published: pd.DataFrame) -> pd.DataFrame:
    """Published dataset, value and its standard deviation for the study's methods (index), dataset by dataset."""
    datasets = pd.DataFrame(cohort.published, columns=["doc", "published_dataset"])
    names = [(method.name, method.published) for method in study.methods if method.published]
    rows = datasets.merge(
        published[published["metric"] == metric].rename(columns={"method": "published_name"}),
        left_on=["doc", "published_dataset"],
        right_on=["doc", "dataset_or_class"],
    ).merge(pd.DataFrame(names, columns=["method", "published_name"]), on="published_name")
    rows = rows.astype({"value_or_mean": float, "sd": float}).set_index("method")
    return rows[["published_dataset", "value_or_mean", "sd"]].set_axis(PUBLISHED, axis=1)


def caption(study: Study, dataset: str, rows: pd.DataFrame, metrics: pd.DataFrame) -> str:
    """What a reader must know of the numbers, in plain sentences."""
    cohort = study.cohort(dataset)
    subjects, seeds = rows["subjects"].max(), rows["seeds"].max()
    share = prevalence(metrics, dataset)
    sentences = [
        f"{study.title}, {study.heading(dataset)} ({cohort.modality})",
        "These are phantom scans, not patients" if study.phantom else "",
        f"n = {subjects:.0f} subjects, {_seeds(seeds)}" if subjects > 0 else "",
        f"Prevalence {share:.3g} (pooled), which is the AUPRC of chance" if share > 0 else "",
        "In brackets 95 % intervals over subjects" if rows["low"].notna().any() else "",
        f"Masks: score above the threshold of {POINT_LABELS[DEFAULT]}, unless said otherwise",
        "Bold: better than the runner-up, the interval of their paired difference excluding 0; "
        "what needs the test labels (oracle) ranks nobody",
    ]
    return ". ".join(filter(None, sentences)) + "."


def _seeds(seeds: float) -> str:
    return f"{seeds:.0f} seeds" if seeds > 1 else "1 seed, so the spread between trainings is unknown"


@dataclass(frozen=True)
class Column:
    """A printed column: a metric over all voxels or as the mean over subjects."""

    metric: Metric
    scope: str

    @property
    def heading(self) -> str:
        """The label with an arrow towards the better values; none where labels choose the threshold."""
        arrow = {"higher": " ↑", "lower": " ↓"}.get(self.metric.direction, "")
        return self.metric.label + ("" if self.needs_labels else arrow)

    @property
    def below(self) -> str:
        """What stands small below the heading."""
        if self.metric.scope != "both":
            return ""
        return self.counted + (", uses the labels" if self.needs_labels else "")

    @property
    def counted(self) -> str:
        """What the value is made from."""
        return "mean over subjects" if self.scope == SUBJECT else self.metric.pooled

    @property
    def needs_labels(self) -> bool:
        """Whether the test labels choose the threshold."""
        return self.metric.name in NEEDS_LABELS


@dataclass(frozen=True)
class Cell:
    """A value as printed, its interval, its rank with interval, and whether it is bold."""

    value: str
    interval: str = ""
    rank: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """A method's line in a printed table."""

    label: str
    control: bool
    cells: list


@dataclass(frozen=True)
class Beside:
    """The values published of one dataset beside ours."""

    dataset: str
    columns: list[Column]
    rows: list[Row]
    """With the texts of published, ours and difference for each column."""

    @property
    def counting(self) -> str:
        """What a reader must know of the columns."""
        return how_counted(self.columns)


@dataclass(frozen=True)
class Page:
    """What the printed tables hold, before any markup."""

    title: str
    caption: str
    not_comparable: str
    notes: tuple[str, ...]
    columns: list[Column]
    rows: list[Row]
    """With a `Cell` for each column."""
    published: list[Beside]


def page(study: Study, dataset: str, rows: pd.DataFrame, metrics: pd.DataFrame) -> Page:
    """Choose and format what is printed of `comparison`'s rows."""
    methods = [method for method in study.methods if (rows["method"] == method.name).any()]
    columns = [
        Column(METRICS[name], scope)
        for name, scope in SHOWN
        if ((rows["metric"] == name) & (rows["scope"] == scope)).any()
    ]
    published = [(name, rows[rows["published_dataset"] == name]) for _, name in study.cohort(dataset).published]
    return Page(
        title=study.heading(dataset),
        caption=caption(study, dataset, rows, metrics),
        not_comparable=study.cohort(dataset).not_comparable,
        notes=study.notes,
        columns=columns,
        rows=_printed(rows, methods, columns, ours),
        published=[_beside(name, of_name, methods, columns) for name, of_name in published if len(of_name)],
    )


def _beside(name: str, rows: pd.DataFrame, methods: list[Method], columns: list[Column]) -> Beside:
    chosen = [column for column in columns if (column.metric.name, column.scope) in _pairs(rows)]
    compared = [method for method in methods if (rows["method"] == method.name).any()]
    return Beside(name, chosen, _printed(rows, compared, chosen, side_by_side))


def _printed(rows: pd.DataFrame, methods: list[Method], columns: list[Column], form: Callable) -> list[Row]:
    table = {(row["method"], row["metric"], row["scope"]): row for row in rows.to_dict("records")}

    def cells(method: Method) -> list:
        return [form(table.get((method.name, c.metric.name, c.scope)), c.metric) for c in columns]

    return [Row(method.label, method.control, cells(method)) for method in methods]


def _pairs(rows: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(rows["metric"], rows["scope"], strict=True))


def ours(row: dict | None, metric: Metric) -> Cell:
    """Our value with its interval."""
    if row is None:
        return Cell(number(math.nan, metric))
    bounds = f"[{number(row['low'], metric)}, {number(row['high'], metric)}]"
    rank = "" if math.isnan(row["rank"]) else f"rank {row['rank']:.0f}"
    if not math.isnan(row["rank_low"]):
        rank += f" [{row['rank_low']:.0f}, {row['rank_high']:.0f}]"
    interval = "" if math.isnan(row["low"]) else bounds
    return Cell(number(row["value"], metric), interval, rank, bool(row["best"]))


def side_by_side(row: dict | None, metric: Metric) -> tuple[str, str, str]:
    """Published value and ours (± standard deviation), difference."""
    if row is None:
        return (number(math.nan, metric),) * 3
    difference = number(row["difference"], metric, sign="+")
    return (
        with_spread(row["published"], row["published_sd"], metric),
        with_spread(row["value"], row["sd"], metric),
        difference,
    )


def with_spread(value: float, sd: float, metric: Metric) -> str:
    """value ± sd, the latter where it is known."""
    return number(value, metric) + ("" if math.isnan(sd) else f" ± {number(sd, metric)}")


def how_counted(columns: list[Column]) -> str:
    """What a reader must know of published columns and ours, in plain sentences."""
    voxels = any(column.scope == POOLED and column.counted == "all voxels" for column in columns)
    scale = any(column.metric.name in UNKNOWN_SCALE for column in columns)
    return (
        f"Ours is counted as the paper's is: {', '.join(dict.fromkeys(column.counted for column in columns))}"
        + ("; of voxels we take the brain and the lesions, the paper's code the background too. " if voxels else ". ")
        + "The difference is ours minus published"
        + (", left out for the l1 errors, whose published scale is unknown." if scale else ".")
    )


HTML = """{% extends "frame" %}
{% block body %}
<p>{{ page.caption }}</p>
<div class="wide"><table>
<thead><tr><th>Method</th>
{%- for column in page.columns %}
<th class="metric{{ ' oracle' if column.needs_labels }}" title="{{ column.metric.reference }}">
{{- column.heading }}<small>{{ column.below }}</small></th>
{%- endfor %}</tr></thead>
<tbody>
{%- for row in page.rows %}
<tr class="{{ 'control' if row.control else 'method' }}"><td>{{ row.label }}
{%- if row.control %}<small>control</small>{% endif %}</td>
{%- for cell in row.cells %}<td class="{{ 'oracle' if page.columns[loop.index0].needs_labels }}">
{%- if cell.best %}<b>{{ cell.value }}</b>{% else %}{{ cell.value }}{% endif %}
{%- if cell.interval %}<small>{{ cell.interval }}</small>{% endif %}
{%- if cell.rank %}<small>{{ cell.rank }}</small>{% endif %}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{% for beside in page.published %}
<h2>Beside the published values: {{ beside.dataset }}</h2>
<p>
{% if page.not_comparable %}
<b>Why ours and the published can't be compared:</b> {{ page.not_comparable }}<br>
{% endif %}
{{ beside.counting }}</p>
<div class="wide"><table>
<thead><tr><th rowspan="2">Method</th>
{%- for column in beside.columns %}
<th colspan="3" class="first">{{ column.metric.label }}<small>{{ column.below }}</small></th>
{%- endfor %}</tr>
<tr>
{%- for column in beside.columns %}
<th class="first">published</th><th>ours</th><th>difference</th>
{%- endfor %}
</tr></thead><tbody>
{%- for row in beside.rows %}
<tr><td>{{ row.label }}</td>{% for published, ours, difference in row.cells -%}
<td class="first">{{ published }}</td><td>{{ ours }}</td><td>{{ difference }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{% endfor %}
{% endblock %}
"""


def html(page: Page) -> str:
    """A page that stands alone."""
    return standing_alone(HTML, title=page.title, notes=page.notes, page=page)


LATEX = {
    **{letter: "\\" + letter for letter in "&%$#_{}"},
    **{letter: f"{{{letter}}}" for letter in "[]"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "χ": r"$\chi$",
    "²": r"$^2$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}


def escape(text: str) -> str:
    """Plain text as LaTeX."""
    return "".join(LATEX.get(letter, letter) for letter in text)


def latex(page: Page, label: str, columns: int = 5, triples: int = 2) -> str:
    """`table` environments (package booktabs) of a few columns or published triples each, for A4."""
    environments = _environments(page.caption, page.title, label, _our_tabulars(page, columns))
    for beside in page.published:
        words = f"{page.title}: values published of {beside.dataset} beside ours, difference ours minus published."
        tabulars = _published_tabulars(beside, triples)
        name = f"{label}-published-{beside.dataset.lower()}"
        environments += _environments(f"{words} {page.not_comparable}", page.title, name, tabulars)
    return "\n\n".join(environments)


def _environments(caption: str, title: str, label: str, tabulars: list[str]) -> list[str]:
    heads = [f"\\caption{{{escape(caption.strip())}}}\n\\label{{tab:{label}}}"]
    heads += [f"\\caption{{{escape(title)} (continued).}}"] * (len(tabulars) - 1)
    start = "\\begin{table}[htbp]\n\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}"
    return [f"{start}\n{head}\n{tabular}\n\\end{{table}}\n" for head, tabular in zip(heads, tabulars, strict=False)]


def _our_tabulars(page: Page, columns: int) -> list[str]:
    tabulars = []
    for start in range(0, len(page.columns), columns):
        chosen = page.columns[start : start + columns]
        width = f"p{{{0.62 / columns:.3f}\\linewidth}}"
        lines = [f"\\begin{{tabular}}{{l*{{{len(chosen)}}}{{{width}}}}}", r"\toprule"]
        lines.append(_line("Method", *(f"\\raggedright {escape(column.heading)}" for column in chosen)))
        lines += [_line("", *(_small(column.below) for column in chosen)), r"\midrule"]
        for row in page.rows:
            cells = row.cells[start : start + columns]
            lines.append(_line(escape(row.label), *(_bold(cell) for cell in cells)))
            if row.control or any(cell.interval for cell in cells):
                small = ["control" if row.control else "", *(cell.interval for cell in cells)]
                lines.append(_line(*map(_small, small)))
        tabulars.append("\n".join([*lines, r"\bottomrule", r"\end{tabular}"]))
    return tabulars


def _published_tabulars(beside: Beside, triples: int) -> list[str]:
    tabulars = []
    for start in range(0, len(beside.columns), triples):
        chosen = beside.columns[start : start + triples]
        rules = [f"\\cmidrule(lr){{{2 + 3 * k}-{4 + 3 * k}}}" for k in range(len(chosen))]
        lines = [f"\\begin{{tabular}}{{l{'rrr' * len(chosen)}}}", r"\toprule"]
        labels = [escape(column.metric.label) for column in chosen]
        lines.append(_line("", *(f"\\multicolumn{{3}}{{c}}{{{label}}}" for label in labels)))
        lines.append("".join(rules))
        lines += [_line("Method", *["published", "ours", "difference"] * len(chosen)), r"\midrule"]
        for row in beside.rows:
            texts = [escape(text) for cell in row.cells[start : start + triples] for text in cell]
            lines.append(_line(escape(row.label), *texts))
        tabulars.append("\n".join([*lines, r"\bottomrule", r"\end{tabular}"]))
    return tabulars


def _line(*cells: str) -> str:
    return " & ".join(cells) + r" \tabularnewline"


def _bold(cell: Cell) -> str:
    return f"\\textbf{{{escape(cell.value)}}}" if cell.best else escape(cell.value)


def _small(text: str) -> str:
    return f"{{\\scriptsize\\raggedright {escape(text)}}}" if text else ""
