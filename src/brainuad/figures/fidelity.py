"""What a segmentation network sees in slices and their reconstructions (Kobayashi et al. 2021, Fig. 4)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from brainuad.datasets.structures import CLASSES
from brainuad.figures import montage
from brainuad.figures.panels import grey, robust_maximum, sides
from brainuad.figures.style import COLOURS, FAINT, GREYS

NEEDED = (
    "subject",
    "slice",
    *(f"{kind}{of}" for of in ("image", "reconstruction") for kind in ("", "entropy_", "classes_")),
)
ROWS = ("image", "entropy", "structures")
PALETTE = ListedColormap(["white", *COLOURS, GREYS[0]])
NOTE = (
    "Entropy of the segmentation, 0 (black) to {top:.2g} (white) in natural units. The structures stand in "
    "for the paper's thirteen, whose labels aren't public. The patient's left (L) is on the left."
)
PANEL, GAP, NAME, TOP, HEADING, BOTTOM = 1.35, 0.04, 1.05, 0.4, 0.3, 0.95
"""Inches: a panel's side, the gap between panels, the room for names of rows, title, headings, legend and note."""


@dataclass(frozen=True)
class Seen:
    """Slices (S, H, W), the entropies and classes that the network gives them; those of a method's or the input's."""

    label: str
    subjects: list[str]
    image: np.ndarray
    entropy: np.ndarray
    classes: np.ndarray


def read(label: str, path: Path) -> tuple[Seen, Seen]:
    """The inputs and a method's reconstructions; raises InputError where the file isn't `fidelity.h5`."""
    arrays, _ = montage.read(path, NEEDED)
    names = [f"{subject}\nslice {k}" for subject, k in zip(arrays["subject"], arrays["slice"], strict=True)]

    def seen(name: str, of: str) -> Seen:
        return Seen(name, names, arrays[of], arrays[f"entropy_{of}"], arrays[f"classes_{of}"])

    return seen("Input", "image"), seen(label, "reconstruction")


def size(columns: list[Seen]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    rows = len(ROWS) * len(columns[0].image)
    return max(NAME + len(columns) * (PANEL + GAP), 6.8), TOP + HEADING + rows * (PANEL + GAP) + BOTTOM


def draw(figure: Figure, title: str, columns: list[Seen]) -> None:
    """Draw three rows for each slice into a figure of `size`: the slice, its entropy, its structures."""
    width, height = figure.get_size_inches()
    top = robust_maximum(np.stack([c.entropy for c in columns]), np.zeros(1, bool))
    for j, column in enumerate(columns):
        for k in range(len(column.image)):
            for row, shown in enumerate((column.image[k], column.entropy[k], column.classes[k])):
                up = height - TOP - HEADING - (len(ROWS) * k + row + 1) * (PANEL + GAP)
                ax = figure.add_axes((_x(j) / width, up / height, PANEL / width, PANEL / height))
                ax.set_axis_off()
                _show(ax, ROWS[row], shown, top)
                if j == 0:
                    sides(ax)
                    name = f"{column.subjects[k]}\n{ROWS[row]}" if row == 0 else ROWS[row]
                    figure.text((NAME - 0.08) / width, (up + PANEL / 2) / height, name, ha="right", va="center", size=7)
                if k == row == 0:
                    ax.set_title(column.label, fontsize=8, pad=3)
    present = sorted({int(number) for column in columns for number in np.unique(column.classes) if number})
    patches = [Patch(color=PALETTE(number), label=CLASSES[number]) for number in present]
    figure.legend(handles=patches, loc="lower left", bbox_to_anchor=(0.0, 0.32 / height), ncols=4, fontsize=6.5)
    figure.text(0.1 / width, 0.1 / height, NOTE.format(top=top), size=6.5, color=FAINT, wrap=True)
    figure.suptitle(title, x=0.1 / width, y=1 - 0.1 / height, ha="left", va="top")


def _x(column: int) -> float:
    return NAME + column * (PANEL + GAP)


def _show(ax: Axes, kind: str, values: np.ndarray, top: float) -> None:
    if kind == "image":
        grey(ax, values)
    elif kind == "entropy":
        ax.imshow(values, cmap="magma", vmin=0, vmax=top, interpolation="none")
    else:
        ax.imshow(values, cmap=PALETTE, vmin=0, vmax=len(CLASSES), interpolation="none")
