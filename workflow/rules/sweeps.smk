# Sweeps of a study: what a level needs lies in methods.smk and evaluation.smk; here they are drawn.


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
