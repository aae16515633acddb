"""Draw what methods find on slices of one dataset, with boxes around it and around the truth."""

from pathlib import Path

from brainuad.figures import boxes
from brainuad.figures.study import in_equal_order, read_study
from brainuad.figures.style import drawn


def main(
    *, study: Path, dataset: str, images: Path, labels: Path, method: list[str], masks: list[Path], out: Path
) -> None:
    """Draw one column for each --method, given together with its --masks."""
    resolved = read_study(study)
    pairs = list(in_equal_order({"method": method, "masks": masks}, "method"))
    shown = boxes.read(images, labels, [path for _, path in pairs])
    with drawn(out, *boxes.size(shown), layout=None) as figure:
        names = [resolved.method(name).label for name, _ in pairs]
        boxes.draw(figure, f"Boxes around what is found. {resolved.heading(dataset)}", names, shown)
