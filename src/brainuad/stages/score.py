"""Score volumes with a method: images.h5 and, if it learns, model.pt -> maps.h5."""

import json
from pathlib import Path

from brainuad.methods.base import build
from brainuad.scoring.scoring import score


def main(
    *,
    method: str,
    images: Path,
    out: Path,
    model: list[Path] = [],  # noqa: B006
    labels: Path | None = None,
    settings: str = "{}",
    seed: int = 0,
    device: str = "auto",
    threads: int = 0,
) -> None:
    """Write the anomaly maps of METHOD for all slices of IMAGES.

    SETTINGS (JSON) are hyper-parameters of scoring, on top of those that MODEL was trained with. A method may need
    further models, which come after its own. LABELS is for the oracle control alone.
    """
    if model:
        from brainuad import models
        from brainuad.device import choose

        chosen = choose(device, threads)
        scorer = models.assembled(model, method, json.loads(settings)).to(chosen)
    else:
        scorer = build(method, json.loads(settings))
    score(scorer, images, out, name=method, seed=seed, labels=labels)
