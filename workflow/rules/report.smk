# Tables and figures, and with what captions they stand in Snakemake's report.

PUBLISHED = WORKFLOW / "data/published.csv"
STUDY = f"{RESULTS}/{{study}}/study.yaml"
FIGURES = f"{RESULTS}/{{study}}/figures"


def report_files(study):
    """All tables and figures of a study."""
    tested = [c["dataset"] for c in STUDIES[study]["cohorts"].values()]
    diseased = [d for d in tested if is_labelled(d)]
    files = quality_files((STUDIES[study]["recipe"], c["dataset"], c["modality"]) for c in STUDIES[study]["cohorts"].values())
    files += [f"{RESULTS}/phantom.png", f"{RESULTS}/anomalies.png"] if PHANTOMS else []
    files += [f"{RESULTS}/{study}/tables/{d}.{kind}" for d in tested for kind in ("html", "csv", "tex")]
    files += [f"{RESULTS}/{study}/figures/{d}-{f}.svg" for d in diseased for f in ("violins", "curves", "pareto")]
    files += [f"{RESULTS}/{study}/figures/{d}-panels.svg" for d in tested]
    trained = any(METHODS[method]["trained"] for method in STUDIES[study]["methods"])
    return [*files, f"{RESULTS}/{study}/figures/training.svg"] if trained else files


def resolved(study):
    """A study as tables and figures read it: with the run, the methods' names and the published counterparts."""
    values = STUDIES[study]
    cohorts = {
        role: {**c, **({"published": {"doc": values["document"], "dataset": c["published"]}} if "published" in c else {})}
        for role, c in values["cohorts"].items()
    }
    names = {method: METHODS[method] for method in values["methods"]}
    run = {"name": study, "run": config["run"], "phantom": bool(PHANTOMS), "seeds": config["seeds"]}
    details = {"recipe_settings": config["recipes"][values["recipe"]], "method_settings": config["methods"]}
    return {**values, **run, **details, "cohorts": cohorts, "method_names": names}


def caption(w):
    """One sentence that says what a table or figure rests on."""
    notes = " ".join(STUDIES[w.study]["notes"])
    if not hasattr(w, "dataset"):
        return f"Study {w.study}, run {config['run']}. {notes}"
    c = cohort(w)
    return f"Study {w.study}, run {config['run']}: {c['title']}, {c['modality']}. {notes}"


rule study:
    output:
        STUDY,
    params:
        study=lambda w: yaml.safe_dump(resolved(w.study), sort_keys=False),
    log:
        f"{RESULTS}/logs/study/{{study}}.log",
    localrule: True
    shell:
        "printf %s {params.study:q} > {output} 2> {log}"


rule table:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
        comparisons=f"{RESULTS}/{{study}}/comparisons.csv",
        ranks=f"{RESULTS}/{{study}}/ranks.csv",
        published=PUBLISHED,
    output:
        csv=f"{RESULTS}/{{study}}/tables/{{dataset}}.csv",
        tex=f"{RESULTS}/{{study}}/tables/{{dataset}}.tex",
        html=report(
            f"{RESULTS}/{{study}}/tables/{{dataset}}.html",
            caption="../report/table.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "{dataset}", "content": "comparison with published values"},
        ),
    params:
        code=code("stages.table"),
        caption=caption,
    log:
        f"{RESULTS}/logs/table/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad table --study {input.study} --metrics {input.metrics} --intervals {input.intervals}"
        " --comparisons {input.comparisons} --ranks {input.ranks} --published {input.published}"
        " --dataset {wildcards.dataset} --out-csv {output.csv} --out-html {output.html} --out-tex {output.tex}"
        " 2> {log}"


rule figure_violins:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
    output:
        report(
            f"{FIGURES}/{{dataset}}-violins.svg",
            caption="../report/violins.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "subjects, violin plots"},
        ),
    params:
        code=code("stages.figure_violins"),
        metrics=repeated("metric", ["auprc", "dice_at_fpr_5"]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_violins/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_violins/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-violins --study {input.study} --metrics {input.metrics} --dataset {wildcards.dataset}"
        " {params.metrics} --out {output} 2> {log}"


rule figure_curves:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        curves=evaluated("curves.csv"),
    output:
        report(
            f"{FIGURES}/{{dataset}}-curves.svg",
            caption="../report/curves.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "PR and ROC curves"},
        ),
    params:
        code=code("stages.figure_curves"),
        curves=lambda w, input: repeated("curves", input.curves),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_curves/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_curves/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-curves --study {input.study} --metrics {input.metrics} {params.curves}"
        " --dataset {wildcards.dataset} --out {output} 2> {log}"


rule figure_pareto:
    input:
        study=STUDY,
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
    output:
        report(
            f"{FIGURES}/{{dataset}}-pareto.svg",
            caption="../report/pareto.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "quality against time"},
        ),
    params:
        code=code("stages.figure_pareto"),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_pareto/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_pareto/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-pareto --study {input.study} --intervals {input.intervals} --dataset {wildcards.dataset}"
        " --out {output} 2> {log}"


def shown(w):
    """The first seed of each method of a study."""
    return {method: seeds(method)[0] for method in STUDIES[w.study]["methods"]}


def shown_files(pattern):
    return lambda w: [
        pattern.format(study=w.study, dataset=w.dataset, split="test", method=method, seed=seed)
        for method, seed in shown(w).items()
    ]


rule figure_panels:
    input:
        study=STUDY,
        images=f"{TEST}/images.h5",
        labels=f"{TEST}/labels.h5",
        maps=shown_files(MAPS),
        processed=shown_files(f"{TEST}/{RUN}/processed.h5"),
        thresholds=shown_files(f"{TEST}/{RUN}/thresholds.json"),
    output:
        report(
            f"{FIGURES}/{{dataset}}-panels.svg",
            caption="../report/panels.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "{dataset}", "content": "inputs, reconstructions, maps, masks"},
        ),
    params:
        code=code("stages.figure_panels"),
        methods=lambda w: repeated("method", shown(w)),
        maps=lambda w, input: repeated("maps", input.maps),
        processed=lambda w, input: repeated("processed", input.processed),
        thresholds=lambda w, input: repeated("thresholds", input.thresholds),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_panels/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_panels/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    shell:
        "brainuad figure-panels --study {input.study} --dataset {wildcards.dataset} --images {input.images}"
        " --labels {input.labels} {params.methods} {params.maps} {params.processed} {params.thresholds}"
        " --out {output} 2> {log}"


def trained_here(w):
    """(method, seed) of the methods of a study that have training curves."""
    fitted = [method for method in STUDIES[w.study]["methods"] if METHODS[method]["trained"]]
    return [(method, seed) for method in fitted for seed in seeds(method)]


rule figure_training:
    input:
        study=STUDY,
        training=lambda w: [
            f"{RESULTS}/{w.study}/models/{method}/seed{seed}/training.csv" for method, seed in trained_here(w)
        ],
    output:
        report(
            f"{FIGURES}/training.svg",
            caption="../report/training.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "healthy", "content": "training curves"},
        ),
    params:
        code=code("stages.figure_training"),
        models=lambda w: repeated("model", [method for method, _ in trained_here(w)]),
        training=lambda w, input: repeated("training", input.training),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_training/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_training/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "brainuad figure-training --study {input.study} {params.models} {params.training} --out {output} 2> {log}"
