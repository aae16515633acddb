"""The table of what methods reach in one study against another, on the patients that both test, as CSV and HTML."""

from dataclasses import dataclass

import pandas as pd

from brainuad.figures.study import Study
from brainuad.metrics.table import POOLED
from brainuad.statistics.comparison import SUBJECT, compare, estimates
from brainuad.statistics.significance import holm
from brainuad.tables import page
from brainuad.tables.contrasts import BODY, CAPTION, PUBLISHED, Block, Row, cells, metrics_of

PAIRED = (
    "One method in two studies, this one minus the other, on the patients that both test, which every resample draws "
    "for both. Values are means over these patients. p is that of Wilcoxon's signed-rank test, Holm-corrected over the "
    "methods of a table and metric."
)


@dataclass(frozen=True)
class Against:
    """The methods of a study that a section compares with themselves in another study."""

    section: str
    title: str
    study: str
    dataset: str
    methods: tuple[str, ...]
    text: str = ""


def rows(
    section: Against, own: tuple[Study, pd.DataFrame], other: tuple[Study, pd.DataFrame], metrics: list[str], seed: int
) -> pd.DataFrame:
    """A row for each method and metric: difference, interval, p, and the other study's value; no published ones yet.

    `own` and `other` are studies with their long tables. Subjects that just one of them tests are left out.
    """
    parts = [long[(long["dataset"] == section.dataset) & long["metric"].isin(metrics)] for _, long in (own, other)]
    parts = [part[(part["subject"] != POOLED) & part["method"].isin(section.methods)] for part in parts]
    common = set(parts[0]["subject"]) & set(parts[1]["subject"])
    found = [estimates(part[part["subject"].isin(common)], [], seed) for part in parts]
    theirs = {(e.method, e.metric): e for e in found[1] if e.scope == SUBJECT}
    table = []
    for mine in found[0]:
        if (beside := theirs.get((mine.method, mine.metric))) is not None:
            *_, difference, low, high, p, n = compare(mine, beside)
            names = {"section": section.section, "title": section.title, "dataset": section.dataset}
            names |= {"method": mine.method, "metric": mine.metric, "study": own[0].name, "reference": other[0].name}
            numbers = {"difference": difference, "low": low, "high": high, "p_wilcoxon": p, "n": n}
            table.append(names | numbers | {"reference_value": beside.value})
    made = pd.DataFrame(table)
    if len(made):
        made["p_holm"] = made.groupby("metric")["p_wilcoxon"].transform(holm)
    return made


def with_published(made: pd.DataFrame, own: Study, other: Study, published: pd.DataFrame) -> pd.DataFrame:
    """The rows of two studies with the published difference of the same two values, one for each pair of these."""
    values = published.set_index(["doc", "dataset_or_class", "method", "metric"])["value_or_mean"].to_dict()
    joined = []
    for row in made.to_dict("records"):
        name = own.method(row["method"]).published
        pairs = [(a, b) for a in own.cohort(row["dataset"]).published for b in other.cohort(row["dataset"]).published]
        keys = [((*a, name, row["metric"]), (*b, name, row["metric"])) for a, b in pairs if a != b]
        known = [(a[1], b[1], values[a] - values[b], values[b]) for a, b in keys if a in values and b in values]
        nothing = [("", "", float("nan"), float("nan"))]
        joined += [row | dict(zip(PUBLISHED, found, strict=True)) for found in known or nothing]
    return pd.DataFrame(joined, columns=[*made.columns, *PUBLISHED])


def block(section: Against, own: Study, other: Study, made: pd.DataFrame) -> Block:
    """A line for each method."""
    lines = [
        Row((own.method(name).label, f"{of_method['n'].max()}"), cells(of_method, made))
        for name, of_method in made.groupby("method", sort=False)
    ]
    modalities = [f"{study.title} ({study.cohort(section.dataset).modality})" for study in (own, other)]
    text = f"{section.text} {modalities[0]} minus {modalities[1]}, on {own.heading(section.dataset)}."
    return Block(
        f"{section.section}: {section.title}", text.strip(), "", ("Method", "Patients"), metrics_of(made), lines
    )


def html(study: Study, blocks: list[Block], reasons: list[tuple[str, str]]) -> str:
    """A page that stands alone, with a table for each section; `reasons` why published values can't be compared."""
    return page.html(
        BODY,
        title=f"{study.marked(study.title)}: against other studies",
        captions=[CAPTION, PAIRED],
        blocks=blocks,
        reasons=reasons,
        notes=study.notes,
    )
