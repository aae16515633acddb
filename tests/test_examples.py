import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np
import pytest
from made_results import DATASET, write_maps, write_scans, write_study
from matplotlib.figure import Figure

from brainuad.errors import InputError
from brainuad.figures import examples
from brainuad.slices import Subject
from brainuad.stages import figure_examples

HEALTHY = "phantom-ixi"
METHODS = ("ae-dense", "vae", "atlas-z")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Scans and maps of a sick and a healthy dataset, and the study."""
    made = {"study": write_study(tmp_path_factory.mktemp("study"))}
    for dataset in (DATASET, HEALTHY):
        folder = tmp_path_factory.mktemp(dataset)
        made[dataset] = write_scans(folder, depth=9, sick=dataset == DATASET)
        made[dataset] |= {method: write_maps(folder, made[dataset], method) for method in METHODS}
    return made


def arguments(files, slices, methods=METHODS):
    datasets = dict.fromkeys(text.partition(":")[0] for text in slices)
    runs = [(method, dataset) for method in methods for dataset in datasets]
    return {
        "study": files["study"],
        "title": "Reconstructions and residuals",
        "slice": slices,
        **{kind: [f"{name}={files[name][kind]}" for name in datasets] for kind in ("images", "labels")},
        **{kind: [f"{m}:{d}={files[d][m][kind]}" for m, d in runs] for kind in ("maps", "processed")},
    }


def read(files, levels, method, processed=False):
    own = files[DATASET]
    images = [own["images"]] * len(levels)
    truth = examples.read_truth(levels, images, [own["labels"]] * len(levels))
    maps, final = ([own[method][kind]] * len(levels) for kind in ("maps", "processed"))
    return truth, examples.read_result(method, truth, images, maps, final if processed else None)


@pytest.mark.parametrize("sick", [True, False])
def test_the_chosen_slice_is_what_brute_force_finds(sick):
    rng = np.random.default_rng(3)
    for _ in range(30):
        depths = rng.integers(4, 9, 3) * 3
        starts = np.r_[0, depths.cumsum()]
        names = [Subject(f"s{k}", slice(*starts[k : k + 2]), np.arange(depths[k]) + 40) for k in range(3)]
        brain, lesion = rng.integers(1, 9, starts[-1]), rng.integers(0, 4, starts[-1]) * sick
        for third, level in enumerate(examples.LEVELS):
            best = None
            for subject, depth in zip(names, depths, strict=True):
                for k in range(third * depth // 3, (third + 1) * depth // 3):
                    row = subject.rows.start + k
                    amount = lesion[row] if sick else brain[row]
                    if best is None or amount > best[0]:
                        best = amount, subject.name, row, k + 40
            chosen = examples.choose(lesion, brain, names, level, drawn=False)
            assert (chosen.subject, chosen.row, chosen.slice) == best[1:]


def test_thirds_are_of_the_brain_not_of_the_file():
    brain = np.array([0, 0, 0, 0, 0, 0, 5, 6, 7])
    lesion = np.array([9, 9, 9, 9, 9, 9, 0, 0, 1])  # a label outside the brain is not chosen
    names = [Subject("s", slice(0, 9), np.arange(9))]
    assert [examples.choose(lesion, brain, names, level, drawn=False).row for level in examples.LEVELS] == [6, 7, 8]
    # Drawn slices lie where they lie: those of subject 1 at 60 to 62, of subject 2 at 3 and 90.
    few = [Subject("1", slice(0, 3), np.array([60, 61, 62])), Subject("2", slice(3, 5), np.array([3, 90]))]
    rows = [examples.choose(np.zeros(5), np.arange(1, 6), few, level, drawn=True).row for level in examples.LEVELS]
    assert rows == [3, 1, 4]
    rows = [examples.choose(np.zeros(3), np.ones(3), few[:1], level, drawn=True).row for level in examples.LEVELS]
    assert rows == [0, 1, 2]
    assert examples.choose(lesion, np.zeros(9, int), names, "ventral", drawn=False) is None


@pytest.mark.parametrize("processed", [False, True])
def test_a_block_shows_the_rows_of_the_files(files, processed):
    truth, result = read(files, ["ventral", "dorsal"], "vae", processed)
    own = files[DATASET]
    with h5py.File(own["images"]) as images, h5py.File(own["vae"]["processed" if processed else "maps"]) as maps:
        for k, choice in enumerate(truth.choices):
            row = choice.row
            assert images["subject"].asstr()[row] == choice.subject and images["slice"][row] == choice.slice
            np.testing.assert_array_equal(truth.image[k], images["image"][row][truth.crop])
            np.testing.assert_array_equal(result.maps[k], maps["score"][row][truth.crop])
    assert result.residual == [True, True]
    assert truth.label.any(axis=(1, 2)).all()


def test_the_slice_with_most_of_a_label_is_shown():
    """Of one class alone, wherever other classes are larger; where it is nowhere, the figure can't be made."""
    names = [Subject("a", slice(0, 3), np.arange(3) + 5), Subject("b", slice(3, 5), np.arange(2) + 9)]
    chosen = examples.most(np.array([0, 2, 0, 7, 1]), names)
    assert (chosen.subject, chosen.row, chosen.slice) == ("b", 3, 9)
    assert examples.most(np.zeros(5, int), names) is None


def test_a_label_stands_in_for_a_level(files):
    own = files[DATASET]
    truth = examples.read_truth(["label-1"], [own["images"]], [own["labels"]])
    with h5py.File(own["labels"]) as file:
        assert (file["label"][truth.choices[0].row] == 1).sum() == (file["label"][:] == 1).sum((1, 2)).max() > 0
    with pytest.raises(InputError, match="holds no label-7 slice"):
        examples.read_truth(["label-7"], [own["images"]], [own["labels"]])
    assert figure_examples.read_slice("heads:label-3") == ("heads", "label-3")
    with pytest.raises(InputError, match="'heads:label-' is no DATASET:LEVEL"):
        figure_examples.read_slice("heads:label-")


def test_z_scores_are_no_residuals(files, tmp_path):
    own, maps = files[DATASET], tmp_path / "processed.h5"
    truth = examples.read_truth(["midline"], [own["images"]], [own["labels"]])
    found = []
    for chain in ("{}", '{"standardise": "slice"}'):
        maps.write_bytes(own["vae"]["processed"].read_bytes())
        with h5py.File(maps, "a") as file:
            file.attrs["postprocessing"] = chain
        found += examples.read_result("VAE", truth, [own["images"]], [own["vae"]["maps"]], [maps]).residual
    assert found == [True, False]


@pytest.mark.parametrize(
    ("residual", "told", "untold"),
    [
        ([True, True], "post-processed residuals. One scale a block", "is no residual"),
        ([False, False], "post-processed scores, each from 0", "residual"),
        ([True, False], "that method's score is no residual", "scores, each"),
    ],
)
def test_note_tells_what_the_maps_are(residual, told, untold):
    results = [examples.Result("a method", [None], [np.zeros((4, 4))], [each]) for each in residual]
    text = " ".join(examples.note(results, "post-processed", 8.0).split())
    assert told in text and untold not in text


def test_means_over_samples_are_residuals_and_other_scores_are_not():
    rng = np.random.default_rng(0)
    image = rng.random((20, 20))
    samples = rng.random((6, 20, 20))
    mean_residual, mean, variance = np.abs(image - samples).mean(0), samples.mean(0), samples.var(0)
    assert np.abs(mean_residual - np.abs(image - mean)).max() > 0.1
    assert examples.is_residual(mean_residual, image, mean, variance)
    assert not examples.is_residual(mean_residual, image, mean, None)
    assert examples.is_residual(np.abs(image - mean), image, mean, None)
    assert not examples.is_residual(3 * np.abs(image - mean), image, mean, None)
    assert not examples.is_residual(image, image, None, None)


def test_residuals_of_a_block_share_one_scale_and_other_scores_have_their_own(files):
    truth, ae = read(files, ["midline", "dorsal"], "ae-dense")
    _, atlas = read(files, ["midline", "dorsal"], "atlas-z")
    worse = examples.Result("worse", ae.reconstructions, [3 * score for score in ae.maps], [True, True])
    results = [ae, worse, atlas]
    figure = Figure(figsize=examples.size(truth, results, "raw"))
    examples.draw(figure, "title", ["a", "b"], truth, results, "raw")
    images = [ax.images[0] for ax in figure.axes if ax.images]
    for k, brain in enumerate(truth.brain):
        shared = np.percentile(np.r_[ae.maps[k][brain], 3 * ae.maps[k][brain]], 99.5)
        own = np.percentile(atlas.maps[k][brain], 99.5)
        for result, top in ((ae, shared), (worse, shared), (atlas, own)):
            (image,) = [i for i in images if i.cmap.name == "inferno" and np.array_equal(i.get_array(), result.maps[k])]
            assert image.get_clim() == pytest.approx((0, top))
    bars = [ax for ax in figure.axes if ax.get_xlabel() == "normalised intensity"]
    assert len(bars) == 2


def test_figures_are_the_same_bytes_each_time_and_differ_raw_and_processed(files, tmp_path):
    given = arguments(files, [f"{DATASET}:ventral", f"{DATASET}:dorsal", f"{HEALTHY}:midline"])
    for name in ("first", "second"):
        figure_examples.main(**given, out=tmp_path / f"{name}.svg")
    figure_examples.main(**given | {"processed": None}, out=tmp_path / "raw.svg")
    first, second, raw = ((tmp_path / f"{name}.svg").read_bytes() for name in ("first", "second", "raw"))
    assert first == second != raw
    assert ElementTree.fromstring(first).tag == "{http://www.w3.org/2000/svg}svg"


def test_bad_input_is_told_in_one_line_and_leaves_no_figure(files, tmp_path):
    given = arguments(files, [f"{DATASET}:ventral"]) | {"out": tmp_path / "x.svg"}
    with pytest.raises(InputError, match="'phantom-mslub:lateral' is no DATASET:LEVEL"):
        figure_examples.main(**given | {"slice": [f"{DATASET}:lateral"]})
    with pytest.raises(InputError, match="no dataset 'brats'"):
        figure_examples.main(**given | {"slice": ["brats:ventral"]})
    with pytest.raises(InputError, match="--images: has no phantom-mslub=PATH"):
        figure_examples.main(**given | {"images": [str(files[DATASET]["images"])]})
    with pytest.raises(InputError, match="--processed: has no vae:phantom-mslub=PATH"):
        figure_examples.main(**given | {"processed": given["processed"][:1]})
    with pytest.raises(InputError, match="no method 'gan'"):
        figure_examples.main(**given | {"maps": [f"gan:{DATASET}=x.h5"]})
    small = write_scans(tmp_path, size=32)
    pairs = {kind: [*given[kind], f"{HEALTHY}={small[kind]}"] for kind in ("images", "labels")}
    with pytest.raises(InputError, match=r"has slices of \(32, 32\) pixels"):
        figure_examples.main(**given | pairs | {"slice": [f"{DATASET}:ventral", f"{HEALTHY}:ventral"]})
    assert not list(tmp_path.glob("*svg*"))
