# BrainUAD: from archives to a report. See README.md; what is run stands in config.yaml.


configfile: "config.yaml"


# With --sdm apptainer; envs/Dockerfile tells how it is made.
container: "envs/brainuad.sif"


# With --sdm conda: the environment of this name, which is made from envs/environment.yaml.
conda: "brainuad"


include: "workflow/rules/common.smk"


for file in sorted(Path(workflow.basedir, "workflow/functions").glob("*.smk")):

    include: str(file)


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
include: "workflow/rules/strega.smk"
include: "workflow/rules/fidelity.smk"


report: "workflow/report/workflow.rst"


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


# The studies of one paper together: `snakemake strega2022`.
for paper in sorted({name.partition("-")[0] for name in REPORTED} - set(REPORTED)):
    studies = [name for name in REPORTED if name.partition("-")[0] == paper]

    rule:
        name:
            paper
        input:
            [report_files(name) for name in studies],
            tables_against(studies),


# `make` makes the report when this file is newer.
rule complete:
    input:
        [report_files(name) for name in REPORTED],
        tables_against(REPORTED),
        prepared_files,
    output:
        f"{RESULTS}/complete",
    localrule: True
    log:
        f"{RESULTS}/logs/complete.log",
    shell:
        "date > {output} 2> {log}"
