"""The subjects of an `images.h5` as volumes, one after another."""

from collections.abc import Iterator
from pathlib import Path

import h5py

from brainuad.methods.base import Volume
from brainuad.slices import Subject, open_checked, subjects


def volumes(images: h5py.File, labels: h5py.File | None = None) -> Iterator[tuple[Subject, Volume]]:
    """Each subject's rows and slices; labels only where they are given, to a declared exception."""
    for subject in subjects(images):
        rows = subject.rows
        label = labels["label"][rows] if labels else None
        yield subject, Volume(images["image"][rows], images["brain"][rows], subject.slices, label)


class Cohort:
    """The volumes of an `images.h5`, read one by one whenever they are gone through, so that there may be many."""

    def __init__(self, images: Path):
        self.file = open_checked(images, "images")

    def __iter__(self) -> Iterator[Volume]:
        return (volume for _, volume in volumes(self.file))
