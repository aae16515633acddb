"""Slices in rows and columns of panels, and the HDF5 files of examples that such figures show."""

import textwrap
from pathlib import Path

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from brainuad.errors import InputError

SMALL = 6.5
"""Size of the type at panels."""
TITLE, NOTE = 12, 18
"""Letters an inch of the type of titles and of notes."""


def read(path: Path | str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> tuple[dict, dict]:
    """The datasets of a file, one row an example, and its attributes; raises InputError where one is missing."""
    try:
        with h5py.File(path) as file:
            missing = [name for name in needed if name not in file]
            if missing:
                raise InputError(path, f"holds no dataset '{missing[0]}'", "Delete it and run again")
            arrays = {name: file[name][:] for name in (*needed, *optional) if name in file}
            if "subject" in arrays:
                arrays["subject"] = file["subject"].asstr()[:]
            attributes = dict(file.attrs)
    except OSError as error:
        problem = "is missing" if not Path(path).exists() else "is truncated or not an HDF5 file"
        raise InputError(path, problem, "Delete it and run again") from error
    if len({len(array) for array in arrays.values()} | {0}) != 2:
        raise InputError(path, "holds no examples, or not as many of each dataset", "Delete it and run again")
    return arrays, attributes


def bare(axes: np.ndarray) -> np.ndarray:
    """Take ticks and frames from (rows, columns) axes, which can still have a title and a text below."""
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return axes


def head(axes: np.ndarray, headings: tuple[str, ...]) -> None:
    """Write the headings of the columns over the first row."""
    for ax, heading in zip(axes[0], headings, strict=True):
        ax.set_title(heading, fontsize=SMALL + 0.5, pad=3)


def title(figure: Figure, text: str) -> None:
    """Write the title at the figure's upper left."""
    width, height = figure.get_size_inches()
    figure.suptitle(textwrap.fill(text, int(TITLE * width)), x=0.1 / width, y=1 - 0.1 / height, ha="left", va="top")


def note(figure: Figure, text: str) -> None:
    """Explain what is drawn at the figure's lower left."""
    width, height = figure.get_size_inches()
    text = textwrap.fill(text, int(NOTE * width))
    figure.supxlabel(text, x=0.1 / width, y=0.08 / height, ha="left", va="bottom", fontsize=SMALL)


def below(ax: Axes, text: str) -> None:
    """Write below a panel."""
    ax.set_xlabel(text, fontsize=SMALL, labelpad=2)


def fill(ax: Axes, mask: np.ndarray, colour: str, alpha: float = 0.85) -> None:
    """Paint the pixels of a mask over a panel's image."""
    ax.imshow(np.where(mask, 1.0, np.nan), cmap=ListedColormap([colour]), alpha=alpha, interpolation="none")


def bar(ax: Axes, shown: ScalarMappable, label: str = "", extend: str = "neither") -> None:
    """A colour bar at the right of a panel, which keeps its size."""
    cell = ax.inset_axes((1.03, 0.05, 0.045, 0.9))
    drawn = ax.figure.colorbar(shown, cax=cell, extend=extend, ticks=shown.get_clim(), format="%.2g")
    drawn.outline.set_visible(False)
    cell.tick_params(labelsize=6, length=2, pad=1)
    cell.set_ylabel(label, fontsize=6, labelpad=-4)
