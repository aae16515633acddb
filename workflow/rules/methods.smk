# The rules that all methods inherit. A method's own file in methods/ says which method it is and what is its own.

NO_METHOD = "(?!)"  # the base rules themselves match nothing
IMAGES = f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/images.h5"
LABELS = f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/labels.h5"
MAPS = f"{RESULTS}/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}/maps.h5"


def trained(method):
    """Input function: the model of a method, trained with the same study and seed."""
    return lambda w: f"{RESULTS}/{w.study}/models/{method}/seed{w.seed}/model.pt"


rule fit:
    input:
        train=lambda w: f"{RESULTS}/{w.study}/{healthy(w.study)}/train/images.h5",
        validation=lambda w: f"{RESULTS}/{w.study}/{healthy(w.study)}/validation/images.h5",
    output:
        model=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/model.pt",
        curves=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/training.csv",
        record=f"{RESULTS}/{{study}}/models/{{method}}/seed{{seed}}/record.json",
    wildcard_constraints:
        method=NO_METHOD,
    params:
        code=lambda w: code("stages.fit", f"methods.{w.method.replace('-', '_')}"),
        base=lambda w, input: f"--base {input.base}" if "base" in input.keys() else "",
        settings=settings(),
        training=lambda w: json.dumps(STUDIES[w.study]["training"]),
        seed=lambda w: derive(config["seed"], w.seed),
        device=config["device"],
    log:
        f"{RESULTS}/logs/fit/{{study}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fit/{{study}}/{{method}}/seed{{seed}}.tsv"
    threads: 4
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=2880,
    shell:
        "brainuad fit --method {wildcards.method} --train {input.train} --validation {input.validation} {params.base}"
        " --settings {params.settings:q} --training {params.training:q} --seed {params.seed}"
        " --device {params.device} --threads {threads} --out-model {output.model} --out-curves {output.curves}"
        " --out-record {output.record} 2> >(tee {log} >&2)"


# A control: no model, no GPU.
rule score:
    input:
        images=IMAGES,
    output:
        MAPS,
    wildcard_constraints:
        method=NO_METHOD,
    params:
        code=lambda w: code("stages.score", f"methods.{w.method.replace('-', '_')}"),
        given=lambda w, input: " ".join(f"--{k} {v}" for k, v in input.items() if k in ("model", "labels")),
        settings=settings(),
        seed=lambda w: derive(config["seed"], w.seed),
        device=config["device"],
    log:
        f"{RESULTS}/logs/score/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/score/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}.tsv"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=1440,
    shell:
        "brainuad score --method {wildcards.method} --images {input.images} {params.given}"
        " --settings {params.settings:q} --seed {params.seed} --device {params.device} --threads {threads}"
        " --out {output} 2> {log}"


# A method with a model: `input: model=trained(...)` is its own.
use rule score as score_learned with:
    threads: 4
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=1440,
