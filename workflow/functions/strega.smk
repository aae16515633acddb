# Which slices the figures of segmentation show.


def pipelined(study):
    """The method whose way from scan to mask is drawn, if the study has it."""
    return [method for method in STUDIES[study]["methods"] if method == "strega"]


def unopened(study):
    """The levels of a study's sweeps at which the area opening keeps single pixels, and the methods they have."""
    return {
        sweeps.level_name(study, name, 1): sweep["methods"]
        for name, sweep in STUDIES[study]["sweeps"].items()
        if sweep["setting"] == "segmentation.min_area" and 1 in sweep["levels"]
    }


def strega_figures(study):
    """StRegA's stages, boxes, Dice against the size of lesions where there are any; samples where they are made."""
    kinds = [*(f"{method}-pipeline" for method in pipelined(study)), "boxes", *(["lesion-sizes"] if unopened(study) else [])]
    samples = [f"{dataset}-samples" for dataset in labelled(study) if is_derived(dataset)]
    return samples + [f"{dataset}-{kind}" for dataset in labelled(study) for kind in kinds]


def boxed(w):
    """The first seed of each method whose masks are shown: all but the controls."""
    return {method: seed for method, seed in shown(w).items() if not METHODS[method]["control"]}
