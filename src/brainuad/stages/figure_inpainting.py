"""Draw slices of which a square was erased and inpainted, and what differs from the original."""

from pathlib import Path

from brainuad.errors import InputError
from brainuad.figures import inpainting
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn


def main(*, study: Path, title: str, inpainted: list[str], out: Path, rows: int = 4) -> None:
    """Draw a block for each --inpainted NAME=PATH, with at most ROWS examples evenly spread over the file.

    NAME is a method of the study, whose label stands over the block, or a text that stands there as it is.
    """
    resolved = read_study(study)
    if rows < 1:
        raise InputError("--rows", f"{rows} leaves nothing to draw", "Give at least 1")
    labels = {method.name: method.label for method in resolved.methods}
    blocks = []
    for pair in inpainted:
        name, _, path = pair.partition("=")
        if not path:
            raise InputError("--inpainted", f"'{pair}' is no NAME=PATH", "Name a method or a text for each file")
        blocks.append(inpainting.read(labels.get(name, name), Path(path), rows))
    with drawn(out, *inpainting.size(blocks), layout=None) as figure:
        inpainting.draw(figure, resolved.marked(title), blocks)
