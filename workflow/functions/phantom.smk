# What a phantom cohort holds.

if PHANTOMS:
    from brainuad.phantom import layouts


def phantom_subjects(dataset):
    return layouts.subjects(config["datasets"][dataset]["reader"], PHANTOMS[dataset])


def phantom_archives(dataset):
    """Names of the archives of a phantom dataset that are used."""
    modalities = layouts.archives(config["datasets"][dataset]["reader"])
    return [archive for archive, modality in modalities.items() if modality in {"", *USED_MODALITIES[dataset]}]


def layout_module(w):
    """The module that writes a phantom dataset, for the digest of the code."""
    return f"phantom.layouts.{config['datasets'][w.dataset]['reader']}"
