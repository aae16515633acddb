"""Contact sheet of a cohort: every subject's preprocessed middle slice, the flagged ones framed, with the reason."""

import textwrap
from pathlib import Path

import numpy as np

from brainuad.figures.preprocessing import GAP, figure_of, result_of, save, write
from brainuad.files import atomic
from brainuad.preprocessing.steps import PIXELS

COLUMNS = 8
TITLE, CAPTION, FRAME = 30, 62, 4
"""Pixels above all, below each picture, and of a frame."""
CELL = PIXELS + 2 * FRAME + GAP
FLAGGED = (213, 94, 0)
"""Vermilion of the Okabe-Ito palette."""
LETTERS, LINES = 28, 3
"""Of a reason, what fits below a picture."""


def draw_sheet(path: Path, title: str, strips: dict[str, Path], reasons: dict[str, str]) -> None:
    """Write a PNG from the strips of all subjects; flagged, and first, are those with a reason that isn't empty."""
    order = sorted(strips, key=lambda subject: not reasons[subject])
    columns, rows = min(COLUMNS, len(order)), -(-len(order) // COLUMNS)
    canvas = np.zeros((TITLE + rows * (CELL + CAPTION), max(columns * CELL, 3 * CELL), 3), np.uint8)
    places = [(TITLE + k // COLUMNS * (CELL + CAPTION), k % COLUMNS * CELL) for k in range(len(order))]
    for subject, (top, left) in zip(order, places, strict=True):
        side = PIXELS + 2 * FRAME
        canvas[top : top + side, left : left + side] = FLAGGED if reasons[subject] else 0
        canvas[top + FRAME : top + FRAME + PIXELS, left + FRAME : left + FRAME + PIXELS] = result_of(strips[subject])
    figure = figure_of(canvas)
    write(figure, FRAME, 4, title, size=14)
    for subject, (top, left) in zip(order, places, strict=True):
        write(figure, left + FRAME, top + CELL, subject)
        why = textwrap.wrap(reasons[subject], LETTERS, max_lines=LINES, placeholder=" ...")
        write(figure, left + FRAME, top + CELL + 14, "\n".join(why), colour=tuple(np.divide(FLAGGED, 255)))
    with atomic(path) as temporary:
        save(figure, temporary)
