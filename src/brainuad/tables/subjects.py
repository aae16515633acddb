"""The table of subjects in each split, published numbers beside ours, as CSV and HTML."""

from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures.study import Study
from brainuad.tables import page

SPLITS = ("train", "validation", "test")
SPLIT_COLUMNS = ("dataset", "split", "subject")
PUBLISHED_COLUMNS = ("doc", "dataset", *SPLITS, "source")


def read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a CSV table with these columns, all as text; raises InputError."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise InputError(path, f"is not a table ({error})", "Delete it and run again") from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(path, f"has no column {', '.join(missing)}", f"Give a table of {', '.join(columns)}")
    return table


def subjects(study: Study, splits: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """One row for each cohort, in the study's order, and published dataset; where there are several, ours repeat.

    dataset, modality, title            the cohort
    train, validation, test             subjects as drawn, from `splits` (dataset, split, subject)
    published_dataset, source           the published cohort
    published_train, ...                its subjects, empty where there are none

    Raises InputError for a cohort of which `splits` holds nobody.
    """
    renamed = {"dataset": "published_dataset", **{split: f"published_{split}" for split in SPLITS}}
    counterparts = published.rename(columns=renamed)
    columns = [*renamed.values(), "source"]
    rows = []
    for cohort in study.cohorts:
        drawn = splits.loc[splits["dataset"] == cohort.dataset, "split"].value_counts()
        if drawn.empty:
            raise InputError("--splits", f"hold no subject of dataset '{cohort.dataset}'", "Draw the splits anew")
        own = {
            "dataset": cohort.dataset,
            "modality": cohort.modality,
            "title": study.heading(cohort.dataset),
            **{split: int(drawn.get(split, 0)) for split in SPLITS},
        }
        beside = pd.DataFrame(cohort.published, columns=["doc", "published_dataset"]).merge(counterparts)
        rows += [own | found for found in beside[columns].to_dict("records") or [dict.fromkeys(columns, "")]]
    return pd.DataFrame(rows)


BODY = """{% extends "frame" %}
{% block body %}
<p>{{ caption }}</p>
<div class="wide"><table>
<thead><tr><th rowspan="2">Cohort</th><th rowspan="2" class="name">Dataset</th>
<th rowspan="2" class="name">Modality</th>
<th colspan="3" class="first">Ours</th><th colspan="4" class="first">Published</th></tr>
<tr>{% for split in splits %}<th class="{{ 'first' if loop.first }}">{{ split }}</th>{% endfor %}
<th class="first name">dataset</th>{% for split in splits %}<th>{{ split }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><td>{{ row.title }}</td><td class="name">{{ row.dataset }}</td><td class="name">{{ row.modality }}</td>
{%- for split in splits %}<td class="{{ 'first' if loop.first }}">{{ row[split] or "–" }}</td>{% endfor %}
<td class="first name">{{ row.published_dataset or "–" }}
{%- if row.source %}<small>{{ row.source }}</small>{% endif %}</td>
{%- for split in splits %}<td>{{ row["published_" + split] or "–" }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>
{% endblock %}
"""
CAPTION = (
    "Subjects of each split, as they were drawn: no subject is in two splits. Networks see the training subjects of "
    "the healthy cohort; its validation subjects tell when to stop and set the operating points; those of a labelled "
    "cohort set the validated threshold. Where a cohort stands in for several published ones, ours stand in each line."
)


def html(study: Study, rows: pd.DataFrame) -> str:
    """A page that stands alone, of the rows of `subjects`."""
    title = f"{study.marked(study.title)}: subjects"
    values = {"caption": CAPTION, "splits": SPLITS, "rows": rows.to_dict("records")}
    return page.html(BODY, title=title, notes=study.notes, **values)
