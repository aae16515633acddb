"""Write the table of subjects in each split as CSV and HTML."""

from pathlib import Path

from brainuad.figures.study import read_study
from brainuad.files import atomic
from brainuad.tables import subjects as tables


def main(*, study: Path, splits: Path, published_subjects: Path, out_csv: Path, out_html: Path) -> None:
    """Count the subjects of each cohort and split of --splits, the published ones beside them."""
    resolved = read_study(study)
    drawn = tables.read(splits, tables.SPLIT_COLUMNS)
    rows = tables.subjects(resolved, drawn, tables.read(published_subjects, tables.PUBLISHED_COLUMNS))
    with atomic(out_csv) as temporary:
        rows.to_csv(temporary, index=False)
    with atomic(out_html) as temporary:
        temporary.write_text(tables.html(resolved, rows))
