"""The look that all figures share: type, colours that colour-blind readers tell apart, repeatable SVG."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from brainuad.figures.study import Study
from brainuad.files import atomic

# Okabe & Ito, "Color Universal Design" (2008); its yellow comes last since it is faint on white.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442"
)  # fmt: skip
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW)
GREYS = ("#4d4d4d", "#8c8c8c", "#b3b3b3")
INK, FAINT = "#222222", "#767676"
LINES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
SETTINGS = {
    "svg.fonttype": "path",  # letters as outlines look the same in every viewer
    "svg.hashsalt": "brainuad",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.color": INK,
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.titlesize": 10,
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "path.simplify_threshold": 0.3,
}


@dataclass(frozen=True)
class Look:
    """How a method is drawn in every figure of a study."""

    colour: str
    line: object
    marker: str


def looks(study: Study) -> dict[str, Look]:
    """Colours for the methods, greys for the controls; line and marker change when all are used."""
    result, used = {}, {True: 0, False: 0}
    for method in study.methods:
        palette = GREYS if method.control else COLOURS
        k = used[method.control]
        used[method.control] += 1
        turn = k // len(palette)
        # Controls differ mostly by their marker and line, methods by their colour.
        marker = MARKERS[(k if method.control else turn) % len(MARKERS)]
        result[method.name] = Look(palette[k % len(palette)], LINES[turn % len(LINES)], marker)
    return result


@contextmanager
def drawn(path: Path | str, width: float, height: float, layout: str | None = "constrained") -> Iterator[Figure]:
    """Yield an empty figure of that size in inches; it is written as SVG, whole or not at all.

    The same drawing gives the same bytes: identifiers are salted by a constant and no date is written.
    """
    with rc_context(SETTINGS), atomic(path) as temporary:
        figure = Figure(figsize=(width, height), layout=layout)
        FigureCanvasAgg(figure)  # measures text, for those who place labels
        yield figure
        figure.savefig(temporary, format="svg", metadata={"Date": None})
