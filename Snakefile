# BrainUAD: from archives to a report. See README.md; what is run stands in config.yaml.


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/phantom.smk"
include: "workflow/rules/volumes.smk"
include: "workflow/rules/preprocessing.smk"
include: "workflow/rules/methods.smk"


for file in sorted(Path(workflow.basedir, "workflow/rules/methods").glob("*.smk")):

    include: str(file)


include: "workflow/rules/evaluation.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/examples.smk"
include: "workflow/rules/sweeps.smk"
include: "workflow/rules/inpainting.smk"


report: "workflow/report/workflow.rst"


# So as not to submit too many jobs at once, Snakemake 9.27 looks over all ready jobs again a second after each look,
# and a new series of looks begins with each job that ends: hundreds of jobs later it keeps a processor busy. On one
# machine there is nothing to hold back.
onstart:
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


rule all:
    default_target: True
    input:
        f"{RESULTS}/complete",


for name in REPORTED:

    rule:
        name:
            name
        input:
            report_files(name),


# `make` makes the report when this file is newer.
rule complete:
    input:
        [report_files(name) for name in REPORTED],
        prepared_files,
    output:
        f"{RESULTS}/complete",
    localrule: True
    log:
        f"{RESULTS}/logs/complete.log",
    shell:
        "date > {output} 2> {log}"
