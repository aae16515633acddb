# What a study's report holds, and with what captions.

STUDY = f"{RESULTS}/{{study}}/study.yaml"


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
