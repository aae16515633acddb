# Which slices and heatmaps the rules of the inpainting studies take.


def draw(w):
    """The numbers by which squares and slices are drawn are the same for all methods and seeds."""
    return config["seed"]


def own_models(w):
    """The models that a method scores with: its own, or its base's, and that of the method that guides it."""
    fitted = next(name for name in lineage(w.method) if METHODS[name]["trained"])
    return trained(*filter(None, (fitted, METHODS[w.method]["guide"])))(w)


def heatmaps_of(study):
    """Of which methods a study compares the heatmaps window by window, on which dataset, and with which method's."""
    return STUDIES[study]["heatmaps"]


def sliding(study, method):
    """The hyper-parameters of a method that slides a window, and those that it takes over."""
    return with_inherited(method, lambda name: method_settings(study, name))


def target(study, method):
    """What a method's losses stand for: those in the window, or over the whole slice."""
    return sliding(study, method).get("target", "window")


def superpixels(study):
    """Whether a study chooses superpixels."""
    return STUDIES[study].get("segmentation", {}).get("method") == "superpixels"


def measured_beside(study):
    """The long tables beside those of the evaluation: of inpainted healthy slices, of the agreement of heatmaps, of
    the best superpixels, of the fidelity of reconstructions, of classes of abnormality."""
    values, tables = STUDIES[study], []
    for method in values["methods"]:
        own = model_owner(study, method) == study
        if METHODS[method]["inpaints"] and own:
            tables += [(healthy(study), method, "inpainting.csv")]
        if "heatmaps" in values and method in values["heatmaps"]["methods"] and own:
            tables += [(dataset, method, "agreement.csv") for dataset in tested(study)]
        if method == "oracle" and superpixels(study) and "level_of" not in values:
            tables += [(dataset, method, "segments.csv") for dataset in labelled(study)]
        if method in faithful(study):
            tables += [(dataset, method, "fidelity.csv") for dataset in tested(study)]
        if "classes" in values and "level_of" not in values:
            tables += [(dataset, method, "rectified.csv") for dataset in labelled(study)]
    return [
        f"{TEST}/{RUN}/{table}".format(study=study, dataset=dataset, method=method, seed=seed)
        for dataset, method, table in tables
        for seed in seeds(method)
    ]


def costed(study):
    """The methods of a study's table of costs."""
    return [heatmaps_of(study)["reference"], *heatmaps_of(study)["methods"]]


def costed_models(study):
    """The models of each of these methods."""
    return [own_models(Namespace(study=study, method=method, seed=seeds(method)[0])) for method in costed(study)]


def inpainted(w):
    return STUDIES[w.study]["inpainted"][w.inpainted]


def inpainted_levels(w):
    """{heading: study} of a figure of inpainted slices: the study itself, or the levels of one of its sweeps."""
    if "sweep" not in inpainted(w):
        return {"": w.study}
    at = Namespace(study=w.study, sweep=inpainted(w)["sweep"])
    return dict(zip(level_labels(at), level_studies(at), strict=True))


def inpainted_blocks(w):
    """{heading: file} of a figure of inpainted slices; without a sweep the headings are names of methods."""
    entry = inpainted(w)
    dataset, count = STUDIES[w.study]["cohorts"][entry["cohort"]]["dataset"], entry["rows"]
    if entry["placement"] == "lesion":
        count = 1
    file = f"inpainted-{entry['placement']}-{count}.h5"
    return {
        f"{METHODS[method]['label']}, {label}" if label else method: (
            f"{RESULTS}/{study}/{dataset}/test/{method}/seed{seeds(method)[0]}/{file}"
        )
        for label, study in inpainted_levels(w).items()
        for method in entry["methods"]
    }
