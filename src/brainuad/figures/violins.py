"""Violin plots of per-subject values: white dot the median, thick bar the quartiles (StRegA, Fig. 5)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brainuad.figures.study import Study
from brainuad.figures.style import FAINT, INK, looks
from brainuad.metrics.catalogue import Metric

FEW = 30
"""Up to that many subjects, each is drawn as a point."""
FEWEST = 5
"""With fewer subjects a density would be invented, so only points and quartiles are drawn."""
CHANCE_IS_PREVALENCE = ("auprc",)


@dataclass(frozen=True)
class Panel:
    """One metric: (subjects, methods) values, and the prevalence where that is what chance reaches."""

    metric: Metric
    values: pd.DataFrame
    prevalence: float | None


def draw(figure: Figure, study: Study, title: str, panels: list[Panel]) -> None:
    """Draw one panel for each metric; methods in the study's order, from top to bottom."""
    methods = [m for m in study.methods if any(m.name in panel.values for panel in panels)]
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        for row, method in enumerate(methods):
            _violin(
                ax,
                row,
                panel.values.get(method.name, pd.Series(dtype=float)),
                looks(study)[method.name].colour,
            )
        _dress(ax, panel)
    axes[0].set_yticks(range(len(methods)), [m.label for m in methods])
    axes[0].set_ylim(len(methods) - 0.4, -0.6)
    for tick, method in zip(axes[0].get_yticklabels(), methods, strict=True):
        tick.set_color(FAINT if method.control else INK)
    subjects = max(len(panel.values.dropna(how="all")) for panel in panels)
    figure.suptitle(f"{title}: {subjects} subject{'s' * (subjects != 1)}", x=0.01, ha="left")


def _violin(ax: Axes, row: int, values: pd.Series, colour: str) -> None:
    values = values.dropna().to_numpy()
    if len(values) == 0:
        ax.text(0.02, row, "no value", color=FAINT, va="center", fontsize=6.5, transform=ax.get_yaxis_transform())
        return
    low, median, high = np.percentile(values, (25, 50, 75))
    if len(values) >= FEWEST and np.ptp(values) > 0:
        for body in ax.violinplot(values, [row], orientation="horizontal", widths=0.85, showextrema=False)["bodies"]:
            body.set(facecolor=colour, edgecolor=colour, alpha=0.35, linewidth=0.8)
    if len(values) <= FEW:
        jitter = 0.13 * (np.arange(len(values)) % 5 - 2) / 2
        ax.scatter(values, row + jitter, s=7, color=colour, alpha=0.8, linewidths=0, zorder=3)
    reach = 1.5 * (high - low)
    ends = values[(values >= low - reach) & (values <= high + reach)]
    ax.plot([ends.min(), ends.max()], [row, row], color=INK, linewidth=0.8, solid_capstyle="butt", zorder=4)
    ax.plot([low, high], [row, row], color=INK, linewidth=4, solid_capstyle="butt", zorder=5)
    ax.plot(
        [median],
        [row],
        "o",
        color="white",
        markeredgecolor=INK,
        markeredgewidth=0.7,
        markersize=4.5,
        zorder=6,
    )


def _dress(ax: Axes, panel: Panel) -> None:
    arrow = {"higher": " →", "lower": " ←"}.get(panel.metric.direction, "")
    ax.set_xlabel(panel.metric.label + (f"\nbetter{arrow}" if arrow else ""))
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    if panel.prevalence is not None and np.isfinite(panel.prevalence):
        ax.axvline(panel.prevalence, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        ax.annotate(
            f"prevalence {panel.prevalence:.3g}",
            (panel.prevalence, 1),
            xytext=(2, 1),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=6.5,
            color=INK,
            va="bottom",
        )
    lower, upper = panel.metric.range
    shown = panel.values.to_numpy(dtype=float)
    shown = shown[np.isfinite(shown)]
    if len(shown) and lower is not None and upper is not None and np.isfinite([lower, upper]).all():
        margin = 0.03 * max(np.ptp(shown), 0.05 * (upper - lower))
        ax.set_xlim(max(lower - margin, shown.min() - 4 * margin), min(upper + margin, shown.max() + 4 * margin))
