# What the figures of sweeps take.


def level_studies(w):
    """The studies at the levels of a sweep, in its order; the study itself is one of them."""
    sweep = STUDIES[w.study]["sweeps"][w.sweep]
    return [sweeps.level_name(w.study, w.sweep, value) for value in sweep["levels"]]


def own_value(study, sweep):
    """At what a study's own setting stands, where that is one value for all methods of a sweep, else `own`."""
    place, _, key = sweep["setting"].partition(".")
    if place == "train_share":
        return 1.0
    if place == "postprocessing":
        return STUDIES[study]["postprocessing"].get(key)
    if place == "segmentation":
        return configuration.own_segmentation(STUDIES[study])[1][key]
    values = [
        with_inherited(method, lambda name: method_settings(study, name)).get(key, sweeps.OWN)
        for method in sweep["methods"]
    ]
    return values[0] if all(value == values[0] for value in values) else sweeps.OWN


def level_labels(w):
    """What the levels are called in the figure."""
    sweep = STUDIES[w.study]["sweeps"][w.sweep]
    values = [own_value(w.study, sweep) if value == sweeps.OWN else value for value in sweep["levels"]]
    return [f"{value:.0%}" if sweep["setting"] == "train_share" else sweeps.label(value) for value in values]


def swept(study, sweep):
    """{dataset: metric} that a sweep is drawn for: its cohorts' own, by default one metric of all with lesions."""
    cohorts, entry = STUDIES[study]["cohorts"], STUDIES[study]["sweeps"][sweep]
    if "cohorts" in entry:
        return {cohorts[role]["dataset"]: metric for role, metric in entry["cohorts"].items()}
    return dict.fromkeys(labelled(study), entry.get("metric", "auprc"))
