"""Percentile bootstrap over subjects, the unit that was sampled from the population.

A resample is told by how often it holds each subject. Methods that share the resamples are paired, which is
what makes their differences and ranks comparable.
"""

from collections.abc import Callable

import numpy as np

RESAMPLES = 2000
LEVEL = 95.0
CHUNK = 200


def resamples(subjects: int, generator: np.random.Generator, number: int = RESAMPLES) -> np.ndarray:
    """(number, S) how often each of the S subjects is drawn, with replacement, in each resample."""
    return generator.multinomial(subjects, np.full(subjects, 1 / subjects), size=number)


def resampled_means(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(R) mean of values (S) in each resample (R, S); subjects without a value (NaN) don't count."""
    known = np.isfinite(values)
    number = (weights @ known).astype(float)
    return np.divide(weights @ np.where(known, values, 0), number, out=np.full(len(weights), np.nan), where=number > 0)


def resampled_pooled(
    weights: np.ndarray, positives: np.ndarray, negatives: np.ndarray, metrics: dict[str, Callable]
) -> dict[str, np.ndarray]:
    """{name: (R) values} of `metrics` {name: function of pooled counts} from counts (S, B) of subjects."""
    # Chunks, since the counts of all resamples at once would fill the memory.
    chunks = [weights[start : start + CHUNK].astype(float) for start in range(0, len(weights), CHUNK)]
    sums = ((chunk @ positives, chunk @ negatives) for chunk in chunks)
    values = [[metric(*pooled) for metric in metrics.values()] for pooled in sums]
    return dict(zip(metrics, map(np.concatenate, zip(*values, strict=True)), strict=True))


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of resampled values (R); NaN where they are undefined."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.percentile(known, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)
