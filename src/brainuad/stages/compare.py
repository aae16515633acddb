"""Compare methods: bootstrap intervals, paired tests with Holm's correction, and the stability of ranks."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.metrics import table
from brainuad.metrics.counts import SubjectCounts
from brainuad.statistics import comparison


def main(
    *,
    metrics: Path,
    counts: list[Path],
    out_intervals: Path,
    out_comparisons: Path,
    out_ranks: Path,
    leave_out: list[str] | None = None,
    compared: list[str] | None = None,
    seed: int = 0,
) -> None:
    """Write the statistics of a long table as three CSV files.

    Methods named by --leave-out, such as an oracle, get intervals but are neither compared nor ranked. --compared are
    metrics in which they are compared, subject by subject, beside those that always are.
    """
    long = table.read(metrics)
    unknown = set(leave_out or ()) - set(long["method"])
    if unknown:
        raise InputError(metrics, f"holds no method '{min(unknown)}' to leave out", "Check --leave-out")
    found = comparison.estimates(long, [SubjectCounts.load(path) for path in counts], seed)
    contests = comparison.contests(found, leave_out or (), compared or ())
    table.write(comparison.intervals(found), out_intervals)
    table.write(comparison.comparisons(contests), out_comparisons)
    table.write(comparison.rank_stability(contests), out_ranks)
