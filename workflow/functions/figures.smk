# What the figures of a study show.


def violin_dice(study):
    """The Dice of the violin plots: of the masks of the study's own segmentation, where it has them of whole scans."""
    return "dice_volume" if "dice_volume" in STUDIES[study].get("compared", []) else "dice_at_fpr_5"


def shown(w):
    """The first seed of each method of a study."""
    return {method: seeds(method)[0] for method in STUDIES[w.study]["methods"]}


def shown_files(pattern):
    return lambda w: [
        pattern.format(study=w.study, dataset=w.dataset, split="test", method=method, seed=seed)
        for method, seed in shown(w).items()
    ]


def trained_here(w):
    """(method, seed) of the models of a study that have training curves: its methods', and those they build on."""
    models = dict.fromkeys(name for method in STUDIES[w.study]["methods"] for name in lineage(method))
    return [(name, seed) for name in models if METHODS[name]["trained"] for seed in seeds(name)]


def group(w):
    """The methods that a study shows together, under one title."""
    return STUDIES[w.study]["groups"][w.group]
