# Sweeps of a study: what a level needs lies in methods.smk and evaluation.smk; here they are drawn.


def level_studies(w):
    """The studies at the levels of a sweep, in its order; the study itself is one of them."""
    sweep = STUDIES[w.study]["sweeps"][w.sweep]
    return [sweeps.level_name(w.study, w.sweep, value) for value in sweep["levels"]]


def level_labels(w):
    """What the levels are called in the figure."""
    sweep = STUDIES[w.study]["sweeps"][w.sweep]
    place, _, key = sweep["setting"].partition(".")
    if place == "methods":
        own = with_inherited(sweep["methods"][0], lambda method: method_settings(w.study, method))[key]
    else:
        own = STUDIES[w.study]["postprocessing"][key] if key else 1.0
    values = [own if value == sweeps.OWN else value for value in sweep["levels"]]
    return [f"{value:.0%}" if place == "train_share" else sweeps.label(value) for value in values]


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
        sweep=lambda w: {"metric": "auprc", **STUDIES[w.study]["sweeps"][w.sweep]},
        labels=lambda w: " ".join(f"--level-label {quote(label)}" for label in level_labels(w)),
        methods=lambda w: repeated("method", STUDIES[w.study]["sweeps"][w.sweep]["methods"]),
        datasets=lambda w: repeated("dataset", labelled(w.study)),
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
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-sweep --study {input.study} --metrics {input.metrics} {params.labels} {params.intervals}"
        " {params.levels} {params.datasets} {params.methods} --title {params.sweep[title]:q}"
        " --axis {params.sweep[axis]:q} --metric {params.sweep[metric]} {params.time} --out {output.svg} --out-csv {output.csv} 2> {log}"
