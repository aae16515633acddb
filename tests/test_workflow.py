"""The workflow as a whole, run small on a copy of the project: from phantom archives to tables and the report."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import h5py
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from brainuad import models, single_scan
from brainuad.files import sha256
from brainuad.methods.base import Volume, build
from brainuad.seeds import generator
from brainuad.slices import subjects

PROJECT = Path(__file__).parents[1]
NONE = "{" + ", ".join(f"{path.stem}: null" for path in (PROJECT / "workflow/studies").glob("*.yaml")) + "}"
STREGAS = ("strega", "cevae")
TISSUES = ("strega", "csf-mask")
LABELLED = ("phantom-brats", "phantom-mslub", "phantom-isbi2015")
TINY = ["--configfile", "workflow/runs/tiny.yaml"]
SHELL_METHOD = """
register("shell-copy", "Shell copy", seeded=False)


# A method in another language: HDF5's own command line copies the image as the score.
rule score_shell_copy:
    input:
        images=IMAGES,
    output:
        MAPS,
    wildcard_constraints:
        method="shell-copy",
    log:
        f"{RESULTS}/logs/score_shell_copy/{{study}}/{{dataset}}/{{split}}/{{method}}/seed{{seed}}.log",
    shell:
        "COPY -i {input.images} -o {output} -s image -d score 2> {log}"
"""
H5COPY = """#!/usr/bin/env python
import argparse, h5py

parser = argparse.ArgumentParser()
for name in "iosd":
    parser.add_argument(f"-{name}")
a = parser.parse_args()
with h5py.File(a.i) as source, h5py.File(a.o, "w") as target:
    source.copy(a.s, target, a.d)
"""
"""Stands for h5copy where HDF5's tools aren't installed."""
ROOMY = """
import shutil
from types import SimpleNamespace

shutil.disk_usage = lambda path: SimpleNamespace(free=10**15)
"""
"""A disk that holds a full run; what is told of one that doesn't is in test_doctor.py."""


def own_package(folder: Path) -> dict[str, str]:
    """An environment in which commands are those of a copy of the project."""
    return {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}


def snakemake(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run Snakemake in a copy of the project with that copy's package; its output."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, cwd=folder, env=own_package(folder), capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert not check or done.returncode == 0, output[-5000:]
    return output


def jobs(output: str) -> dict[str, int]:
    """Rule -> number of jobs, from the table that Snakemake prints."""
    table = output.rpartition("Job stats:")[2].partition("\n\n")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def copy_project(folder: Path) -> Path:
    for name in ("Makefile", "Snakefile", "config.yaml"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "profiles").symlink_to("workflow/profiles")
    for name in ("workflow", "src"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "src/sitecustomize.py").write_text(ROOMY)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has ended."""
    folder = copy_project(tmp_path_factory.mktemp("project"))
    # The environment is that of the tests, old enough not to be made.
    command = ["make", "--old-file=.venv/ready", f"BIN={Path(sys.executable).parent}", "tiny"]
    done = subprocess.run(command, cwd=folder, env=own_package(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    shutil.copy(folder / "results/tiny/baur2021/metrics.csv", folder / "unbroken.csv")
    return folder


@pytest.fixture
def metrics(finished: Path) -> pd.DataFrame:
    """The long table of that run, whatever later tests make of the copy."""
    return pd.read_csv(finished / "unbroken.csv")


def test_every_method_is_in_the_long_table(finished: Path, metrics: pd.DataFrame) -> None:
    assert list(metrics.columns) == ["study", "dataset", "method", "seed", "subject", "metric", "value"]
    counts = metrics[metrics["metric"] == "auprc"].groupby(["dataset", "method"]).size()
    run = yaml.safe_load((PROJECT / "workflow/runs/tiny.yaml").read_text())
    methods = run["studies"]["baur2021"]["methods"]
    assert set(counts.index) == {(dataset, method) for dataset in LABELLED for method in methods}


def test_levels_of_a_sweep_share_what_their_setting_does_not_touch(finished: Path) -> None:
    def made(level: str, what: str) -> set[str]:
        return {path.name for path in (finished / "results/tiny" / f"baur2021-{level}").glob(what)}

    assert (
        made("samples-1", "models/*") == made("erosion-1", "models/*") == made("erosion-1", "*/*/*/*/maps.h5") == set()
    )
    assert made("samples-1", "phantom-brats/test/*") == {"bayesian-ae", "bayesian-vae"}
    assert made("samples-1", "*/*/*/*/maps.h5") == {"maps.h5"}
    assert made("restoration-steps-1", "models/*") == {"vae-restoration"}
    assert made("training-subjects-0.5", "models/*") == {"ae-dense"}
    assert made("training-subjects-0.5", "*/*/images.h5") == {"images.h5"}


def test_the_inpainting_studies_measure_what_their_papers_do(finished: Path) -> None:
    tables = {
        name: pd.read_csv(finished / "results/tiny" / name / "metrics.csv")
        for name in ("nguyen2021", "mavropoulos2021")
    }
    told = {
        name: set(zip(*(table[c] for c in ("dataset", "method", "metric")), strict=True))
        for name, table in tables.items()
    }
    for metric in ("psnr", "ssim", "psnr_window"):
        assert ("phantom-nfbs", "inpainting-16", metric) in told["nguyen2021"]
    for method in ("oracle", "threshold-dark", "inpainting-16", "anogan"):
        assert ("phantom-brats", method, "dice") in told["nguyen2021"]
    for method in ("inpainting-16-guided", "loss-prediction", "loss-prediction-window"):
        assert ("phantom-nfbs", method, "heat_spearman") in told["mavropoulos2021"]
    models = finished / "results/tiny/mavropoulos2021-window-16/models"
    assert {path.name for path in models.iterdir()} == {"inpainting-16", "loss-prediction"}
    assert not (finished / "results/tiny/nguyen2021-scale-300/models").exists()


def test_stregas_train_on_several_datasets_and_by_a_recipe_of_their_own(finished: Path) -> None:
    study = finished / "results/tiny/strega2022-t1"
    for name, values in (("images", None), ("images-strega", [0, 1, 2, 3])):
        with h5py.File(study / f"all-healthy/train/{name}.h5") as joined:
            parts = [study / f"phantom-{part}/train/{name}.h5" for part in ("ixi", "mood")]
            lengths = [len(h5py.File(part)["image"]) for part in parts]
            assert len(joined["image"]) == sum(lengths)
            for part, rows in zip(parts, (slice(lengths[0]), slice(lengths[0], None)), strict=True):
                assert np.array_equal(joined["image"][rows], h5py.File(part)["image"][:])
            if values:
                assert np.isin(np.round(joined["image"][:] * 3, 4), values).all()
    records = {method: json.loads((study / f"models/{method}/seed0/record.json").read_text()) for method in STREGAS}
    digests = [sha256(study / f"all-healthy/train/{name}.h5") for name in ("images-strega", "images")]
    assert [records[method]["train"] for method in STREGAS] == [digests[0], digests[1]]
    table = pd.read_csv(study / "metrics.csv")
    told = set(zip(table["dataset"], table["method"], table["metric"], strict=True))
    assert {("phantom-brats", method, "dice_volume") for method in (*STREGAS, "csf-mask")} <= told
    for figure in ("strega-pipeline", "boxes", "lesion-sizes"):
        assert (study / f"figures/phantom-brats-{figure}.svg").is_file()


def scored(study: Path, method: str) -> Iterator[tuple[dict, Path, Path]]:
    """Cohort, folder of slices and file of post-processed maps or masks of a method: healthy validation, tumours."""
    cohorts = yaml.safe_load((study / "study.yaml").read_text())["cohorts"]
    for name, split in (("healthy", "validation"), ("tumour", "test")):
        folder = study / cohorts.get(name, {}).get("dataset", "none") / split
        processed = study / f"operating-points/absolute/{method}/seed0/processed.h5"
        made = processed if name == "healthy" else folder / f"{method}/seed0/masks.h5"
        if made.exists():
            yield cohorts[name], folder, made


def test_a_single_scan_gets_what_the_study_gave_it(finished: Path) -> None:
    """To the bit, for every method of every paper: anomaly map, post-processed map, mask. Nguyen et al. drew slices."""
    compared = set()
    results = finished / "results/tiny"
    studies = {path.parent: yaml.safe_load(path.read_text()) for path in results.glob("*/study.yaml")}
    for study, method in ((study, name) for study, values in studies.items() for name in values["method_names"]):
        if method == "oracle":  # sees the truth, and a single scan has none
            continue
        plan = single_scan.Plan.read(study / "study.yaml", method)
        home = results / (studies[study].get("models_of") or study.name)
        named = [home / f"models/{name}/seed0/model.pt" for name in (method, plan.base, plan.guide)]
        own, base, guide = (model if model.exists() else None for model in named)
        given = [model for model in (own or base, guide) if model]
        scorer = models.assembled(given, method, plan.settings) if given else build(method, plan.settings)
        thresholds = study / f"operating-points/absolute/{method}/seed0/thresholds.json"
        for cohort, folder, made in scored(study, method):
            volume = results / "volumes" / cohort["dataset"] / cohort["modality"]
            images = folder / ("images-strega.h5" if method in TISSUES else "images.h5")
            own_maps = folder / f"{method}/seed0/maps.h5"
            with h5py.File(images) as file, h5py.File(made) as truth, h5py.File(own_maps) as raw:
                subject = next(subjects(file))
                scan, brain = (volume / f"{subject.name}_{kind}.nii.gz" for kind in ("image", "brain"))
                prepared = single_scan.prepare(scan, brain, cohort["modality"], plan)
                at = np.searchsorted(prepared.volume.slices, subject.slices)
                drawn = Volume(prepared.volume.image[at], prepared.volume.brain[at], subject.slices)
                assert np.array_equal(drawn.image, file["image"][subject.rows])
                maps = scorer.score(drawn, generator(int(raw.attrs["seed"]), method, subject.name))
                assert np.array_equal(maps.score, raw["score"][subject.rows])
                score, mask = single_scan.find(maps, replace(prepared, volume=drawn), plan, thresholds)
                for kind, found in {"score": score, "mask": mask}.items():
                    if kind in truth:
                        assert np.array_equal(found, truth[kind][subject.rows]), (study, method)
                        compared.add((study.name, method, kind))
    assert {kind for _, _, kind in compared} == {"score", "mask"}
    assert {name for name, _, _ in compared} == {study.name for study in studies}


def test_studies_of_a_paper_are_compared_on_their_common_patients(finished: Path) -> None:
    """The same patients and model in two contrasts; the CSF class is there in both."""
    rows = pd.read_csv(finished / "results/tiny/strega2022-t1-on-t2/tables/against.csv")
    dice = rows[rows["metric"] == "dice_volume"].set_index("method")
    assert list(dice.index) == ["csf-mask", "strega"]
    values = [
        pd.read_csv(finished / f"results/tiny/{study}/metrics.csv").query(
            "method == 'csf-mask' and metric == 'dice_volume' and dataset == 'phantom-brats' and subject != 'pooled'"
        )["value"]
        for study in ("strega2022-t1-on-t2", "strega2022-t1")
    ]
    assert dice.at["csf-mask", "difference"] == pytest.approx(values[0].mean() - values[1].mean())


def test_fewer_training_subjects_are_among_the_more(finished: Path) -> None:
    def trained_on(study: str) -> set[bytes]:
        with h5py.File(finished / "results/tiny" / study / "phantom-ixi/train/images.h5") as file:
            return set(file["subject"][:])

    fewer, all_ = trained_on("baur2021-training-subjects-0.5"), trained_on("baur2021")
    assert fewer < all_ and len(fewer) == 2 and len(all_) == 3


def test_a_sweep_tells_the_value_of_every_level(finished: Path) -> None:
    table = pd.read_csv(finished / "results/tiny/baur2021/tables/samples-sweep.csv")
    assert set(table["level"].astype(str)) == {"1", "3"}
    own = table[(table["level"].astype(str) == "3") & (table["method"] == "bayesian-vae")].set_index("dataset")["value"]
    long = pd.read_csv(finished / "unbroken.csv").set_index(["dataset", "method", "subject", "metric"])["value"]
    for dataset in LABELLED:
        assert own[dataset] == pytest.approx(long[dataset, "bayesian-vae", "pooled", "auprc"])


def test_controls_bound_the_table(metrics: pd.DataFrame) -> None:
    """Without post-processing: random and constant at the prevalence, the oracle near 1."""
    pooled = metrics[metrics["subject"] == "pooled"].set_index(["dataset", "method", "metric"])["value"]
    for dataset in LABELLED:
        prevalence = pooled[dataset, "random", "prevalence"]
        assert pooled[dataset, "constant", "auprc"] == pytest.approx(prevalence, rel=0.02)
        assert pooled[dataset, "constant", "auroc_brain"] == pytest.approx(0.5, abs=0.02)
        assert 0.5 * prevalence < pooled[dataset, "random", "auprc"] < 2 * prevalence
        assert pooled[dataset, "oracle", "auprc"] > 0.95


def test_second_call_does_nothing(finished: Path) -> None:
    assert "Nothing to be done" in snakemake(finished, "--cores", "2", *TINY)


def test_no_fit_or_score_job_reads_labels(finished: Path) -> None:
    """Over the whole DAG; the oracle is the one declared exception."""
    plan = snakemake(finished, "--dry-run", "--forceall", *TINY)
    inputs = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):\n    input: (.*)$", plan, re.MULTILINE)
    readers = {rule for rule, files in inputs if re.search(r"label", files)}
    fits_and_scores = {rule for rule, _ in inputs if rule.startswith(("fit", "score"))}
    assert len(fits_and_scores) > 10
    assert readers & fits_and_scores == {"score_oracle"}
    assert "evaluate" in readers


def test_splits_are_disjoint_and_follow_the_seed(finished: Path) -> None:
    splits = pd.read_csv(finished / "results/tiny/baur2021/splits.csv")
    assert not splits.duplicated(["dataset", "subject"]).any()
    counts = splits.groupby(["dataset", "split"]).size().to_dict()
    assert counts["phantom-ixi", "train"] == 3
    assert counts["phantom-mslub", "validation"] == 1


@pytest.mark.parametrize(
    ("module", "rerun", "kept"),
    [
        ("methods/bayesian_vae.py", {"score_bayesian_vae"}, {"fit_vae", "fit_ae_dense", "score_vae", "preprocess"}),
        ("metrics/lesions.py", {"evaluate"}, {"fit_vae", "score_vae", "postprocess", "preprocess"}),
        ("methods/vae.py", {"fit_vae", "score_bayesian_vae"}, {"fit_ae_dense", "score_random", "preprocess"}),
        ("preprocessing/kobayashi.py", {"preprocess", "quality"}, {"volume", "fit_vae"}),
        ("anomalies/transplant.py", {"implant", "anomaly_sheet"}, {"volume", "split", "fit_vae"}),
        ("datasets/nfbs.py", {"extract", "index"}, {"phantom_subject", "fit_vae"}),
    ],
)
def test_an_edit_reruns_just_what_uses_it(finished: Path, module: str, rerun: set[str], kept: set[str]) -> None:
    path = finished / "src/brainuad" / module
    original = path.read_text()
    path.write_text(original + "\nEDITED = True\n")
    try:
        planned = set(jobs(snakemake(finished, "--dry-run", *TINY)))
    finally:
        path.write_text(original)
    assert rerun <= planned
    assert not kept & planned


def test_an_index_that_says_the_same_again_changes_nothing(finished: Path) -> None:
    """As where a folder of data was copied or touched: its files have other times, but its subjects are the same."""
    (archive,) = (finished / "results/tiny/raw/phantom-heads").glob("*/.snakemake_timestamp")
    archive.touch()
    wanted = [f"results/tiny/kobayashi2021/{name}" for name in ("tables/subjects.html", "phantom-heads/test/images.h5")]
    output = snakemake(finished, "--cores", "1", *TINY, "--", *wanted)
    assert "checkpoint index:" in output
    assert "rule slices:" not in output
    assert "Nothing to be done" in snakemake(finished, "--cores", "1", *TINY)


def test_a_comment_reruns_nothing(finished: Path) -> None:
    path = finished / "src/brainuad/methods/vae.py"
    original = path.read_text()
    path.write_text(original + "\n# a remark\n")
    try:
        assert "Nothing to be done" in snakemake(finished, "--dry-run", *TINY)
    finally:
        path.write_text(original)


def test_new_methods_reach_the_tables(finished: Path) -> None:
    """One made by `new-method`, one in plain shell: no existing file is edited, nothing else runs again."""
    command = [sys.executable, "-m", "brainuad", "new-method", "my-method"]
    subprocess.run(command, cwd=finished, env=own_package(finished), check=True, capture_output=True)
    copy = finished / "h5copy"
    copy.write_text(H5COPY)
    copy.chmod(0o755)
    (finished / "workflow/rules/methods/shell-copy.smk").write_text(SHELL_METHOD.replace("COPY", str(copy)))
    added = finished / "added.yaml"
    added.write_text("studies: {baur2021: {methods: [random, oracle, threshold-bright, my-method, shell-copy]}}")
    output = snakemake(finished, "--cores", "2", "--configfile", "workflow/runs/tiny.yaml", "added.yaml")
    assert not {"fit_vae", "score_random", "preprocess"} & set(jobs(output))
    table = pd.read_csv(finished / "results/tiny/baur2021/metrics.csv")
    auprc = table[(table["metric"] == "auprc") & (table["subject"] == "pooled")].set_index(["dataset", "method"])[
        "value"
    ]
    assert 0 < auprc["phantom-brats", "my-method"] < 1
    assert auprc["phantom-brats", "shell-copy"] == pytest.approx(auprc["phantom-brats", "threshold-bright"], abs=1e-3)
    assert "My method" in (finished / "results/tiny/baur2021/tables/phantom-brats.html").read_text()


def test_killed_run_goes_on_to_the_same_table(finished: Path, metrics: pd.DataFrame, tmp_path: Path) -> None:
    """kill -9 of everything while the VAE trains; the next call ends with the values of the unbroken run."""
    folder = copy_project(tmp_path)
    (folder / "few.yaml").write_text("studies: {baur2021: {methods: [random, vae]}}")
    arguments = ["--cores", "2", "--nolock", *TINY, "few.yaml", "--", "results/tiny/baur2021/metrics.csv"]
    models = folder / "results/tiny/baur2021/models/vae/seed0"
    command = [sys.executable, "-m", "snakemake", *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=own_package(folder), start_new_session=True, **quiet)
    while process.poll() is None and not list(models.glob(".checkpoints-*/*.ckpt")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (models / "model.pt").exists()

    assert "fit_vae" in jobs(snakemake(folder, *arguments))
    keys = ["dataset", "method", "seed", "subject", "metric"]
    again = pd.read_csv(folder / "results/tiny/baur2021/metrics.csv").set_index(keys)["value"]
    costs = ["seconds_per_volume", "seconds_per_slice", "peak_memory_mb"]
    again = again.drop(labels=costs, level="metric")
    pd.testing.assert_series_equal(again, metrics.set_index(keys)["value"].loc[again.index])


def test_report_is_one_file(finished: Path) -> None:
    report = (finished / "results/tiny/report.html").read_text()
    assert "phantom-brats-violins.svg" in report
    assert not re.search(r'<(script|link)[^>]+(src|href)="https?:', report)


def test_snakemake_finds_no_fault_with_the_rules(tmp_path: Path) -> None:
    assert "Congratulations, your workflow is in a good condition!" in snakemake(copy_project(tmp_path), "--lint")


def test_unknown_method_is_one_line(finished: Path) -> None:
    (finished / "bad.yaml").write_text("studies: {baur2021: {methods: [no-such]}}")
    output = snakemake(finished, "-n", "--configfile", "workflow/runs/tiny.yaml", "bad.yaml", check=False)
    assert re.search(
        r"^BrainUAD: study baur2021: method 'no-such' is unknown. Known methods: aae, ae-dense.*$", output, re.M
    )
    assert "Traceback" not in output


def test_unknown_hyper_parameter_of_a_sweep_is_one_line(finished: Path) -> None:
    (finished / "bad.yaml").write_text("studies: {baur2021: {sweeps: {samples: {setting: methods.sampels}}}}")
    output = snakemake(finished, "-n", "--configfile", "workflow/runs/tiny.yaml", "bad.yaml", check=False)
    assert re.search(
        r"^BrainUAD: study baur2021, sweep samples: bayesian-ae has no hyper-parameter 'sampels'. Its rule names: ",
        output,
        re.M,
    )
    assert "Traceback" not in output


def test_unknown_study_is_one_line(finished: Path) -> None:
    (finished / "bad.yaml").write_text("studies: {no-such: {}}")
    output = snakemake(finished, "-n", "--configfile", "workflow/runs/tiny.yaml", "bad.yaml", check=False)
    assert re.search(r"^BrainUAD: config.yaml: study 'no-such' is unknown. Known studies: baur2021", output, re.M)
    assert "Traceback" not in output


def test_full_run_fetches_what_is_open(finished: Path) -> None:
    plan = snakemake(finished, "--dry-run", "--cores", "8", "--resources", "gpu=1")
    assert jobs(plan)["download"] == jobs(plan)["extract"] == 6
    # T2 is studied, on T1 brains are found.
    assert all(f"data/downloads/ixi/IXI-{contrast}.tar" in plan for contrast in ("T1", "T2")) and "IXI-PD" not in plan


def test_full_run_without_gated_data_is_one_page(finished: Path) -> None:
    (finished / "gated.yaml").write_text("studies: {baur2021: {cohorts: {ms: {dataset: isbi2015, title: ISBI}}}}")
    output = snakemake(finished, "--cores", "8", "--configfile", "gated.yaml", check=False)
    assert re.search(r"baur2021 +can't start: isbi2015 is missing", output)
    assert "data/isbi2015/" in output
    assert not (finished / "results/full").exists()


def test_archives_come_from_their_host(finished: Path, tmp_path: Path) -> None:
    """An archive that a server on this machine offers is fetched once, checked, read and preprocessed."""
    (tmp_path / "here").mkdir()
    folder = copy_project(tmp_path / "here")
    offered = finished / "results/tiny/phantom/phantom-nfbs"
    handler = partial(SimpleHTTPRequestHandler, directory=offered)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        row = pd.read_csv(offered / "sources.csv", dtype=str, keep_default_na=False)
        row["address"] = f"http://127.0.0.1:{server.server_port}/" + row["archive"]
        row.to_csv(folder / "workflow/data/sources.csv", index=False)
        (folder / "served.yaml").write_text(
            f"run: served\nstudies: {NONE}\n"
            "datasets: {nfbs: {reader: nfbs}}\n"
            "preparation: [{recipe: inpainting, dataset: nfbs, modality: T1}]\n"
            "recipes: {inpainting: {shape: [64, 48], pixel: 4.0, slice_spacing: 15.0}}\n"
        )
        arguments = ["--cores", "2", "--configfile", "served.yaml"]
        output = snakemake(folder, *arguments, "--", "preparation")
        server.shutdown()
    assert jobs(output)["download"] == 1 and "can start, downloads nfbs" in output
    archive = folder / "data/downloads/nfbs/NFBS_Dataset.tar.gz"
    assert archive.read_bytes() == (offered / archive.name).read_bytes()
    table = pd.read_csv(folder / "results/served/quality/inpainting/nfbs-T1.tsv", sep="\t")
    assert list(table["subject"]) == list(
        pd.read_csv(finished / "results/tiny/quality/inpainting/phantom-nfbs-T1.tsv", sep="\t")["subject"]
    )
    moved = folder.rename(folder.with_name("moved"))
    assert "Nothing to be done" in snakemake(moved, *arguments, "--", "preparation")
    assert not {"download"} & set(jobs(snakemake(moved, "--forceall", "--dry-run", *arguments, "--", "preparation")))
    row.assign(checksum="sha256:" + 64 * "0").to_csv(moved / "workflow/data/sources.csv", index=False)
    planned = jobs(snakemake(moved, "--dry-run", *arguments, "--", "preparation"))
    assert "extract" in planned and "download" not in planned


def test_a_replaced_scan_reaches_its_volume_alone(finished: Path, tmp_path: Path) -> None:
    """In a user's own tree, whose files keep their names."""
    folder = copy_project(tmp_path)
    shutil.copytree(finished / "results/tiny/raw/phantom-brats/Task01_BrainTumour.tar", folder / "data/brats")
    (folder / "own.yaml").write_text(
        f"run: own\nstudies: {NONE}\n"
        "datasets: {brats: {reader: brats}}\n"
        "preparation: [{recipe: inpainting, dataset: brats, modality: T1}]\n"
        "recipes: {inpainting: {shape: [64, 48], pixel: 4.0, slice_spacing: 15.0}}\n"
    )
    arguments = ["--cores", "2", "--configfile", "own.yaml", "--", "preparation"]
    snakemake(folder, *arguments)
    assert "Nothing to be done" in snakemake(folder, *arguments)
    volumes = folder / "results/own/volumes/brats/T1"
    before = {path.name: sha256(path) for path in volumes.glob("*_image.nii.gz")}
    scan = folder / "data/brats/Task01_BrainTumour/imagesTr/BRATS_001.nii.gz"
    image = nib.load(scan)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj) + (image.dataobj[:] > 0), image.affine), scan)
    output = snakemake(folder, *arguments)
    after = {path.name: sha256(path) for path in volumes.glob("*_image.nii.gz")}
    assert {name for name in before if before[name] != after[name]} == {"BRATS_001_image.nii.gz"}
    assert output.count("rule volume_with_label:") == 1
