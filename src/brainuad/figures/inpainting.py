"""Slices of which a square was erased and inpainted (Nguyen et al. 2021, Fig. 2 and 5; Mavropoulos 2021, Fig. 2, 3)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from brainuad.errors import InputError
from brainuad.figures import montage
from brainuad.figures.panels import around, grey, heat, outline, robust_maximum, sides
from brainuad.figures.style import ORANGE
from brainuad.metrics.inpainting import similarity

NEEDED = ("image", "masked", "inpainted", "brain", "row", "column", "side", "subject", "slice")
COLUMNS = ("original", "masked", "inpainted", "|difference|")
NOTE = (
    "Orange: the erased box. Blue: truth, where there is one. PSNR is that inside the box. Differences have one scale "
    "in all rows. The patient's left (L) is on the left."
)
PANEL, GAP, BELOW, HEADING = 1.15, 0.04, 0.22, 0.4
"""Inches: a panel's width, the gap between panels, the room for the text below one and for a block's headings."""
EDGE, APART, TOP, BOTTOM = 0.1, 0.2, 0.4, 0.75
"""Inches: the margin, the gap between blocks, the room for the title, and that for the colour bar and the note."""
BLOCK = len(COLUMNS) * (PANEL + GAP) - GAP
"""Inches: the width of a block."""
BESIDE = 2
"""Blocks that stand side by side."""


@dataclass(frozen=True)
class Box:
    """The erased square: its upper left corner and its side in pixels."""

    row: int
    column: int
    side: int

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.row, self.row + self.side), slice(self.column, self.column + self.side)


@dataclass(frozen=True)
class Example:
    """An inpainted slice, (H, W) each, not cropped; `label` is None where the cohort has none."""

    subject: str
    slice: int
    image: np.ndarray
    masked: np.ndarray
    inpainted: np.ndarray
    label: np.ndarray | None
    box: Box

    @property
    def difference(self) -> np.ndarray:
        """|original - inpainted|."""
        return np.abs(self.image - self.inpainted)


@dataclass(frozen=True)
class Block:
    """Examples that are shown together."""

    label: str
    examples: list[Example]
    crop: tuple[slice, slice]
    pixel: tuple[float, float]
    """Height and width of a pixel in mm."""


def read(label: str, path: Path, rows: int) -> Block:
    """Read at most `rows` examples, evenly spread over the file; raises InputError where it isn't `inpainted.h5`."""
    arrays, attributes = montage.read(path, NEEDED, ("label",))
    if np.shape(attributes.get("spacing")) != (3,):
        raise InputError(path, "has no attribute 'spacing', the mm between slices, rows and columns", "Make it anew")
    total = len(arrays["image"])
    shown = np.unique(np.linspace(0, total - 1, min(rows, total)).round().astype(int))
    examples = [
        Example(
            str(arrays["subject"][k]),
            int(arrays["slice"][k]),
            *(arrays[name][k] for name in ("image", "masked", "inpainted")),
            arrays["label"][k] if "label" in arrays else None,
            Box(*(int(arrays[name][k]) for name in ("row", "column", "side"))),
        )
        for k in shown
    ]
    seen = arrays["brain"][shown].astype(bool)
    for brain, example in zip(seen, examples, strict=True):
        brain[example.box.pixels] = True
    return Block(label, examples, around(seen), tuple(map(float, attributes["spacing"][1:])))


def psnr_within(example: Example) -> float:
    """PSNR in dB inside the box, as it is evaluated."""
    with np.errstate(divide="ignore"):
        return similarity(example.image, example.masked, example.inpainted, example.box.pixels)["psnr_window"]


def size(blocks: list[Block]) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    return 2 * EDGE + min(BESIDE, len(blocks)) * (BLOCK + APART) - APART, TOP + sum(_heights(blocks)) + BOTTOM


def draw(figure: Figure, title: str, blocks: list[Block]) -> None:
    """Draw the blocks into a figure of `size`, two beside each other, with one scale for all differences."""
    differences = [example.difference[example.box.pixels].ravel() for block in blocks for example in block.examples]
    inside = np.concatenate(differences)
    top = robust_maximum(inside, np.ones(inside.shape, bool))
    width, height = figure.get_size_inches()
    starts = height - TOP - np.r_[0, np.cumsum(_heights(blocks))]
    for k, block in enumerate(blocks):
        shown = _block(figure, block, EDGE + k % BESIDE * (BLOCK + APART), starts[k // BESIDE], top)
    cell = figure.add_axes((EDGE / width, (BOTTOM - 0.15) / height, 2 * PANEL / width, 0.08 / height))
    ticks = {"ticks": [0, top / 2, top], "format": "%.2g"}
    scale = figure.colorbar(shown, cax=cell, orientation="horizontal", extend="max", **ticks)
    scale.outline.set_visible(False)
    cell.tick_params(labelsize=6, length=2, pad=1)
    cell.set_xlabel("|original - inpainted|, normalised intensity", fontsize=montage.SMALL, labelpad=1)
    montage.note(figure, NOTE)
    montage.title(figure, title)


def _block(figure: Figure, block: Block, left: float, start: float, top: float) -> ScalarMappable:
    """Draw the examples of a block, a row each, at a place in inches; returns the scale of their differences."""
    width, height = figure.get_size_inches()
    panel = _panel_height(block)
    rows = len(block.examples)
    grid = figure.add_gridspec(
        rows,
        len(COLUMNS),
        left=left / width,
        right=(left + BLOCK) / width,
        top=(start - HEADING) / height,
        bottom=(start - HEADING - rows * (panel + BELOW) + BELOW) / height,
        wspace=GAP / PANEL,
        hspace=BELOW / panel,
    )
    axes = montage.bare(grid.subplots(squeeze=False))
    figure.text(left / width, (start - 0.08) / height, block.label, va="top", fontsize=8.5)
    for (plain, masked, inpainted, different), example in zip(axes, block.examples, strict=True):
        images = example.image, example.masked, example.inpainted
        for ax, image in zip((plain, masked, inpainted), images, strict=True):
            grey(ax, image[block.crop])
            _frame(ax, example.box, block.crop)
        sides(plain)
        if example.label is not None:
            outline(plain, example.label[block.crop])
            outline(inpainted, example.label[block.crop])
        shown = heat(different, example.difference[block.crop], top)
        montage.below(plain, f"{example.subject}, slice {example.slice}")
        montage.below(masked, _extent(example.box.side, block.pixel))
        montage.below(inpainted, f"PSNR {psnr_within(example):.1f} dB")
    montage.head(axes, COLUMNS)
    return shown


def _panel_height(block: Block) -> float:
    """Inches of a panel's height; pixels are drawn as squares."""
    rows, columns = block.examples[0].image[block.crop].shape
    return PANEL * rows / columns


def _heights(blocks: list[Block]) -> list[float]:
    """Inches of each line of blocks."""
    heights = [HEADING + len(block.examples) * (_panel_height(block) + BELOW) for block in blocks]
    return [max(heights[k : k + BESIDE]) for k in range(0, len(heights), BESIDE)]


def _frame(ax: Axes, box: Box, crop: tuple[slice, slice]) -> None:
    """Draw the edge of the erased square."""
    corner = box.column - crop[1].start - 0.5, box.row - crop[0].start - 0.5
    ax.add_patch(Rectangle(corner, box.side, box.side, fill=False, edgecolor=ORANGE, linewidth=0.8))


def _extent(side: int, pixel: tuple[float, float]) -> str:
    """The side of a square in pixels and mm, of both sides where pixels aren't square."""
    across, along = (f"{side * length:.3g}" for length in pixel)
    return f"box {side} px, {across} mm" if across == along else f"box {side} px, {across} x {along} mm"
