"""Draw inputs, reconstructions, anomaly maps, masks and truth of all methods on slices of one dataset."""

from pathlib import Path

from brainuad.figures import panels
from brainuad.figures.study import in_equal_order, read_study
from brainuad.figures.style import drawn
from brainuad.postprocessing import operating_points


def main(
    *,
    study: Path,
    dataset: str,
    images: Path,
    labels: Path,
    method: list[str],
    maps: list[Path],
    processed: list[Path],
    thresholds: list[Path],
    out: Path,
) -> None:
    """Draw one row for each --method, given together with its --maps, --processed and --thresholds."""
    resolved = read_study(study)
    title = resolved.heading(dataset)
    truth = panels.read_truth(images, labels)
    given = {"method": method, "maps": maps, "processed": processed, "thresholds": thresholds}
    results = [
        panels.read_result(
            resolved.method(name).label,
            raw,
            final,
            operating_points.read(chosen)[operating_points.DEFAULT],
            images,
            truth,
        )
        for name, raw, final, chosen in in_equal_order(given, "method")
    ]
    with drawn(out, *panels.Grid.size(truth, len(results)), layout=None) as figure:
        panels.draw(figure, title, truth, results)
