"""Implant a synthetic anomaly of a chosen kind into a healthy canonical volume."""

from pathlib import Path

from brainuad.anomalies import donors as patients
from brainuad.anomalies import kinds
from brainuad.datasets import reader as readers
from brainuad.datasets import volumes
from brainuad.errors import InputError
from brainuad.files import save_nifti
from brainuad.settings import parse


def main(
    *,
    kind: str,
    image: Path,
    brain: Path,
    modality: str,
    subject: str,
    out_image: Path,
    out_label: Path,
    settings: str = "{}",
    seed: int = 0,
    donors: Path | None = None,
    donor_reader: str | None = None,
    hosts: str = "",
) -> None:
    """Write SUBJECT's IMAGE with an anomaly of KIND within BRAIN, and its label; SETTINGS are the kind's own, as JSON.

    Kinds that take lesions from patients need DONORS (a subjects.tsv), the reader that made it, and HOSTS, the dataset
    that SUBJECT is of, as `dataset=subjects.tsv`: its test subjects get different donors as long as there are enough.
    """
    if modality not in readers.MODALITIES:
        raise InputError(modality, "is no modality", f"Choose one of: {', '.join(readers.MODALITIES)}")
    anomalies, options = kinds.load(kind), parse(settings, "--settings")
    kinds.check_settings(kind, options)
    scan = volumes.load_image(str(image))
    mask = volumes.load_brain(str(brain), scan)
    host = kinds.Host(scan.data, mask.data > 0, scan.affine, modality)
    offered = [None]
    if anomalies.NEEDS:
        if not (donors and donor_reader and hosts):
            raise InputError(f"{kind} anomalies", "come from patients", "Give --donors, --donor-reader and --hosts")
        others = patients.in_split_order(hosts, subject, modality, seed)
        rows = patients.ranked(donors, anomalies.NEEDS, subject, modality, others, seed)
        offered = patients.bring(rows, readers.reader(donor_reader).LABELS, anomalies.NEEDS, host, image)
    for donor in offered:
        changed, label = anomalies.implant(host, donor, kinds.stream(seed, kind, subject), **options)
        if label.any():
            break
    else:
        raise InputError(donors, f"has no lesion that meets the brain of {subject}", "Look at its brain mask")
    save_nifti(out_image, changed, host.affine)
    save_nifti(out_label, label, host.affine)
