"""Write what methods reach in one study against another, on the patients that both test, as CSV and HTML."""

import json
from pathlib import Path

import pandas as pd

from brainuad.errors import InputError
from brainuad.figures.study import check_methods, read_study, read_table
from brainuad.files import atomic
from brainuad.metrics import table
from brainuad.tables import against as tables
from brainuad.tables.against import Against


def main(
    *,
    study: Path,
    metrics: Path,
    other_study: list[Path],
    other_metrics: list[Path],
    published: Path,
    against: str,
    out_csv: Path,
    out_html: Path,
    compared: list[str] | None = None,
    seed: int = 0,
) -> None:
    """Compare what --against asks for in the --compared metrics of subjects.

    AGAINST is JSON: a list of {section, title, study, cohort (its dataset), methods}, maybe with a `text`; this study
    minus that one, whose study.yaml and long table are among --other-study and --other-metrics, in the same order.
    """
    own = read_study(study), table.read(metrics)
    check_methods(*own, metrics)
    others = {}
    for path, long in zip(other_study, other_metrics, strict=True):
        other = read_study(path), table.read(long)
        check_methods(*other, long)
        others[other[0].name] = other
    known = read_table(published, "published")
    made, blocks, reasons = [], [], []
    for section in read_against(against):
        if section.study not in others:
            raise InputError("--other-study", f"names no study {section.study}", "Give its study.yaml")
        other = others[section.study]
        rows = tables.rows(section, own, other, compared or [], seed)
        if rows.empty:
            problem = f"has nothing of {section.dataset} in common with {section.study}"
            raise InputError(metrics, problem, "Test the same patients in both, or take the section out")
        rows = tables.with_published(rows, own[0], other[0], known)
        made.append(rows)
        blocks.append(tables.block(section, own[0], other[0], rows))
        cohorts = [(one, one.cohort(section.dataset)) for one, _ in (own, other)]
        reasons += [(f"{one.title}, {c.title}", c.not_comparable) for one, c in cohorts if c.not_comparable]
    with atomic(out_csv) as temporary:
        pd.concat(made).to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(own[0], blocks, list(dict.fromkeys(reasons))))


def read_against(text: str) -> list[Against]:
    """Parse --against; raises InputError."""
    try:
        return [
            Against(e["section"], e["title"], e["study"], e["cohort"], tuple(e["methods"]), e.get("text", ""))
            for e in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError) as error:
        mend = "List {section, title, study, cohort, methods} as JSON"
        raise InputError("--against", f"can't be read ({error})", mend) from error
