import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import h5py
import numpy as np
import pytest
from made_results import DATASET, write_maps, write_scans, write_study
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.stats import rankdata
from skimage.metrics import peak_signal_noise_ratio

from brainuad import segmentation, slices
from brainuad.errors import InputError
from brainuad.figures import heatmaps, inpainting, superpixels
from brainuad.slices import Subject
from brainuad.stages import figure_heatmaps, figure_inpainting, figure_superpixels

SHAPE = (48, 40)
WINDOW, STEP = 8, 4


def brain_and_lesion(k):
    """A slice with an ellipse of brain with a bright disk in it, which moves with k; and both as masks."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    brain = ((y - 24) / 20) ** 2 + ((x - 19) / 15) ** 2 < 1
    lesion = (y - 20) ** 2 + (x - 14 - k) ** 2 < 16
    texture = np.random.default_rng(k).random(SHAPE) / 10
    return (brain * (0.4 + texture + 0.4 * lesion)).astype(np.float32), brain, lesion


def write_inpainted(path, side, examples=7, label=True):
    """Inpainted slices whose content in the square is a tenth too dark, and else a hundredth too bright."""
    arrays = {name: [] for name in (*inpainting.NEEDED, "label")}
    for k in range(examples):
        image, brain, lesion = brain_and_lesion(k)
        row, column = 10 + k, 12
        masked, inpainted = image.copy(), np.clip(image + 0.01 * k * brain, 0, 1)
        box = np.s_[row : row + side, column : column + side]
        masked[box], inpainted[box] = 1, 0.9 * image[box]
        values = (image, masked, inpainted, brain, row, column, side, f"s{k}", 30 + k, lesion.astype(np.uint8))
        for name, value in zip(arrays, values, strict=True):
            arrays[name].append(value)
    if not label:
        del arrays["label"]
    slices.write(path, {name: np.array(values) for name, values in arrays.items()}, {"spacing": [5.0, 2.0, 1.5]})
    return path


def write_heatmaps(path, label=True, **changes):
    """Five slices and random maps, 0 where a window holds no brain."""
    rng = np.random.default_rng(0)
    image, brain, lesion = (np.array(arrays) for arrays in zip(*map(brain_and_lesion, range(5)), strict=True))
    places = [(length - WINDOW) // STEP + 1 for length in SHAPE]
    visited = [
        [
            [b[i * STEP : i * STEP + WINDOW, j * STEP : j * STEP + WINDOW].any() for j in range(places[1])]
            for i in range(places[0])
        ]
        for b in brain
    ]
    window = rng.random((5, *places)) * visited
    arrays = {
        "image": image,
        "brain": brain,
        "label": lesion.astype(np.uint8),
        "window": window * 255,
        "whole": window * 1e-3 + 2e-3,
        "predicted": (window + 0.3 * rng.random(window.shape)) * 1e-3,
        "subject": np.array([f"s{k}" for k in range(5)]),
        "slice": np.arange(5) + 60,
    } | changes
    if not label:
        del arrays["label"]
    slices.write(path, arrays, {"side": WINDOW, "step": STEP, "method": "vae", "predictor": "vae-restoration"})
    return path, np.array(visited)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A study, and scans and maps of sick subjects."""
    folder = tmp_path_factory.mktemp("study")
    scans = write_scans(folder, subjects=6)
    with h5py.File(scans["images"], "a") as file:
        file["image"][:] = np.clip(file["image"][:], 0, 1)
    return {"study": write_study(folder), **scans, "processed": write_maps(folder, scans, "vae")["processed"]}


def hot(figure):
    """The images of a figure that are maps."""
    return [image for ax in figure.axes for image in ax.images if image.cmap.name == "inferno"]


def of_superpixels(files, folder):
    named = {name: files[name] for name in ("study", "images", "labels", "processed")}
    outs = {"out": folder / "steps.svg", "out_scales": folder / "scales.svg"}
    return {"dataset": DATASET, "method": "vae", **named, **outs}


def test_the_slices_are_the_largest_of_the_subjects_where_lesions_are_largest():
    rng = np.random.default_rng(1)
    for _ in range(30):
        depths = rng.integers(1, 6, 7)
        starts = np.r_[0, depths.cumsum()]
        names = [Subject(f"s{k}", slice(*starts[k : k + 2]), np.arange(depths[k]) + 40) for k in range(7)]
        area = rng.permutation(starts[-1]) * (rng.random(starts[-1]) < 0.6)
        best = [max(range(a, b), key=area.__getitem__) for a, b in pairwise(starts)]
        rows = sorted(best, key=area.__getitem__, reverse=True)
        expected = [row for row in rows if area[row] > 0][:4]
        chosen = superpixels.choose(area, names)
        assert [choice.row for choice in chosen] == expected
        for choice in chosen:
            owner = int(np.searchsorted(starts, choice.row, side="right")) - 1
            assert (choice.subject, choice.slice) == (f"s{owner}", 40 + choice.row - starts[owner])
    assert superpixels.choose(np.zeros(3), [Subject("s", slice(0, 3), np.arange(3))]) == []


def test_edges_part_all_superpixels_and_nothing_else():
    segments = np.random.default_rng(0).integers(0, 3, (9, 7)).repeat(3, 0).repeat(3, 1)
    edges = superpixels.edges(segments)
    for i, j in np.ndindex(segments.shape):
        others = [segments[i + 1, j]] if i + 1 < len(segments) else []
        others += [segments[i, j + 1]] if j + 1 < segments.shape[1] else []
        assert edges[i, j] == any(other != segments[i, j] for other in others)


def test_predictions_are_the_masks_that_are_evaluated(files):
    settings = {"scale": 40.0, "sigma": 0.5, "min_size": 5, "choose": "mean", "max_background": 0.5}
    queries = superpixels.read(files["images"], files["labels"], files["processed"])
    with (
        h5py.File(files["images"]) as images,
        h5py.File(files["processed"]) as maps,
        h5py.File(files["labels"]) as truth,
    ):
        arrays = images["image"][:], maps["score"][:], images["brain"][:]
        label = truth["label"][:] > 0
    masks = segmentation.load("superpixels").segment(*arrays, **settings)
    found = 0
    for query in queries:
        outcome, row = superpixels.cut(query, **settings), query.choice.row
        np.testing.assert_array_equal(outcome.mask, masks[row])
        inside, predicted = label[row], masks[row]
        assert outcome.dice == pytest.approx(2 * (inside & predicted).sum() / (inside.sum() + predicted.sum()))
        found += outcome.mask.any()
    assert len(queries) == found == 4


def test_psnr_is_the_librarys_inside_the_box_of_stretched_slices(tmp_path):
    for example in inpainting.read("a", write_inpainted(tmp_path / "a.h5", 9), 7).examples:
        first, second = ((x - x.min()) / (x.max() - x.min()) * 255.0 for x in (example.image, example.inpainted))
        box = np.s_[example.box.row : example.box.row + 9, example.box.column : example.box.column + 9]
        expected = peak_signal_noise_ratio(first[box], second[box], data_range=255.0)
        assert inpainting.psnr_within(example) == pytest.approx(expected, abs=1e-3)


def test_an_exact_copy_has_no_end_of_psnr(tmp_path):
    path = write_inpainted(tmp_path / "a.h5", 9, examples=1)
    with h5py.File(path, "a") as file:
        file["inpainted"][:] = file["image"][:]
    block = inpainting.read("a", path, 1)
    assert inpainting.psnr_within(block.examples[0]) == np.inf
    inpainting.draw(Figure(figsize=inpainting.size([block])), "title", [block])


def test_examples_are_spread_evenly(tmp_path):
    path = write_inpainted(tmp_path / "a.h5", 9, examples=7)
    assert [e.subject for e in inpainting.read("a", path, 4).examples] == ["s0", "s2", "s4", "s6"]
    assert [e.slice for e in inpainting.read("a", path, 20).examples] == list(range(30, 37))


def test_boxes_are_drawn_around_what_was_erased_and_differences_share_one_scale(tmp_path):
    blocks = [inpainting.read(str(side), write_inpainted(tmp_path / "a.h5", side), 3) for side in (5, 12, 8)]
    figure = Figure(figsize=inpainting.size(blocks))
    inpainting.draw(figure, "title", blocks)
    boxes = np.concatenate([e.difference[e.masked == 1] for block in blocks for e in block.examples])
    top = np.percentile(boxes, 99.5)
    maps = hot(figure)
    assert len(maps) == 9
    for image in maps:
        assert image.get_clim() == pytest.approx((0, top))
    framed = [ax for ax in figure.axes if any(type(patch) is Rectangle for patch in ax.patches)]
    masked = [ax for ax in framed if (ax.images[0].get_array() == 1).any()]
    assert len(framed) == 3 * len(masked) == 27
    for ax in masked:
        rows, columns = np.nonzero(ax.images[0].get_array() == 1)
        (x, y), side = ax.patches[0].get_xy(), ax.patches[0].get_width()
        assert (x, y) == (columns.min() - 0.5, rows.min() - 0.5)
        assert side == ax.patches[0].get_height() == np.ptp(rows) + 1 == np.ptp(columns) + 1


def test_correlations_are_over_the_windows_that_hold_brain(tmp_path):
    path, visited = write_heatmaps(tmp_path / "heatmaps.h5")
    for row, inside in zip(heatmaps.read(path, "window").rows, visited, strict=True):
        np.testing.assert_array_equal(row.on_brain, inside)
        ours, theirs = row.generator[inside], row.predicted[inside]
        pearson = np.corrcoef(ours, theirs)[0, 1]
        spearman = np.corrcoef(rankdata(ours), rankdata(theirs))[0, 1]
        assert heatmaps.agreement(row) == pytest.approx((pearson, spearman))
        everywhere = np.corrcoef(row.generator.ravel(), row.predicted.ravel())[0, 1]
        assert everywhere != pytest.approx(pearson, abs=1e-3)


def test_a_constant_map_agrees_with_nothing(tmp_path):
    path, visited = write_heatmaps(tmp_path / "heatmaps.h5")
    write_heatmaps(path, predicted=np.full(visited.shape, 0.003))
    maps = heatmaps.read(path, "whole")
    assert np.isnan(heatmaps.agreement(maps.rows[0])).all()
    heatmaps.draw(Figure(figsize=heatmaps.size(maps), layout="compressed"), "title", maps, "whole", ("G", "R"))


def test_maps_lie_at_their_windows_centres_in_a_range_of_their_own(tmp_path):
    path, visited = write_heatmaps(tmp_path / "heatmaps.h5", label=False)
    maps = heatmaps.read(path, "whole")
    figure = Figure(figsize=heatmaps.size(maps), layout="compressed")
    heatmaps.draw(figure, "title", maps, "whole", ("G", "R"))
    shown = hot(figure)
    assert len(shown) == 10
    ranges = [(values[v].min(), values[v].max()) for r, v in zip(maps.rows, visited, strict=True)
              for values in (r.generator, r.predicted)]  # fmt: skip
    for image, expected in zip(shown, ranges, strict=True):
        assert image.get_clim() == pytest.approx(expected)
        left, right, bottom, top = image.get_extent()
        rows, columns = image.get_array().shape
        for places, start, end in ((rows, top, bottom), (columns, left, right)):
            centres = start + (np.arange(places) + 0.5) * (end - start) / places
            pixels = [np.mean(range(k * STEP, k * STEP + WINDOW)) for k in range(places)]
            assert centres == pytest.approx(pixels)
        assert image.axes.get_xlim() == (-0.5, SHAPE[1] - 0.5) and image.axes.get_ylim() == (SHAPE[0] - 0.5, -0.5)


def test_figures_are_the_same_bytes_each_time_and_say_phantom(files, tmp_path):
    inpainted = write_inpainted(tmp_path / "a.h5", 9, label=False)
    maps, _ = write_heatmaps(tmp_path / "heatmaps.h5")
    for name in ("first", "second"):
        folder = tmp_path / name
        figure_superpixels.main(**of_superpixels(files, folder), settings='{"scale": 50.0}')
        pairs = [f"vae={inpainted}", f"Box anywhere={inpainted}"]
        figure_inpainting.main(study=files["study"], title="By box", inpainted=pairs, out=folder / "inpainting.svg")
        for loss in heatmaps.LOSSES:
            out = folder / f"{loss}.svg"
            figure_heatmaps.main(study=files["study"], dataset=DATASET, maps=maps, loss=loss, out=out)
    made = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert set(made) == {"steps.svg", "scales.svg", "inpainting.svg", "window.svg", "whole.svg"}
    for name, content in made.items():
        assert content == (tmp_path / "second" / name).read_bytes()
        assert ElementTree.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
        # Letters are outlines; what they say stands beside them in comments.
        assert b"(phantom)" in content
    assert b"box 9 px, 18 x 13.5 mm" in made["inpainting.svg"] and b"VAE" in made["inpainting.svg"]
    assert b"scale 300" in made["scales.svg"] and b"Pearson" in made["window.svg"]


def test_bad_input_is_told_in_one_line_and_leaves_no_figure(files, tmp_path):
    given = of_superpixels(files, tmp_path)
    with pytest.raises(InputError, match="superpixels has no option 'size'"):
        figure_superpixels.main(**given, settings='{"size": 3}')
    with pytest.raises(InputError, match="no method 'gan'"):
        figure_superpixels.main(**given | {"method": "gan"})
    (tmp_path / "healthy").mkdir()
    healthy = write_scans(tmp_path / "healthy", subjects=6, sick=False)
    with pytest.raises(InputError, match=r"labels.h5: holds no lesion"):
        figure_superpixels.main(**given | {"labels": healthy["labels"]})

    inpainted, maps = write_inpainted(tmp_path / "a.h5", 9), write_heatmaps(tmp_path / "heatmaps.h5")[0]
    shown = {"study": files["study"], "title": "t", "out": tmp_path / "x.svg"}
    for pair, problem in (("vae", "is no NAME=PATH"), (f"vae={tmp_path}/no.h5", "no.h5: is missing"),
                          (f"vae={maps}", "holds no dataset 'masked'")):  # fmt: skip
        with pytest.raises(InputError, match=problem):
            figure_inpainting.main(**shown, inpainted=[pair])
    with pytest.raises(InputError, match="--rows: 0 leaves nothing"):
        figure_inpainting.main(**shown, inpainted=[f"vae={inpainted}"], rows=0)
    with h5py.File(inpainted, "a") as file:
        del file.attrs["spacing"]
    with pytest.raises(InputError, match="has no attribute 'spacing'"):
        figure_inpainting.main(**shown, inpainted=[f"vae={inpainted}"])

    shown = {"study": files["study"], "dataset": DATASET, "out": tmp_path / "x.svg"}
    with pytest.raises(InputError, match="--loss: 'local' is none"):
        figure_heatmaps.main(**shown, maps=maps, loss="local")
    with pytest.raises(InputError, match="no dataset 'brats'"):
        figure_heatmaps.main(**shown | {"dataset": "brats"}, maps=maps)
    with h5py.File(maps, "a") as file:
        file.attrs["step"] = 2
    with pytest.raises(InputError, match=r"'window' is \(5, 11, 9\), windows of 8 by 2 make \(5, 21, 17\)"):
        figure_heatmaps.main(**shown, maps=maps)
    assert not list(tmp_path.glob("*svg*"))
