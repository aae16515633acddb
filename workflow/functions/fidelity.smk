# Which methods and slices the rules of fidelity and of classes of abnormality take.

from brainuad.metrics import rectified


def abnormalities(dataset):
    """The classes of abnormality that a dataset tells apart, by their label values; none where it has but lesions."""
    if is_derived(dataset):
        return {}
    labels = reader(config["datasets"][dataset]["reader"]).LABELS
    return labels if set(labels.values()) <= set(rectified.CLASSES) else {}


def faithful(study):
    """The methods of a study whose fidelity is measured; at the levels of a sweep it isn't."""
    return [] if "level_of" in STUDIES[study] else STUDIES[study].get("fidelity", {}).get("methods", [])


def flowing(study):
    """(dataset, split) of all slices of a study."""
    cohorts = STUDIES[study]["cohorts"].values()
    return [(c["dataset"], split) for c in cohorts for split in ("train", "validation", "test") if c.get(split, 0) != 0]


def ill(study):
    """Those of them that may show an abnormality."""
    return [(dataset, split) for dataset, split in flowing(study) if is_labelled(dataset)]


def listed(study):
    """The tables of subjects of a study's datasets; of a derived one those of the healthy it is made from."""
    entries = {c["dataset"]: config["datasets"][c["dataset"]] for c in STUDIES[study]["cohorts"].values()}
    return [f"{RESULTS}/volumes/{entry.get('healthy', name)}/subjects.tsv" for name, entry in entries.items()]


def named_files(option, places, files):
    """Options DATASET:SPLIT=PATH."""
    return repeated(option, [f"{dataset}:{split}={file}" for (dataset, split), file in zip(places, files, strict=True)])
