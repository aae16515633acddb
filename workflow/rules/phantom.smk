# The phantom cohort: subjects made in parallel, packed into archives in the native layout of each source.

from brainuad.anomalies import kinds

PHANTOM = f"{RESULTS}/phantom"


rule phantom_subject:
    output:
        temp(directory(f"{PHANTOM}/subjects/{{dataset}}/{{subject}}")),
    params:
        code=lambda w: code("stages.phantom_subject", layout_module(w)),
        source=lambda w: config["datasets"][w.dataset]["reader"],
        spacing=config.get("phantom", {}).get("spacing"),
        seed=config["seed"],
    log:
        f"{RESULTS}/logs/phantom_subject/{{dataset}}/{{subject}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/phantom_subject/{{dataset}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(20),
    shell:
        "brainuad phantom-subject --source {params.source} --subject {wildcards.subject} --seed {params.seed}"
        " --spacing {params.spacing} --out {output} 2> {log}"


rule phantom_archive:
    input:
        lambda w: [f"{PHANTOM}/subjects/{w.dataset}/{s}" for s in phantom_subjects(w.dataset)],
    output:
        directory(f"{PHANTOM}/{{dataset}}"),
    wildcard_constraints:
        dataset="|".join(PHANTOMS) or "(?!)",
    params:
        code=lambda w: code("stages.phantom_archive", layout_module(w)),
        source=lambda w: config["datasets"][w.dataset]["reader"],
        subjects=lambda w, input: " ".join(f"--subjects {folder}" for folder in input),
    log:
        f"{RESULTS}/logs/phantom_archive/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/phantom_archive/{{dataset}}.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(60),
    shell:
        "brainuad phantom-archive --source {params.source} {params.subjects} --out {output} 2> {log}"


rule phantom_sheet:
    output:
        report(
            f"{RESULTS}/phantom.png",
            caption="../report/phantom.rst",
            category="Phantom cohort",
            labels={"figure": "contact sheet"},
        ),
    params:
        code=code("stages.phantom_sheet"),
        spacing=config.get("phantom", {}).get("spacing"),
        seed=config["seed"],
        caption="Every subject is a phantom.",
    log:
        f"{RESULTS}/logs/phantom_sheet.log",
    benchmark:
        f"{RESULTS}/benchmarks/phantom_sheet.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(30),
    shell:
        "brainuad phantom-sheet --seed {params.seed} --spacing {params.spacing} --out {output} 2> {log}"


rule anomaly_sheet:
    output:
        report(
            f"{RESULTS}/anomalies.png",
            caption="../report/anomalies.rst",
            category="Synthetic anomalies",
            labels={"figure": "each kind"},
        ),
    params:
        code=code("stages.anomaly_sheet", *(f"anomalies.{kind}" for kind in kinds.known())),
        spacing=config.get("phantom", {}).get("spacing"),
        seed=config["seed"],
        caption="Shown in phantoms.",
    log:
        f"{RESULTS}/logs/anomaly_sheet.log",
    benchmark:
        f"{RESULTS}/benchmarks/anomaly_sheet.tsv"
    threads: 1
    resources:
        mem_mb=doubling(4000),
        runtime=doubling(30),
    shell:
        "brainuad anomaly-sheet --seed {params.seed} --spacing {params.spacing} --out {output} 2> {log}"
