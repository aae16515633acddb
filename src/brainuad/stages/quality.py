"""Tell which subjects came out of a recipe unlike the others: a quality table and a contact sheet."""

import shutil
from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures.quality import draw_sheet
from brainuad.files import atomic
from brainuad.preprocessing import quality as measures


def main(
    *,
    recipe: str,
    dataset: str,
    modality: str,
    subject: list[str],
    quality: list[Path],
    picture: list[Path],
    out_table: Path,
    out_html: Path,
    out_sheet: Path,
    out_steps: Path,
) -> None:
    """Compare the subjects of a cohort; SUBJECT, QUALITY and PICTURE are repeated in the same order.

    Writes the table (TSV), the same as a page, a sheet of all subjects (PNG), and the steps of a typical one (PNG).
    """
    if not len(subject) == len(quality) == len(picture):
        counts = f"{len(subject)} subjects, {len(quality)} quality files and {len(picture)} pictures"
        raise InputError("--subject", f"stands for {counts}", "Give all three for each subject")
    facts = measures.read(dict(zip(subject, quality, strict=True)), recipe, modality)
    table = measures.table(facts)
    title = f"Recipe {recipe}: {dataset}, {modality}"
    strips = dict(zip(subject, picture, strict=True))
    with atomic(out_table) as temporary:
        table.to_csv(temporary, sep="\t", float_format="%.6g")
    with atomic(out_html) as temporary:
        temporary.write_text(measures.html(title, table, measures.durations(facts)))
    draw_sheet(out_sheet, title, strips, table["reasons"].to_dict())
    with atomic(out_steps) as temporary:
        shutil.copyfile(strips[measures.typical(table)], temporary)
