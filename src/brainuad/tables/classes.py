"""Detection of each class of abnormality, and anatomical fidelity beside it (Kobayashi et al. 2021, Table I)."""

import numpy as np
import pandas as pd

from brainuad.figures.study import SUBJECT, Study, of, per_subject
from brainuad.metrics import rectified
from brainuad.metrics.catalogue import METRICS, Metric
from brainuad.metrics.table import POOLED
from brainuad.tables import page
from brainuad.tables.page import NOTHING, number
from brainuad.tables.results import with_spread

AUC = "roc_auc_rectified"
FIDELITY = ("quality_score", "overlap_score")
COLUMNS = ["class", "method", "measure", "value", "sd", "low", "high", "subjects", "published", "published_sd"]
CAPTION = (
    "One curve for each volume and class, 1,000 thresholds over the z-scores of all volumes, voxels inside the body "
    "alone; voxels of other classes are ignored. Ours: mean ± sd over the volumes that show a class, in brackets the "
    "95 % interval of a bootstrap over subjects. Methods without published values are not in the paper's "
    "table. All but the area is at the threshold of Youden's index of each "
    "volume: the paper names no operating point."
)
FIDELITY_CAPTION = (
    "The quality score is the entropy of the segmentation of a slice minus that of its reconstruction, summed over "
    "pixels, so it grows with the slice and the number of classes and can't be compared across sizes; the overlap "
    "score is the mean Dice of the two over the structures of the slice. Mean ± sd over slices, in brackets the 95 % "
    "interval of a bootstrap over subjects. Published values have thirteen structures whose labels aren't public; ours "
    "those of the last table."
)


def detection(study: Study, dataset: str, metrics: pd.DataFrame, intervals: pd.DataFrame, published: pd.DataFrame):
    """A row for each class, method and measure (COLUMNS), in the order of the paper, published beside ours."""
    rows = []
    for kind, title in rectified.CLASSES.items():
        for measure in rectified.MEASURES:
            name = rectified.metric(measure, kind)
            values = per_subject(metrics, dataset, name)
            spread = values.std(ddof=0).where(values.count() > 1)
            told = of(intervals, dataset, name, SUBJECT)
            for method in study.methods:
                if method.name in told.index:
                    value, low, high, subjects = told.loc[method.name, ["value", "low", "high", "subjects"]]
                    beside = printed(published, title, method.published, measure)
                    ours = (value, spread.get(method.name), low, high, subjects)
                    rows.append((kind, method.name, measure, *ours, *beside))
    return pd.DataFrame(rows, columns=COLUMNS)


def printed(
    published: pd.DataFrame, title: str, method: str | None, measure: str, where: str = "Table I"
) -> tuple[float, float]:
    """What the paper has of a class, method and measure: mean and sd, NaN where nothing."""
    names = ("dataset_or_class", title), ("method", method), ("metric", measure)
    found = published[(published["doc"] == "D4") & (published["where"] == where)]
    for column, name in names:
        found = found[found[column] == name]
    return tuple(found[["value_or_mean", "sd"]].astype(float).iloc[0]) if len(found) else (float("nan"),) * 2


def impossible(published: pd.DataFrame) -> tuple[int, int]:
    """Of how many rows of Table I sensitivity x specificity exceeds the area, and the number of rows.

    The rectangle from (0, 0) below a point of a rising curve has no more area than the curve. Means of volumes could
    differ from that by their covariance, which is less than the product of the sds: it is given to the area.
    """
    own = published[(published["doc"] == "D4") & (published["where"] == "Table I")].astype({"value_or_mean": float})
    keys = ["dataset_or_class", "method"]
    mean = own.pivot(index=keys, columns="metric", values="value_or_mean")
    sd = own.astype({"sd": float}).pivot(index=keys, columns="metric", values="sd")
    product = mean["sensitivity"] * mean["specificity"] - sd["sensitivity"] * sd["specificity"]
    return int((product > mean[AUC]).sum()), len(mean)


def agreement(study: Study, dataset: str, methods: list[str], intervals: pd.DataFrame) -> pd.DataFrame:
    """Ranks of methods, 1 the best, by either fidelity score and by the area for each class (columns)."""
    scopes = {METRICS[name].label: (name, POOLED) for name in FIDELITY}
    scopes |= {f"area, {kind}": (rectified.metric(AUC, kind), SUBJECT) for kind in rectified.CLASSES}
    values = {title: of(intervals, dataset, *asked)["value"].reindex(methods) for title, asked in scopes.items()}
    ranks = pd.DataFrame(values).dropna(axis=1, how="all").rank(ascending=False, method="min")
    return ranks.rename(index={method.name: method.label for method in study.methods})


def note(published: pd.DataFrame) -> str:
    """What must be known of the published operating points."""
    count, rows = impossible(published)
    return (
        f"The published sensitivities and specificities can't be points of the published curves: in {count} of {rows} "
        "rows their product exceeds the area, which is impossible for any curve, even if all covariance of volumes is "
        "granted. Ours needn't come near them."
    )


BODY = """{% extends "frame" %}
{% block body %}
<p>{{ caption }}</p>
<p><b>{{ note }}</b></p>
{% if why %}<p><b>Why ours and the published can't be compared:</b> {{ why }}</p>{% endif %}
<div class="wide"><table>
<thead><tr><th rowspan="2">Class</th><th rowspan="2" class="name">Method</th><th rowspan="2">Volumes</th>
{%- for label in measures %}<th colspan="2" class="first">{{ label }}</th>{% endfor %}</tr>
<tr>{% for _ in measures %}<th class="first">published</th><th>ours</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr class="{{ 'control' if row.control else 'method' }}"><td>{{ row.kind }}</td><td class="name">{{ row.label }}</td>
<td>{{ row.volumes }}</td>
{%- for published, ours, interval in row.cells %}<td class="first">{{ published }}</td>
<td>{{ ours }}{% if interval %}<small>{{ interval }}</small>{% endif %}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{% if lesions %}
<h2>What there is to find</h2>
<p>Lesions, that is connected voxels of a class, and their volume: mean ± sd over lesions.</p>
<div class="wide"><table>
<thead><tr><th rowspan="2">Class</th><th colspan="2" class="first">Lesions</th><th colspan="2" class="first">Volume in
ml</th></tr>
<tr>{% for _ in range(2) %}<th class="first">published</th><th>ours</th>{% endfor %}</tr></thead>
<tbody>{% for row in lesions %}
<tr><td>{{ row.kind }}</td>{% for cell in row.cells %}<td class="{{ 'first' if loop.index0 % 2 == 0 }}">{{ cell }}</td>
{%- endfor %}</tr>
{%- endfor %}</tbody></table></div>
{% endif %}
{% if fidelity %}
<h2>Anatomical fidelity</h2>
<p>{{ fidelity_caption }}</p>
<div class="wide"><table>
<thead><tr><th rowspan="2">Method</th>
{%- for label in scores %}<th colspan="2" class="first">{{ label }}</th>{% endfor %}</tr>
<tr>{% for _ in scores %}<th class="first">published</th><th>ours</th>{% endfor %}</tr></thead>
<tbody>{% for row in fidelity %}
<tr><td>{{ row.label }}</td>{% for published, ours, interval in row.cells %}<td class="first">{{ published }}</td>
<td>{{ ours }}{% if interval %}<small>{{ interval }}</small>{% endif %}</td>{% endfor %}</tr>
{%- endfor %}</tbody></table></div>
<h2>Does the order of the networks agree?</h2>
<p>Ranks, 1 the best. The paper finds fidelity and detection to go together in metastases and cavities.</p>
<div class="wide"><table>
<thead><tr><th>Method</th>{% for name in ranks.columns %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for label, row in ranks.iterrows() %}
<tr><td>{{ label }}</td>
{%- for rank in row %}<td>{{ "%.0f"|format(rank) if rank == rank else "–" }}</td>{% endfor %}</tr>
{%- endfor %}</tbody></table></div>
<h2>The segmentation network on healthy test subjects</h2>
<p>Dice, mean ± sd over volumes. Published, of the paper's structures: {{ dice_published }}.</p>
<div class="wide"><table>
<thead><tr><th>Structure</th><th>Dice</th><th>Volumes</th></tr></thead>
<tbody>{% for row in dice %}
<tr><td>{{ row.structure }}</td><td>{{ row.dice }}</td><td>{{ row.subjects }}</td></tr>
{%- endfor %}</tbody></table></div>
{% endif %}
{% endblock %}
"""


def html(
    study: Study,
    dataset: str,
    rows: pd.DataFrame,
    intervals: pd.DataFrame,
    published: pd.DataFrame,
    sizes: dict[str, list[float]],
    methods: list[str],
    dice: pd.DataFrame,
) -> str:
    """A page that stands alone; `sizes` are the ml of all lesions of each class, `methods` those whose fidelity is
    known, `dice` of the segmentation network.
    """
    cohort = study.cohort(dataset)
    texts = published[(published["doc"] == "D4") & (published["where"] == "text")].astype({"value_or_mean": float})
    networks = texts[texts["metric"] == "dice"]
    return page.html(
        BODY,
        title=f"{study.heading(dataset)}: classes of abnormality",
        notes=study.notes,
        caption=CAPTION,
        note=note(published),
        why=cohort.not_comparable,
        measures=list(rectified.MEASURES.values()),
        rows=[line(study, kind, name, own) for (kind, name), own in rows.groupby(["class", "method"], sort=False)],
        lesions=[lesions(kind, of_class, published) for kind, of_class in sizes.items()],
        fidelity=[fidelity(study, dataset, name, intervals, texts) for name in methods],
        fidelity_caption=FIDELITY_CAPTION,
        scores=[METRICS[name].label for name in FIDELITY],
        ranks=agreement(study, dataset, methods, intervals),
        dice=[{**row, "dice": with_spread(row["dice"], row["sd"], METRICS["dice"])} for row in dice.to_dict("records")],
        dice_published=", ".join(
            f"{name.removeprefix('ResUNet: ')} {value:.2f}"
            for name, value in zip(networks["method"], networks["value_or_mean"], strict=True)
        ),
    )


def line(study: Study, kind: str, name: str, own: pd.DataFrame) -> dict[str, object]:
    """A row of the first table."""
    method, cells = study.method(name), []
    for row in own.to_dict("records"):
        metric = METRICS[rectified.metric(row["measure"], kind)]
        both = with_spread(row["published"], row["published_sd"], metric), with_spread(row["value"], row["sd"], metric)
        cells.append((*both, interval(row["low"], row["high"], metric)))
    volumes = f"{own['subjects'].iloc[0]:.0f}"
    return {"kind": kind, "label": method.label, "control": method.control, "volumes": volumes, "cells": cells}


def interval(low: float, high: float, metric: Metric) -> str:
    """[low, high], nothing where it isn't known."""
    return "" if np.isnan(low) else f"[{number(low, metric)}, {number(high, metric)}]"


def lesions(kind: str, sizes: list[float], published: pd.DataFrame) -> dict[str, object]:
    """A row of the second table, from the ml of all lesions of a class."""
    title, metric = rectified.CLASSES[kind], METRICS["lesion_ml"]
    (count, _), volume = (printed(published, title, "all", name, where="text") for name in ("lesions", "lesion_ml"))
    counts = NOTHING if np.isnan(count) else f"{count:.0f}", f"{len(sizes)}"
    ours = with_spread(np.mean(sizes), np.std(sizes) if len(sizes) > 1 else np.nan, metric) if sizes else NOTHING
    return {"kind": kind, "cells": (*counts, with_spread(*volume, metric), ours)}


def fidelity(study: Study, dataset: str, name: str, intervals: pd.DataFrame, texts: pd.DataFrame) -> dict[str, object]:
    """A row of the table of fidelity."""
    method, cells = study.method(name), []
    for score in FIDELITY:
        metric = METRICS[score]
        beside = texts[(texts["method"] == method.published) & (texts["metric"] == score)]
        published = beside[["value_or_mean", "sd"]].astype(float).iloc[0] if len(beside) else (np.nan,) * 2
        ours = (of(intervals, dataset, each, POOLED)["value"].get(name, np.nan) for each in (score, f"{score}_sd"))
        ends = (of(intervals, dataset, score, SUBJECT)[end].get(name, np.nan) for end in ("low", "high"))
        cells.append((with_spread(*published, metric), with_spread(*ours, metric), interval(*ends, metric)))
    return {"label": method.label, "cells": cells}
