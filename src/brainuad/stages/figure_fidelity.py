"""Draw slices, their reconstructions, and what a segmentation network sees in both."""

from pathlib import Path

from brainuad.figures import fidelity
from brainuad.figures.study import in_equal_order, read_study
from brainuad.figures.style import drawn


def main(*, study: Path, dataset: str, method: list[str], examples: list[Path], out: Path) -> None:
    """Draw a column for the inputs and one for each --method with its --examples; both are repeated in one order."""
    resolved, columns = read_study(study), []
    for name, path in in_equal_order({"method": method, "examples": examples}, "method"):
        inputs, rebuilt = fidelity.read(resolved.method(name).label, path)
        columns += [inputs, rebuilt] if not columns else [rebuilt]
    with drawn(out, *fidelity.size(columns), layout=None) as figure:
        fidelity.draw(figure, f"{resolved.heading(dataset)}: anatomical fidelity", columns)
