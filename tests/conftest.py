"""Small made cohorts that the tests share."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from brainuad.slices import write

SIZE = 32
SLICES = 6


def make_cohort(folder: Path, names: list[str], seed: int = 0, lesions: bool = False) -> Path:
    """Write images.h5 and labels.h5 of smooth discs, one bright blob each if `lesions`; returns the folder."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2 + 0.5
    disc = np.broadcast_to(x**2 + y**2 < (0.42 * SIZE) ** 2, (SLICES, SIZE, SIZE))
    columns = {"image": [], "brain": [], "label": []}
    for _ in names:
        texture = gaussian_filter(rng.standard_normal(disc.shape), (1, 3, 3))
        image = 0.5 + 0.1 * texture / texture.std()
        label = np.zeros(disc.shape, np.uint8)
        if lesions:
            row, column = rng.integers(SIZE // 3, SIZE // 2, 2)
            label[2:4, row : row + 4, column : column + 4] = 1
            image = image + 0.5 * label
        columns["image"].append((image * disc).astype(np.float32))
        columns["brain"].append(disc)
        columns["label"].append(label)
    arrays = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = {
        "subject": np.repeat(names, SLICES).astype(object),
        "slice": np.tile(np.arange(3, 3 + SLICES), len(names)),
    }
    attributes = {"dataset": "made", "recipe": "none", "modality": "T2", "spacing": [4.0, 2.0, 2.0]}
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "images.h5", {"image": arrays["image"], "brain": arrays["brain"], **order}, attributes)
    write(folder / "labels.h5", {"label": arrays["label"], **order}, {"healthy": not lesions})
    return folder


@pytest.fixture(scope="session")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a healthy training, a healthy validation and a diseased test cohort."""
    root = tmp_path_factory.mktemp("cohorts")
    return {
        "train": make_cohort(root / "train", [f"healthy{i}" for i in range(6)], seed=1),
        "validation": make_cohort(root / "validation", ["healthy6", "healthy7"], seed=2),
        "test": make_cohort(root / "test", ["patient1", "patient2"], seed=3, lesions=True),
    }
