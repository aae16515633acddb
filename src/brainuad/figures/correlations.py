"""How segmentation, reconstruction errors and residual histograms agree over methods (Baur et al. 2021, Fig. 10)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from brainuad.figures.montage import TITLE
from brainuad.figures.study import Method, Study
from brainuad.figures.style import INK
from brainuad.metrics.catalogue import METRICS
from brainuad.metrics.table import POOLED
from brainuad.statistics.correlation import CORRELATED, correlations

BLANK = "#f2f2f2"
"""Of cells without a coefficient."""
DARK = 0.6
"""From this coefficient on, white numbers are easier to read than black ones."""


@dataclass(frozen=True)
class Matrix:
    """The correlations of one dataset."""

    dataset: str
    coefficient: str
    """`pearson` or `spearman`."""
    without: tuple[str, ...]
    """The methods left out."""
    values: pd.DataFrame
    """(5, 5), NaN where fewer than three methods have both metrics or one is constant."""
    methods: pd.DataFrame
    """(5, 5) the number of methods that have both metrics."""

    @classmethod
    def of(cls, dataset: str, values: pd.DataFrame, coefficient: str, without: Sequence[str] = ()) -> "Matrix":
        """Correlate (methods, metrics) values."""
        kept = values.drop(index=list(without)).reindex(columns=list(CORRELATED))
        known = kept.notna().astype(int)
        return cls(dataset, coefficient, tuple(without), correlations(kept, kind=coefficient), known.T @ known)

    @property
    def number(self) -> str:
        """The number of methods, or its range where it differs between pairs of metrics."""
        pairs = self.methods.to_numpy()[np.triu_indices(len(self.methods), 1)]
        return f"{pairs.min()}" if pairs.min() == pairs.max() else f"{pairs.min()}–{pairs.max()}"


def pooled(metrics: pd.DataFrame, dataset: str, methods: Sequence[Method]) -> pd.DataFrame:
    """(methods, metrics) pooled values of one dataset, each the mean over seeds."""
    asked = (metrics["dataset"] == dataset) & (metrics["subject"] == POOLED) & metrics["metric"].isin(CORRELATED)
    wide = metrics[asked].pivot_table(index="method", columns="metric", values="value", aggfunc="mean")
    return wide.reindex(index=[method.name for method in methods], columns=list(CORRELATED))


def table(matrices: Sequence[Matrix]) -> pd.DataFrame:
    """One row for each dataset, coefficient and pair of metrics; `without` names methods, parted by blanks."""
    columns = ["dataset", "coefficient", "without", "metric_a", "metric_b", "value", "methods"]
    rows = [
        [m.dataset, m.coefficient, " ".join(m.without), a, b, m.values.loc[a, b], m.methods.loc[a, b]]
        for m in matrices
        for a, b in combinations(CORRELATED, 2)
    ]
    return pd.DataFrame(rows, columns=columns)


def size(rows: int, columns: int) -> tuple[float, float]:
    """Width and height of the figure in inches."""
    return 2.3 + 2.1 * columns, 1.6 + 2.3 * rows


def draw(figure: Figure, study: Study, title: str, rows: Sequence[Sequence[Matrix]]) -> None:
    """Draw a row of panels for each list of matrices, a column for each dataset."""
    axes = figure.subplots(len(rows), len(rows[0]), sharex=True, sharey=True, squeeze=False)
    for k, (line, matrices) in enumerate(zip(axes, rows, strict=True)):
        for ax, matrix in zip(line, matrices, strict=True):
            shown = _heatmap(ax, matrix.values.to_numpy())
            heading = f"{textwrap.fill(study.cohort(matrix.dataset).title, 30)}\n" if k == 0 else ""
            ax.set_title(f"{heading}{matrix.number} methods")
        without = ", ".join(study.method(name).label for name in matrices[0].without)
        name = matrices[0].coefficient.capitalize() + (f"\nwithout {without}" if without else "")
        line[0].set_ylabel(name, fontweight="bold")
    labels = [METRICS[name].label for name in CORRELATED]
    axes[0, 0].set_yticks(range(len(labels)), labels)
    for ax in axes[-1]:
        ax.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    figure.colorbar(shown, ax=axes, label="correlation over methods", shrink=0.5, aspect=30)
    figure.suptitle(textwrap.fill(title, int(TITLE * figure.get_figwidth())), x=0.01, ha="left")


def _heatmap(ax: Axes, values: np.ndarray) -> AxesImage:
    shown = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if abs(value) > DARK else INK
            text = f"{value:.2f}".replace("-", "−")
            ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
    ax.set_facecolor(BLANK)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return shown
