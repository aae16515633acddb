# Which files the report of a study holds.


def report_files(study):
    """All tables and figures of a study."""
    values = STUDIES[study]
    figures = [f"{d}-panels" for d in tested(study)]
    whole = not any(c.get("test_slices") for c in values["cohorts"].values())
    kinds = ["violins", "curves", *(["pareto"] if whole else [])]  # drawn slices tell no time for a scan
    figures += [f"{d}-{kind}" for d in labelled(study) for kind in kinds]
    figures += [f"{example}-examples" for example in values["examples"]]
    models = [name for method in values["methods"] for name in lineage(method)]
    trains = any(METHODS[name]["trained"] for name in models) and "models_of" not in values
    figures += ["training"] if trains else []
    tables = [*tested(study), "subjects", "settings"]
    if labelled(study):
        figures += [f"{group}-{kind}" for group in values["groups"] for kind in ("bars", "correlations", "histograms")]
        tables += ["contrasts"] if values["contrasts"] or values["shifts"] else []
    figures += [f"{sweep}-sweep" for sweep in values["sweeps"] if swept(study, sweep)]
    figures += [f"{inpainted}-inpainting" for inpainted in values["inpainted"]]
    figures += strega_figures(study) if values.get("segmentation", {}).get("method") == "strega" else []
    figures += superpixel_figures(study) if superpixels(study) else []
    if "heatmaps" in values:
        figures += heatmap_figures(study)
        tables += ["cost"]
    if "classes" in values:
        figures += ["flow", *(f"{dataset}-rectified" for dataset in labelled(study))]
        tables += [f"{dataset}-classes" for dataset in labelled(study)]
    if "fidelity" in values:
        figures += [f"{dataset}-fidelity" for dataset in tested(study)]
    return [
        *quality_files(
            (recipe, c["dataset"], c["modality"])
            for recipe in configuration.recipes_of(values)
            for c in values["cohorts"].values()
        ),
        *([f"{RESULTS}/phantom.png", f"{RESULTS}/anomalies.png"] if PHANTOMS else []),
        *(f"{RESULTS}/{study}/tables/{table}.html" for table in tables),
        *(f"{RESULTS}/{study}/figures/{figure}.svg" for figure in figures),
    ]


def tables_against(studies):
    """The tables that compare these studies with each other. No study alone has them, as they need another's results."""
    return [f"{RESULTS}/{s}/tables/against.html" for s in studies if others(s) and set(others(s)) <= set(studies)]


def superpixel_figures(study):
    """From heatmaps to masks, of every method that inpaints; which step loses, of each group."""
    groups = STUDIES[study]["groups"] if "oracle" in STUDIES[study]["methods"] else []
    inpainting = [method for method in STUDIES[study]["methods"] if METHODS[method]["inpaints"]]
    kinds = "superpixels", "superpixel-scales"
    return [
        *(f"{dataset}-{group}-steps" for dataset in labelled(study) for group in groups),
        *(f"{dataset}-{method}-{kind}" for dataset in labelled(study) for method in inpainting for kind in kinds),
    ]


def heatmap_figures(study):
    """Heatmaps of quicker methods beside those of the inpainting."""
    heatmaps = STUDIES[study]["heatmaps"]
    dataset = STUDIES[study]["cohorts"][heatmaps["cohort"]]["dataset"]
    losses = {method: {"window", target(study, method)} for method in heatmaps["methods"]}
    return [f"{dataset}-{method}-{loss}-heatmaps" for method in losses for loss in sorted(losses[method])]


def published_names(cohort):
    """The published datasets that stand beside a cohort; a study may name a single one without a list."""
    names = cohort.get("published", [])
    return [names] if isinstance(names, str) else names


def resolved(study):
    """A study as tables and figures read it: with the run, the methods' names and the published counterparts."""
    values = {key: value for key, value in STUDIES[study].items() if key not in sweeps.REPORTED}
    cohorts = {
        role: {**c, "published": [{"doc": values["document"], "dataset": name} for name in published_names(c)]}
        for role, c in values["cohorts"].items()
    }
    names = {method: METHODS[method] for method in values["methods"]}
    run = {"name": study, "run": config["run"], "phantom": bool(PHANTOMS), "seeds": config["seeds"]}
    recipes = {name: config["recipes"][name] for name in configuration.recipes_of(values)}
    details = {"recipe_settings": recipes, "method_settings": config["methods"]}
    return {**values, **run, **details, "cohorts": cohorts, "method_names": names}


def caption(w):
    """What a table or figure rests on: the scans that stand in for the paper's, and what the run can't show."""
    shown = [cohort(w)] if hasattr(w, "dataset") else STUDIES[w.study]["cohorts"].values()
    scans = "; ".join(f"{c['title']}, {c['modality']}" for c in shown)
    return f"Study {w.study}, run {config['run']}: {scans}. {' '.join(STUDIES[w.study]['notes'])}"
