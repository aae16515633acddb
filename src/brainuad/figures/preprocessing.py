"""One subject's way through a recipe as a strip: a column for each step, the result with the outline of its mask last.

The strip is laid out in pixels, not inches, so that the contact sheet of a cohort can cut its last picture out.
"""

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy import ndimage

from brainuad.files import atomic
from brainuad.preprocessing.steps import PIXELS, PLANES, Steps, grey, middle, sections

HEADING, GAP, DPI = 34, 2, 64
"""Pixels above the pictures and between them; pixels an inch, a power of 2 so that sizes in inches are exact."""
OUTLINE = (86, 180, 233)
"""Sky blue of the Okabe-Ito palette, told apart by every kind of colour vision and absent from grey images."""


def draw_strip(path: Path, steps: Steps, result: sitk.Image, mask: sitk.Image) -> None:
    """Write a PNG: a row for each plane, a column for each step, then `result` with the outline of `mask`."""
    columns = [np.repeat(picture[..., None], 3, axis=-1) for picture in steps.pictures.values()]
    headings = [f"{name}\n{seconds:.1f} s" for name, seconds in steps.seconds.items()]
    columns.append(outlined(grey(sections(result, middle(result)), False), sections(mask, middle(mask)) > 0))
    headings.append(f"result, mask\n{sum(steps.seconds.values()):.1f} s")
    side = PIXELS + GAP
    canvas = np.zeros((HEADING + len(PLANES) * side, len(columns) * side, 3), np.uint8)
    for column, pictures in enumerate(columns):
        for row, picture in enumerate(pictures):
            top, left = HEADING + row * side, column * side
            canvas[top : top + PIXELS, left : left + PIXELS] = picture
    with atomic(path) as temporary:
        figure = figure_of(canvas)
        for column, heading in enumerate(headings):
            write(figure, column * side + PIXELS / 2, 3, heading, ha="center")
        for row in range(2):
            write(figure, 3, HEADING + row * side + 1, "L")
        save(figure, temporary)


def outlined(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Grey pictures (N, H, W) with the rim of their masks in colour: (N, H, W, 3) uint8."""
    rim = np.stack([ndimage.binary_dilation(section) & ~section for section in mask])
    return np.where(rim[..., None], np.uint8(OUTLINE), picture[..., None])


def result_of(strip: Path) -> np.ndarray:
    """The axial picture of the result in a strip of `draw_strip`: (PIXELS, PIXELS, 3) uint8."""
    with Image.open(strip) as image:
        last = image.width - PIXELS - GAP
        return np.asarray(image.convert("RGB").crop((last, HEADING, last + PIXELS, HEADING + PIXELS)))


def figure_of(canvas: np.ndarray) -> Figure:
    """A figure that shows (H, W, 3) pixels as they are, to write on."""
    height, width = canvas.shape[:2]
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    figure.figimage(canvas)
    return figure


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    ha: str = "left",
    colour: str | tuple[float, ...] = "white",
    size: int = 11,
) -> None:
    """Write text, `size` pixels high, at pixels from the left and from the top."""
    width, height = figure.get_size_inches() * DPI
    figure.text(
        x / width, 1 - y / height, text, ha=ha, va="top", color=colour, fontsize=size * 72 / DPI, linespacing=1.1
    )


def save(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG of 256 colours, which weighs two thirds of one in full colour."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    pixels.quantize(256, dither=Image.Dither.NONE).save(path, format="png", optimize=True)
