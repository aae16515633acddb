# What the rules of evaluation take: processed maps, operating points, masks, the methods and datasets to evaluate.


def residual(study, dataset):
    """The sign of the residual that counts in a dataset: those of bright lesions are positive."""
    return cohort(Namespace(study=study, dataset=dataset)).get("residual", "absolute")


def postprocessing(w):
    """What a study's post-processing does to a dataset's maps, as JSON."""
    chain = {key: value for key, value in STUDIES[w.study]["postprocessing"].items() if key != sweeps.AFTER_MAPS}
    return json.dumps({**chain, "residual": w.get("residual") or residual(w.study, w.dataset)})


def processed(study, dataset, split, method, seed):
    """The post-processed maps of a method; a level of a sweep may share its study's."""
    owner = sweeps.owner_of_processed(STUDIES, study, lineage(method))
    return f"{RESULTS}/{owner}/{dataset}/{split}/{method}/seed{seed}/processed.h5"


def labelled_validation(w):
    """The paper's own rule: a labelled validation cohort, where the study has one."""
    sets = [
        c["dataset"]
        for c in STUDIES[w.study]["cohorts"].values()
        if c.get("validation") and not c.get("train")
    ]
    if not sets:
        return {}
    return {
        "labelled_images": slices(w.study, sets[0], "validation", method=w.method),
        "labels": slices(w.study, sets[0], "validation", "labels"),
        "labelled_processed": processed(w.study, sets[0], "validation", w.method, w.seed),
    }


def thresholds(w):
    """The operating points of a method in a dataset; a level of a sweep may share its study's."""
    owner = sweeps.owner_of_processed(STUDIES, w.study, lineage(w.method))
    names = {"study": owner, "residual": residual(w.study, w.dataset), "method": w.method, "seed": w.seed}
    return f"{OPERATING_POINTS}/thresholds.json".format(**names)


def masks(study, dataset, split, method, seed):
    """The masks of a study's own segmentation; a level of a sweep may share its study's."""
    owner = sweeps.owner_of_masks(STUDIES, study, lineage(method))
    return f"{RESULTS}/{owner}/{dataset}/{split}/{method}/seed{seed}/masks.h5"


def tested_masks(w):
    """The masks to evaluate: where the study has a segmentation of its own, of lesions to find and of whole scans."""
    told = is_labelled(w.dataset) or not drawn_slices(Namespace(study=w.study, dataset=w.dataset, split="test"))
    own = "segmentation" in STUDIES[w.study] and told
    return masks(w.study, w.dataset, "test", w.method, w.seed) if own else []


def labelled(study):
    """The datasets of a study with lesions to find."""
    return [c["dataset"] for c in STUDIES[study]["cohorts"].values() if is_labelled(c["dataset"])]


def tested(study):
    """The datasets that methods are tested on, at the levels of a sweep only those with lesions."""
    if "level_of" in STUDIES[study]:
        named = STUDIES[study]["tested"]
        return [STUDIES[study]["cohorts"][role]["dataset"] for role in named] if named else labelled(study)
    return [c["dataset"] for c in STUDIES[study]["cohorts"].values()]


def evaluated(kind):
    """Input function: one kind of the evaluation's files for all methods and seeds, of the job's dataset or of all."""

    def files(w):
        datasets = [w.dataset] if hasattr(w, "dataset") else tested(w.study)
        return [
            f"{TEST}/{RUN}/{kind}".format(study=w.study, dataset=dataset, method=method, seed=seed)
            for dataset in datasets
            for method in STUDIES[w.study]["methods"]
            for seed in seeds(method)
        ]

    return files
