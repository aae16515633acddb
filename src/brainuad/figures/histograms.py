"""Histograms of the residuals of normal and of anomalous voxels (Baur et al. 2021, Fig. 11)."""

import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from brainuad.figures.montage import TITLE
from brainuad.figures.study import Method, Study
from brainuad.figures.style import BLUE, FAINT, VERMILION
from brainuad.metrics.residuals import chi_square_distance

KINDS = {"normal": BLUE, "anomalous": VERMILION}


def size(methods: int, datasets: int) -> tuple[float, float]:
    """Width and height of the figure in inches."""
    return 1.9 + 2.1 * datasets, 1.4 + 0.62 * methods


def draw(
    figure: Figure,
    study: Study,
    title: str,
    methods: Sequence[Method],
    datasets: Sequence[str],
    residuals: dict[tuple[str, str], pd.DataFrame],
) -> None:
    """Draw a row for each method, a column for each dataset.

    `residuals` by dataset and method: columns bin_low, bin_high, normal, anomalous; none without a reconstruction.
    """
    axes = figure.subplots(len(methods), len(datasets), sharex=True, sharey=True, squeeze=False)
    for line, method in zip(axes, methods, strict=True):
        for ax, dataset in zip(line, datasets, strict=True):
            _panel(ax, residuals.get((dataset, method.name)))
        line[0].set_ylabel(textwrap.fill(method.label, 24), rotation=0, ha="right", va="center")
    for ax, dataset in zip(axes[0], datasets, strict=True):
        ax.set_title(textwrap.fill(study.cohort(dataset).title, 30))
    # The root shows the tails beside the peak near 0; a logarithm would show single voxels.
    axes[0, 0].set_yscale("function", functions=(np.sqrt, np.square))
    axes[0, 0].set(xlim=(0, 1), ylim=(0, None))
    axes[0, 0].yaxis.set_major_locator(MaxNLocator(nbins=2))
    for ax in axes[-1]:
        ax.set_xlabel("residual |x − reconstruction|")
    figure.supylabel("share of voxels (square-root scale)", fontsize=8)
    handles = [Patch(color=colour, alpha=0.6, label=f"{kind} voxels") for kind, colour in KINDS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    figure.suptitle(textwrap.fill(title, int(TITLE * figure.get_figwidth())), x=0.01, ha="left")


def _panel(ax: Axes, table: pd.DataFrame | None) -> None:
    if table is None:
        ax.text(0.5, 0.5, "no reconstruction", color=FAINT, ha="center", va="center", transform=ax.transAxes)
        return
    edges = np.append(table["bin_low"], table["bin_high"].iloc[-1])
    for kind, colour in KINDS.items():
        if table[kind].notna().all():
            ax.stairs(table[kind], edges, fill=True, color=colour, alpha=0.3, linewidth=0)
            ax.stairs(table[kind], edges, color=colour, linewidth=0.9)
    distance = chi_square_distance(table["normal"].to_numpy(), table["anomalous"].to_numpy())
    text = "–" if np.isnan(distance) else f"{distance:.3f}"
    ax.text(0.98, 0.95, f"χ² {text}", ha="right", va="top", fontsize=7, transform=ax.transAxes)
