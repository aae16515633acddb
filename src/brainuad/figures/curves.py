"""Precision-recall and ROC curves of all methods on one dataset."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainuad.figures.study import Study
from brainuad.figures.style import INK, looks

AXES = {"pr": ("Recall", "Precision"), "roc": ("False-positive rate", "True-positive rate")}
TITLES = {"pr": "Precision and recall", "roc": "Receiver operating characteristic"}


def draw(figure: Figure, study: Study, title: str, curves: pd.DataFrame, prevalence: float) -> None:
    """Draw both curves of every method and seed; `curves` are those of one dataset, chance is dashed."""
    style = looks(study)
    axes = dict(zip(AXES, figure.subplots(1, 2), strict=True))
    seeds = curves["seed"].nunique()
    for kind, ax in axes.items():
        for method in reversed(study.methods):
            look = style[method.name]
            rows = curves[(curves["curve"] == kind) & (curves["method"] == method.name)]
            for _, line in rows.groupby("seed"):
                ax.plot(
                    line["x"],
                    line["y"],
                    color=look.colour,
                    linestyle=look.line,
                    zorder=2 if method.control else 3,
                    linewidth=1.3 if seeds == 1 else 0.8,
                    solid_joinstyle="round",
                    drawstyle="steps-pre" if kind == "pr" and len(line) < 50 else "default",
                )
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal", title=TITLES[kind])
        ax.set_xlabel(AXES[kind][0])
        ax.set_ylabel(AXES[kind][1])
        ax.grid()
    chance = {"color": INK, "linewidth": 0.9, "linestyle": (0, (1, 1.5)), "zorder": 1}
    axes["roc"].plot([0, 1], [0, 1], **chance)
    handles = [Line2D([], [], label="chance", **chance)]
    if np.isfinite(prevalence):
        axes["pr"].axhline(prevalence, **chance)
        handles[0].set_label(f"chance (prevalence {prevalence:.3g})")
    shown = set(curves["method"])
    handles = [
        Line2D([], [], color=style[m.name].colour, linestyle=style[m.name].line, label=m.label)
        for m in study.methods
        if m.name in shown
    ] + handles
    figure.legend(handles=handles, loc="outside right center", handlelength=2.6)
    figure.suptitle(title + (f", {seeds} seeds" if seeds > 1 else ""), x=0.01, ha="left")
