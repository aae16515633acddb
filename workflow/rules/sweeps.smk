# Sweeps of a study: what a level needs lies in methods.smk and evaluation.smk; here they are drawn.


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


for name, values in REPORTED.items():
    for sweep, entry in values["sweeps"].items():
        place, _, key = entry["setting"].partition(".")
        for method in entry["methods"] if place == "methods" else ():
            known = with_inherited(method, lambda name: METHODS[name]["settings"])
            if key not in known:
                where = f"study {name}, sweep {sweep}: {method} has no hyper-parameter '{key}'"
                sys.exit(f"BrainUAD: {where}. Its rule names: {', '.join(known) or 'none'}")


rule figure_sweep:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        levels=lambda w: [f"{RESULTS}/{study}/metrics.csv" for study in level_studies(w)],
        intervals=lambda w: [f"{RESULTS}/{study}/intervals.csv" for study in level_studies(w)],
    output:
        csv=f"{RESULTS}/{{study}}/tables/{{sweep}}-sweep.csv",
        svg=report(
            f"{FIGURES}/{{sweep}}-sweep.svg",
            caption="../report/sweep.rst",
            category="{study}",
            subcategory="Sweeps",
            labels={"dataset": "all", "content": "{sweep}"},
        ),
    params:
        code=code("stages.figure_sweep"),
        sweep=lambda w: STUDIES[w.study]["sweeps"][w.sweep],
        labels=lambda w: " ".join(f"--level-label {quote(label)}" for label in level_labels(w)),
        methods=lambda w: repeated("method", STUDIES[w.study]["sweeps"][w.sweep]["methods"]),
        datasets=lambda w: repeated("dataset", swept(w.study, w.sweep)),
        metrics=lambda w: repeated("metric", swept(w.study, w.sweep).values()),
        levels=lambda w, input: repeated("level-metrics", input.levels),
        intervals=lambda w, input: repeated("intervals", input.intervals),
        time=lambda w: "--with-time" if STUDIES[w.study]["sweeps"][w.sweep].get("with_time") else "",
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_sweep/{{study}}/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_sweep/{{study}}/{{sweep}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-sweep --study {input.study} --metrics {input.metrics} {params.labels} {params.intervals}"
        " {params.levels} {params.datasets} {params.methods} --title {params.sweep[title]:q}"
        " --axis {params.sweep[axis]:q} {params.metrics} {params.time} --out {output.svg}"
        " --out-csv {output.csv} 2> {log}"
