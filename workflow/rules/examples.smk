# Reconstructions and residuals of chosen methods on chosen slices.


rule figure_examples:
    input:
        study=STUDY,
        images=example_slice_files("images"),
        labels=example_slice_files("labels"),
        maps=example_map_files("maps"),
        processed=example_processed_files,
    output:
        report(
            f"{FIGURES}/{{example}}-examples.svg",
            caption="../report/examples.rst",
            category="{study}",
            subcategory="Figures",
            labels={"dataset": "all", "content": "{example}, reconstructions and residuals"},
        ),
    params:
        code=code("stages.figure_examples"),
        example=example,
        options=example_options,
        caption=caption,
    log:
        f"{RESULTS}/logs/figure_examples/{{study}}/{{example}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figure_examples/{{study}}/{{example}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(30),
    shell:
        "brainuad figure-examples --study {input.study} --title {params.example[title]:q} {params.options}"
        " --out {output} 2> {log}"
