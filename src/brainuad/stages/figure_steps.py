"""Draw at which step methods that choose superpixels lose: inpainting, heatmap or choice."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import steps
from brainuad.figures.study import prevalence, read_study, read_table
from brainuad.figures.style import drawn
from brainuad.metrics import table


def main(
    *,
    study: Path,
    metrics: Path,
    intervals: Path,
    dataset: str,
    method: list[str],
    title: str,
    out: Path,
    out_csv: Path,
) -> None:
    """Draw a row for each --method in the study's order, and write what is drawn to --out-csv.

    The oracle's rows of INTERVALS tell what the choice of a superpixel could reach. METRICS are for the prevalence.
    """
    resolved = read_study(study)
    methods = sorted({resolved.method(name) for name in method}, key=resolved.methods.index)
    shown = steps.points(read_table(intervals, "intervals"), dataset, [own.name for own in methods])
    if not (shown["step"] == "choice").any():
        raise InputError(intervals, f"holds no Dice of superpixels for '{dataset}'", "Evaluate the dataset first")
    chance = prevalence(table.read(metrics), dataset)
    with drawn(out, *steps.size(len(methods))) as figure:
        steps.draw(figure, resolved, f"Which step loses: {title}. {resolved.heading(dataset)}", methods, shown, chance)
    table.write(shown, out_csv)
