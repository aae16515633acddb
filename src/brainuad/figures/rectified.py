"""Mean rectified ROC curves, a panel for each class of abnormality (Kobayashi et al. 2021, Fig. 6)."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from brainuad.figures.study import Study
from brainuad.figures.style import INK, looks

SIDE = 2.9
"""Inches of a panel."""


def size(classes: int) -> tuple[float, float]:
    """Width and height in inches of the figure."""
    return max(2, classes) * SIDE, SIDE + 1.1


def draw(figure: Figure, study: Study, title: str, curves: pd.DataFrame, kinds: list[str]) -> None:
    """Draw the mean of every method over volumes and seeds; `curves` are those of one dataset."""
    style = looks(study)
    shown = [method for method in study.methods if method.name in set(curves["method"])]
    for ax, kind in zip(figure.subplots(1, len(kinds), squeeze=False, sharey=True)[0], kinds, strict=True):
        own = curves[curves["class"] == kind]
        for method in reversed(shown):
            line = own[own["method"] == method.name].groupby("fpr")["tpr"].mean()
            ax.plot(line.index, line, color=style[method.name].colour, linestyle=style[method.name].line)
        ax.plot([0, 1], [0, 1], color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
        ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal", xlabel="False-positive rate")
        ax.set_title(f"{kind}, n = {own['volumes'].max():.0f}")
        ax.grid()
    figure.axes[0].set_ylabel("True-positive rate")
    handles = [Line2D([], [], color=style[m.name].colour, linestyle=style[m.name].line, label=m.label) for m in shown]
    handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), label="chance"))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 4), handlelength=2.6)
    figure.suptitle(title, x=0.01, ha="left")
