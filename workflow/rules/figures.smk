# The figures of a study.

FIGURES = f"{RESULTS}/{{study}}/figures"


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
        metrics=lambda w: repeated("metric", ["auprc", violin_dice(w.study)]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_violins/{{study}}/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_violins/{{study}}/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
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
        mem_mb=doubling(2000),
        runtime=doubling(10),
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
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-pareto --study {input.study} --intervals {input.intervals} --dataset {wildcards.dataset}"
        " --out {output} 2> {log}"


rule figure_panels:
    input:
        study=STUDY,
        images=f"{TEST}/images.h5",
        labels=f"{TEST}/labels.h5",
        maps=shown_files(MAPS),
        processed=shown_files(f"{TEST}/{RUN}/processed.h5"),
        thresholds=lambda w: [
            thresholds(Namespace(study=w.study, dataset=w.dataset, method=method, seed=seed))
            for method, seed in shown(w).items()
        ],
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
        mem_mb=doubling(4000),
        runtime=doubling(10),
    shell:
        "brainuad figure-panels --study {input.study} --dataset {wildcards.dataset} --images {input.images}"
        " --labels {input.labels} {params.methods} {params.maps} {params.processed} {params.thresholds}"
        " --out {output} 2> {log}"


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
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-training --study {input.study} {params.models} {params.training} --out {output} 2> {log}"


rule figure_bars:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        intervals=f"{RESULTS}/{{study}}/intervals.csv",
        published=PUBLISHED,
    output:
        report(
            f"{FIGURES}/{{group}}-bars.svg",
            caption="../report/bars.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "AUPRC, {group}"},
        ),
    params:
        code=code("stages.figure_bars"),
        group=group,
        datasets=lambda w: repeated("dataset", labelled(w.study)),
        methods=lambda w: repeated("method", group(w)["methods"]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_bars/{{study}}/{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_bars/{{study}}/{{group}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-bars --study {input.study} --metrics {input.metrics} --intervals {input.intervals}"
        " --published {input.published} {params.datasets} {params.methods} --title {params.group[title]:q}"
        " --out {output} 2> {log}"


rule figure_correlations:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
    output:
        csv=f"{RESULTS}/{{study}}/tables/{{group}}-correlations.csv",
        svg=report(
            f"{FIGURES}/{{group}}-correlations.svg",
            caption="../report/correlations.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "correlation of metrics, {group}"},
        ),
    params:
        code=code("stages.figure_correlations"),
        group=group,
        datasets=lambda w: repeated("dataset", labelled(w.study)),
        methods=lambda w: repeated("method", group(w)["methods"]),
        without=lambda w: repeated("without", group(w).get("without", [])),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_correlations/{{study}}/{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_correlations/{{study}}/{{group}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-correlations --study {input.study} --metrics {input.metrics} {params.datasets}"
        " {params.methods} {params.without} --title {params.group[title]:q} --out {output.svg} --out-csv {output.csv}"
        " 2> {log}"


rule figure_histograms:
    input:
        study=STUDY,
        residuals=lambda w: [
            f"{TEST}/{RUN}/residuals.csv".format(study=w.study, dataset=dataset, method=method, seed=shown(w)[method])
            for dataset in labelled(w.study)
            for method in group(w)["methods"]
        ],
    output:
        report(
            f"{FIGURES}/{{group}}-histograms.svg",
            caption="../report/histograms.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "residuals, {group}"},
        ),
    params:
        code=code("stages.figure_histograms"),
        group=group,
        residuals=lambda w, input: repeated("residuals", input.residuals),
        datasets=lambda w: repeated("dataset", labelled(w.study)),
        methods=lambda w: repeated("method", group(w)["methods"]),
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_histograms/{{study}}/{{group}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_histograms/{{study}}/{{group}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad figure-histograms --study {input.study} {params.residuals} {params.datasets} {params.methods}"
        " --title {params.group[title]:q} --out {output} 2> {log}"
