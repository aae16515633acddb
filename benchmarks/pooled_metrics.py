"""Time and peak memory of the pooled metrics: `python benchmarks/pooled_metrics.py [VOXELS]`."""

import resource
import sys
import time

import numpy as np

from brainuad.metrics.counts import Histogram
from brainuad.metrics.evaluation import ranking_metrics

VOXELS_PER_SUBJECT = 10**6


def main(voxels: int) -> None:
    """Count random maps with 1 % of anomalous voxels, subject by subject, and print what it took."""
    generator = np.random.default_rng(0)
    counted, everywhere = Histogram(), Histogram()
    seconds = 0.0
    for _ in range(voxels // VOXELS_PER_SUBJECT):
        anomalous = generator.random(VOXELS_PER_SUBJECT) < 0.01
        scores = np.abs(generator.standard_normal(VOXELS_PER_SUBJECT, np.float32) + anomalous)
        start = time.perf_counter()
        counted.add(scores, anomalous)
        everywhere.add(scores, anomalous)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    metrics = ranking_metrics(counted.counts(), everywhere.counts())
    seconds += time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{voxels:.0e} voxels: {seconds:.1f} s, peak resident memory {peak:.0f} MiB")
    print(", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**8)
