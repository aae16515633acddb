# The tables of a study.

PUBLISHED = WORKFLOW / "data/published.csv"


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
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad table --study {input.study} --metrics {input.metrics} --intervals {input.intervals}"
        " --comparisons {input.comparisons} --ranks {input.ranks} --published {input.published}"
        " --dataset {wildcards.dataset} --out-csv {output.csv} --out-html {output.html} --out-tex {output.tex}"
        " 2> {log}"


rule table_subjects:
    input:
        study=STUDY,
        splits=f"{RESULTS}/{{study}}/splits.csv",
        published=WORKFLOW / "data/published_subjects.csv",
    output:
        csv=f"{RESULTS}/{{study}}/tables/subjects.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/subjects.html",
            caption="../report/subjects.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "all", "content": "subjects"},
        ),
    params:
        code=code("stages.table_subjects"),
        caption=caption,
    log:
        f"{RESULTS}/logs/table_subjects/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_subjects/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad table-subjects --study {input.study} --splits {input.splits}"
        " --published-subjects {input.published} --out-csv {output.csv} --out-html {output.html} 2> {log}"


rule table_settings:
    input:
        study=STUDY,
    output:
        csv=f"{RESULTS}/{{study}}/tables/settings.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/settings.html",
            caption="../report/settings.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "all", "content": "hyper-parameters"},
        ),
    params:
        code=code("stages.table_settings"),
        settings=lambda w: used_settings(w.study),
        stated=lambda w: stated_settings(w.study),
        training=lambda w: shared_training(STUDIES[w.study]["training"]),
        stated_training=lambda w: shared_training(study_file(w.study)["training"]),
        caption=caption,
    log:
        f"{RESULTS}/logs/table_settings/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_settings/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(2000),
        runtime=doubling(10),
    shell:
        "brainuad table-settings --study {input.study} --settings {params.settings:q} --stated {params.stated:q}"
        " --training {params.training:q} --stated-training {params.stated_training:q}"
        " --out-csv {output.csv} --out-html {output.html} 2> {log}"


rule table_contrasts:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        counts=evaluated("counts.npz"),
        published=PUBLISHED,
    output:
        csv=f"{RESULTS}/{{study}}/tables/contrasts.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/contrasts.html",
            caption="../report/contrasts.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "all", "content": "contrasts of methods, shifts between datasets"},
        ),
    params:
        code=code("stages.table_contrasts"),
        counts=lambda w, input: repeated("counts", input.counts),
        compared=lambda w: repeated("compared", STUDIES[w.study].get("compared", [])),
        contrasts=lambda w: json.dumps(STUDIES[w.study]["contrasts"]),
        shifts=shifted_datasets,
        seed=config["seed"],
        caption=caption,
    log:
        f"{RESULTS}/logs/table_contrasts/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_contrasts/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad table-contrasts --study {input.study} --metrics {input.metrics} {params.counts}"
        " --published {input.published} {params.compared} --contrasts {params.contrasts:q} --shifts {params.shifts:q}"
        " --seed {params.seed} --out-csv {output.csv} --out-html {output.html} 2> {log}"


rule table_against:
    input:
        study=STUDY,
        metrics=f"{RESULTS}/{{study}}/metrics.csv",
        other_studies=lambda w: [STUDY.format(study=other) for other in others(w.study)],
        other_metrics=lambda w: [f"{RESULTS}/{other}/metrics.csv" for other in others(w.study)],
        published=PUBLISHED,
    output:
        csv=f"{RESULTS}/{{study}}/tables/against.csv",
        html=report(
            f"{RESULTS}/{{study}}/tables/against.html",
            caption="../report/against.rst",
            category="{study}",
            subcategory="Tables",
            labels={"dataset": "all", "content": "against other studies"},
        ),
    params:
        code=code("stages.table_against"),
        others=lambda w, input: repeated("other-study", input.other_studies),
        other_metrics=lambda w, input: repeated("other-metrics", input.other_metrics),
        compared=lambda w: repeated("compared", STUDIES[w.study].get("compared", [])),
        against=lambda w: json.dumps(against(w.study)),
        seed=config["seed"],
        caption=caption,
    log:
        f"{RESULTS}/logs/table_against/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/table_against/{{study}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad table-against --study {input.study} --metrics {input.metrics} {params.others} {params.other_metrics}"
        " --published {input.published} {params.compared} --against {params.against:q} --seed {params.seed}"
        " --out-csv {output.csv} --out-html {output.html} 2> {log}"
