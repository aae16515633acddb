"""Draw how StRegA comes from a scan to its mask, stage by stage, on slices of one dataset."""

from pathlib import Path

from brainuad import settings as given_settings
from brainuad.figures import pipeline
from brainuad.figures.study import read_study
from brainuad.figures.style import drawn
from brainuad.segmentation.strega import segment


def main(
    *,
    study: Path,
    dataset: str,
    method: str,
    scans: Path,
    tissues: Path,
    labels: Path,
    maps: Path,
    processed: Path,
    masks: Path,
    out: Path,
    settings: str = "{}",
) -> None:
    """Draw the slices of DATASET with the largest lesions as METHOD segments them.

    SCANS and TISSUES are the images of both recipes. SETTINGS (JSON) are those of the segmentation `strega`.
    """
    resolved = read_study(study)
    options = given_settings.parse(settings, "--settings")
    given_settings.check("--settings", "segmentation strega", segment, options)
    options = {**given_settings.defaults(segment), **options}
    ways = pipeline.read(scans, tissues, labels, maps, processed, masks, options["step"], options["otsu"])
    with drawn(out, *pipeline.size(ways), layout="compressed") as figure:
        title = f"{resolved.method(method).label}, from scan to mask. {resolved.heading(dataset)}"
        pipeline.draw(figure, title, ways)
