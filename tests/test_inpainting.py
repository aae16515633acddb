"""Inpainting and the prediction of its losses: the papers' equations, layers and sizes."""

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from made_results import write_study
from skimage.metrics import structural_similarity
from torch import nn
from torch.nn.functional import binary_cross_entropy

from brainuad import boxes, models, slices
from brainuad.cost import layers, summary_megabytes
from brainuad.errors import InputError
from brainuad.methods.base import Volume, build
from brainuad.methods.inpainting import Inpainting
from brainuad.metrics import table
from brainuad.metrics.agreement import agreement
from brainuad.metrics.inpainting import similarity
from brainuad.networks.inpainting import Generator, discriminator, folded
from brainuad.networks.loss_prediction import dense_predictor, predictor
from brainuad.stages import agreement as agreement_stage
from brainuad.stages import fit, heatmaps, inpaint, score, table_cost

SMALL = {"window": 8, "width": 4}


def discs(count: int = 4, size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    brain = (x**2 + y**2 < 0.7).expand(count, 1, -1, -1)
    return torch.rand(brain.shape, generator=torch.Generator().manual_seed(1)) * brain, brain


def test_generator_has_the_size_that_its_family_has() -> None:
    """Mavropoulos 2021 states 852 MB for his; the usual U-Net has 17.3 million weights and 826 MB by the same sum."""
    assert sum(weight.numel() for weight in Generator().parameters()) == 17_261_825
    upsampled = 2 * 4 * sum(maps * side**2 for maps, side in ((512, 32), (256, 64), (128, 128), (64, 256))) / 2**20
    assert summary_megabytes(Generator(), (1, 256, 256)).total + upsampled == pytest.approx(826, abs=0.5)


@pytest.mark.parametrize("upsampling", ["bilinear", "bicubic"])
def test_generator_keeps_any_shape_and_the_scale(upsampling: str) -> None:
    made = Generator(4, upsampling)(torch.rand(2, 1, 40, 28))
    assert made.shape == (2, 1, 40, 28)
    assert 0 <= made.min() < made.max() <= 1


def test_folded_generator_is_the_generator() -> None:
    torch.manual_seed(0)
    generator = Generator(4)
    generator(torch.rand(8, 1, 32, 32))  # moves the running means
    x = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        assert torch.allclose(folded(generator)(x), generator.eval()(x), atol=1e-5)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded(generator).modules())


def test_every_weight_of_the_discriminator_has_spectral_norm_one() -> None:
    torch.manual_seed(0)
    judge = discriminator(4)
    for _ in range(50):  # each pass is a step of the power iteration
        judge(torch.rand(1, 1, 32, 32))
    convolutions = [layer for layer in judge if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 5
    for layer in convolutions:
        assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, abs=1e-2)


def test_losses_are_those_of_the_paper() -> None:
    torch.manual_seed(0)
    method = Inpainting(**SMALL).eval()
    x, brain = discs()
    torch.manual_seed(5)
    terms = method.loss(x, brain)
    torch.manual_seed(5)
    side = method.erased[int(torch.randint(1, ()))]
    made = method.generator(boxes.erase(x, *boxes.on_brain(brain, side), side))
    believed = torch.sigmoid(method.discriminator(made))
    expected = 50 * (x - made).abs().mean() + torch.log(1 - believed).mean()
    assert terms["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    torch.manual_seed(5)
    hole = method.erase(x, brain) != x
    assert 0 < hole.sum() <= 4 * side**2
    assert terms["square"].item() == pytest.approx((x - made)[hole].abs().mean().item(), rel=1e-5)
    assert not terms["square"].requires_grad


def test_players_move_in_turn() -> None:
    """G by its loss, then D by the cross-entropy of telling slices from what G had made, each with its own rate."""
    torch.manual_seed(0)
    method, (x, brain) = Inpainting(**SMALL).eval(), discs()
    moved, given = [], {}

    def minimise(loss: torch.Tensor, name: str) -> None:
        weights = [weight for group in method.optimisers()[name].param_groups for weight in group["params"]]
        gradients = torch.autograd.grad(loss, weights)
        moved.append((name, len(weights), all(gradient.isfinite().all() for gradient in gradients)))
        given[name] = loss.item()

    torch.manual_seed(5)
    method.train_on(x, brain, minimise, 0)
    parts = {"generator": method.generator, "discriminator": method.discriminator}
    assert moved == [(name, len(list(part.parameters())), True) for name, part in parts.items()]
    torch.manual_seed(5)
    real, fake = (torch.sigmoid(method.discriminator(y)) for y in (x, method.generator(method.erase(x, brain))))
    expected = binary_cross_entropy(real, torch.ones_like(real)) + binary_cross_entropy(fake, torch.zeros_like(fake))
    assert given["discriminator"] == pytest.approx(expected.item(), rel=1e-5)
    rates = {name: optimiser.param_groups[0]["lr"] for name, optimiser in method.optimisers().items()}
    assert rates == {"generator": 1e-4, "discriminator": 1e-3}


@pytest.mark.parametrize(
    ("method", "settings", "problem"),
    [
        ("inpainting-16", {"placement": "background"}, "placement: 'background' is unknown"),
        ("inpainting-16", {"upsampling": "nearest"}, "can't up-sample 'nearest'"),
        ("loss-prediction", {"target": "windw"}, "can't learn the target 'windw'"),
        ("loss-prediction-dense", {"window": 12}, "can't answer for the middle of a window of 12 pixels every 4"),
        ("loss-prediction-dense", {"window": 18, "step": 3}, "can't answer every 3 pixels"),
    ],
)
def test_wrong_settings_are_told(method: str, settings: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        build(method, settings)


@pytest.mark.parametrize("place", [*boxes.PLACEMENTS.values(), boxes.off_brain])
def test_a_square_larger_than_the_slice_is_told(place: Callable) -> None:
    with pytest.raises(InputError, match="square of 40 pixels: is larger than slices of 32 x 32 pixels"):
        place(discs()[1], 40)


@pytest.mark.parametrize(
    ("placement", "rows", "columns"),
    [("anywhere", range(25), range(33)), ("middle", range(10, 14), range(13, 19))],
)
def test_squares_lie_at_all_places_that_their_placement_names(placement: str, rows: range, columns: range) -> None:
    """8 pixels in 32 x 40: anywhere up to 24 and 32; the middle thirds are pixels 10 2/3 to 21 and 13 1/3 to 26."""
    torch.manual_seed(0)
    drawn = boxes.placement(placement)(torch.zeros(4000, 1, 32, 40, dtype=torch.bool), 8)
    assert [set(corners.tolist()) for corners in drawn] == [set(rows), set(columns)]


def test_network_for_all_windows_erases_squares_of_all_sizes() -> None:
    method, (x, brain) = build("inpainting-all", {"erased": [2, 4, 8], "width": 4}), discs(1)
    torch.manual_seed(0)
    areas = {int((method.erase(x, brain) == boxes.FILL).sum()) for _ in range(40)}
    assert areas == {4, 16, 64}


FIGURE_5 = """
Conv2d-1 [64, 128, 128] 640
LeakyReLU-2 [64, 128, 128] 0
Conv2d-3 [128, 64, 64] 73856
MaxPool2d-4 [128, 32, 32] 0
LeakyReLU-5 [128, 32, 32] 0
BatchNorm2d-6 [128, 32, 32] 256
Conv2d-7 [256, 16, 16] 295168
MaxPool2d-8 [256, 8, 8] 0
LeakyReLU-9 [256, 8, 8] 0
Conv2d-10 [512, 4, 4] 1180160
MaxPool2d-11 [512, 2, 2] 0
LeakyReLU-12 [512, 2, 2] 0
Conv2d-13 [1, 1, 1] 8193
Sigmoid-14 [1, 1, 1] 0
"""


def test_network_r_is_that_of_figure_5() -> None:
    rows = [f"{layer.name} {list(layer.shape)} {layer.parameters}" for layer in layers(predictor(), (1, 256, 256))]
    assert rows == FIGURE_5.split("\n")[1:-1]
    assert summary_megabytes(predictor(), (1, 256, 256)).total == pytest.approx(30.04, abs=0.005)


@pytest.mark.parametrize("size", [256, 128, 64, 32])
def test_network_r_keeps_its_layers_on_smaller_slices(size: int) -> None:
    network = predictor(size).eval()
    assert sum(weight.numel() for weight in network.parameters()) == 1_558_273
    assert network(torch.rand(1, 1, size, size)).shape == (1, 1, 1, 1)


def test_network_r_tells_which_sizes_it_sees() -> None:
    with pytest.raises(InputError, match="can't see slices of 192 pixels"):
        predictor(192)


def test_dense_network_sees_no_farther_than_it_says() -> None:
    torch.manual_seed(0)
    network = dense_predictor().eval()
    x = torch.rand(1, 1, 160, 160)
    near, far = x.clone(), x.clone()
    near[..., 139] = 0
    far[..., 140:] = 0
    with torch.no_grad():
        given, other, same = (network(image)[0, 0, 20, 20] for image in (x, near, far))
    assert given != other
    assert given == same


def teacher(generator: nn.Module) -> Inpainting:
    method = Inpainting(**SMALL).eval()
    method.generator = generator
    return method


class Halved(nn.Module):
    """Gives back half of what it sees."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2


@pytest.mark.parametrize("target", ["whole", "window"])
def test_target_of_the_prediction(target: str) -> None:
    x, brain = discs(3)
    method = build("loss-prediction", {"size": 32, "window": 8, "target": target})
    method.learn_from(teacher(Halved()))
    rows, columns = torch.tensor([4, 8, 12]), torch.tensor([8, 8, 12])
    true = method.loss_of_inpainting(x, rows, columns)
    for i in range(3):
        inside = np.s_[rows[i] : rows[i] + 8, columns[i] : columns[i] + 8]
        image = x[i, 0].numpy()
        masked = image.copy()
        masked[inside] = 1
        if target == "whole":
            expected = np.abs(image - masked / 2).mean()
        else:  # masked / 2 reaches from 0 to 0.5
            expected = np.abs(image / image.max() - masked)[inside].mean()
        assert float(true[i]) == pytest.approx(expected, rel=1e-5)
    torch.manual_seed(5)
    loss = method.eval().loss(x, brain)["loss"]
    torch.manual_seed(5)
    places = method.place_square(brain)
    with torch.no_grad():
        off = method.predict(x, *places) - method.loss_of_inpainting(x, *places)
    assert loss.item() == pytest.approx(off.abs().mean().item(), rel=1e-5)


@pytest.mark.parametrize("method", ["loss-prediction-window", "loss-prediction-dense"])
def test_a_teacher_stays_as_it_is_and_squares_lie_where_the_method_answers(method: str) -> None:
    learner = build(method, {"size": 32, "window": 8})
    given = teacher(Generator(4)).train().requires_grad_(True)
    learner.learn_from(given)
    assert not given.training and not any(weight.requires_grad for weight in given.parameters())
    torch.manual_seed(0)
    rows, columns = learner.place_square(torch.ones(500, 1, 64, 64, dtype=torch.bool))
    aligned = bool((rows % 4 == 0).all() and (columns % 4 == 0).all())
    assert aligned == (method == "loss-prediction-dense")


class TopCorner(nn.Module):
    """For slices (B, 1, H, W) a hundred times the row, plus the column, where the erased square begins."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        corners = [(image[0] == boxes.FILL).nonzero()[0] for image in x]
        return torch.tensor([float(100 * row + column) for row, column in corners])[:, None, None, None]


@pytest.mark.parametrize(("target", "unit"), [("whole", 1), ("window", 255)])
def test_predicted_losses_stand_where_the_window_was_in_the_unit_of_their_target(target: str, unit: int) -> None:
    """On slices that are no squares, so that rows and columns can't change places unseen."""
    method = build("loss-prediction", {"size": 32, "window": 8, "target": target})
    method.predictor = TopCorner()
    places = torch.zeros(2, 7, 5, dtype=torch.bool)
    places[0, 6, 1] = places[1, 2, 4] = True
    losses = method.losses(torch.zeros(2, 1, 32, 24), places)
    assert losses[0, 6, 1] == unit * (100 * 24 + 4) and losses[1, 2, 4] == unit * (100 * 8 + 16)
    assert losses.count_nonzero() == 2


def test_heatmaps_are_made_of_the_losses_in_the_window() -> None:
    torch.manual_seed(0)
    method, (x, brain) = Inpainting(**SMALL).eval(), discs(2)
    volume = Volume(x[:, 0].numpy(), brain[:, 0].numpy(), np.arange(2))
    maps = method.score(volume, np.random.default_rng(0))
    for heat, losses in zip(maps.score, maps.losses, strict=True):
        total, count = np.zeros((2, 32, 32))
        for i, j in np.ndindex(losses.shape):
            if losses[i, j] != slices.UNSEEN:
                window = np.s_[4 * i : 4 * i + 8, 4 * j : 4 * j + 8]
                total[window] += losses[i, j]
                count[window] += 1
        assert np.allclose(heat, total / np.maximum(count, 1), atol=1e-3)
    erased = x[:1].clone()
    erased[..., 12:20, 12:20] = boxes.FILL
    with torch.no_grad():
        filled = method.generator(erased)[0, 0].numpy()
    image = x[0, 0].numpy()
    stretched = [255 * (part - part.min()) / (part.max() - part.min()) for part in (image, filled)]
    expected = np.abs(stretched[0] - stretched[1])[12:20, 12:20].mean()
    assert maps.losses[0, 3, 3] == pytest.approx(expected, abs=0.05)


def test_dense_prediction_answers_for_the_middle_of_each_window() -> None:
    x, _ = discs(2, 64)
    method = build("loss-prediction-dense", {"window": 16}).eval()
    method.predictor = nn.AvgPool2d(4)  # an answer for a place: its own four pixels
    with torch.no_grad():
        answers = method.at_windows(x)
    assert answers.shape == (2, 13, 13)
    assert float(answers[1, 3, 5]) == pytest.approx(float(x[1, 0, 20:24, 28:32].mean()))  # window from (12, 20)


def test_prediction_learns_from_a_teacher_of_its_window() -> None:
    with pytest.raises(InputError, match="base inpaints Window\\(side=8"):
        build("loss-prediction", {"size": 32}).learn_from(teacher(Halved()))


def test_similarity_is_the_libraries_and_higher_for_better_filling() -> None:
    rng = np.random.default_rng(0)
    image, inside = rng.random((48, 40)), (slice(8, 24), slice(12, 28))
    image[0, 0], image[-1, -1] = 0, 1
    close, far = image.copy(), image.copy()
    close[inside] += 0.02 * rng.standard_normal((16, 16))
    far[inside] = 0.5
    erased = image.copy()
    erased[inside] = boxes.FILL
    near, distant = similarity(image, erased, close.clip(0, 1), inside), similarity(image, erased, far, inside)
    assert all(near[name] > distant[name] for name in ("psnr", "ssim", "psnr_window", "ssim_window"))
    left = similarity(image, erased, erased, inside)
    for name in ("psnr", "ssim"):
        assert left[name] == near[f"{name}_erased"] == distant[f"{name}_erased"] < distant[name]
    mse = ((255 * (image - far)) ** 2).mean()
    assert distant["psnr"] == pytest.approx(10 * np.log10(255**2 / mse))
    kernel = {"win_size": 11, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert distant["ssim"] == pytest.approx(structural_similarity(image, far, data_range=1.0, **kernel))
    assert distant["psnr_window"] == pytest.approx(distant["psnr"] - 10 * np.log10(48 * 40 / 16**2))


def test_agreement_of_a_map_with_itself_and_with_its_opposite() -> None:
    losses = np.random.default_rng(0).random(200)
    middle = np.arange(200) < 50
    same, opposite = agreement(losses, losses, losses, middle), agreement(1 - losses, losses, losses, middle)
    assert same == pytest.approx(
        {
            "mean_abs_pred_minus_true_loss": 0,
            "relative_loss_difference": 0,
            "mean_abs_pred_minus_true_loss_all": 0,
            "relative_loss_difference_all": 0,
            "heat_pearson": 1,
            "heat_spearman": 1,
            "heat_overlap": 1,
        }
    )
    assert opposite["heat_pearson"] == pytest.approx(-1)
    assert opposite["heat_overlap"] == 0
    assert opposite["mean_abs_pred_minus_true_loss"] == pytest.approx(np.abs(1 - 2 * losses[:50]).mean())
    assert opposite["mean_abs_pred_minus_true_loss_all"] == pytest.approx(np.abs(1 - 2 * losses).mean())
    alone = agreement(np.ones(9), np.arange(9.0), np.full(9, 4.0), np.zeros(9, bool))
    assert np.isnan(alone["heat_pearson"]) and np.isnan(alone["mean_abs_pred_minus_true_loss"])
    assert alone["relative_loss_difference_all"] == 3 / 4


@pytest.fixture(scope="module")
def trained(cohorts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models of inpainting-16 and of loss-prediction on it, fitted for two epochs."""
    folder, paths = tmp_path_factory.mktemp("models"), {}
    predicting = {"window": 8}
    for method, settings in {
        "inpainting-16": SMALL,
        "loss-prediction": predicting,
        "loss-prediction-window": predicting,
    }.items():
        base, paths[method] = paths.get("inpainting-16"), folder / method / "model.pt"
        fit.main(
            method=method,
            train=cohorts["train"] / "images.h5",
            validation=cohorts["validation"] / "images.h5",
            base=base,
            settings=json.dumps(settings),
            training='{"iterations": 5, "batch_size": 9, "patience": null}',
            out_model=paths[method],
            out_curves=folder / method / "training.csv",
            out_record=folder / method / "record.json",
        )
    return paths


def test_iterations_are_taken_in_whole_epochs_and_the_last_weights_kept(trained: dict[str, Path]) -> None:
    curves = pd.read_csv(trained["inpainting-16"].with_name("training.csv"))
    assert list(curves["epoch"]) == [0, 1]  # 4 batches of 9 slices each, 36 slices
    assert list(curves["kept"]) == [False, True]


def test_model_of_the_prediction_holds_nothing_of_its_teacher(trained: dict[str, Path]) -> None:
    model = models.trained(trained["loss-prediction"])
    assert sum(weight.numel() for weight in model.parameters()) == 1_558_273
    assert all(name.startswith("predictor.") for name in model.state_dict())


@pytest.mark.parametrize("placement", ["brain", "middle", "anywhere", "background"])
def test_inpaint_stage(placement: str, trained: dict[str, Path], cohorts: dict[str, Path], tmp_path: Path) -> None:
    out, metrics = tmp_path / "inpainted.h5", tmp_path / "metrics.csv"
    names = {"study": "s", "dataset": "d", "method": "inpainting-16", "seed": 0}
    images = cohorts["validation"] / "images.h5"
    files = {"model": trained["inpainting-16"], "images": images, "out": out, "out_metrics": metrics}
    inpaint.main(placement=placement, **names, **files)
    with h5py.File(out) as file:
        examples = zip(*(file[name][:] for name in ("image", "masked", "brain", "row", "column")), strict=True)
        for image, masked, brain, row, column in examples:
            box = np.zeros_like(brain)
            box[row : row + 8, column : column + 8] = True
            assert np.array_equal(masked, np.where(box, boxes.FILL, image))
            share = brain[box].mean()
            expected = {"brain": share >= 0.5, "middle": 10 <= row <= 13, "background": share < 0.1, "anywhere": True}
            assert expected[placement]
    long = table.read(metrics)
    assert set(long["subject"]) == {"healthy6", "healthy7", "pooled"}
    psnr = long[long["metric"] == "psnr"].set_index("subject")["value"]
    assert psnr["pooled"] == pytest.approx((psnr["healthy6"] + psnr["healthy7"]) / 2)  # as many slices each


def test_inpaint_stage_around_lesions(trained: dict[str, Path], cohorts: dict[str, Path], tmp_path: Path) -> None:
    files = {name: cohorts["test"] / f"{name}.h5" for name in ("images", "labels")}
    out = tmp_path / "inpainted.h5"
    inpaint.main(method="inpainting-16", model=trained["inpainting-16"], placement="lesion", out=out, **files)
    with h5py.File(out) as file:
        covered = [
            label[row : row + 8, column : column + 8].sum() / label.sum()
            for label, row, column in zip(file["label"], file["row"], file["column"], strict=True)
        ]
    assert covered[::5] == [1, 1]  # both patients, the square on the lesion
    assert all(0.4 <= share <= 0.6 for share in covered[1:5] + covered[6:])


QUICK = {
    "inpainting-16-half": (["inpainting-16"], "{}"),
    "inpainting-16-apart": (["inpainting-16"], '{"apart": 16}'),
    "inpainting-16-guided": (["inpainting-16", "loss-prediction-window"], '{"share": 0.5}'),
    "loss-prediction": (["loss-prediction"], "{}"),
}
"""Methods in the place of inpainting-16, with their models and settings."""
TRUE = {"loss-prediction": "whole"} | dict.fromkeys(
    ["inpainting-16", "inpainting-16-half", "inpainting-16-apart", "inpainting-16-guided"], "losses"
)
"""What their losses stand for, among those of inpainting-16."""


@pytest.mark.parametrize("method", ["inpainting-16", *QUICK])
def test_agreement_is_that_of_the_losses_that_score(
    method: str, trained: dict[str, Path], cohorts: dict[str, Path], tmp_path: Path
) -> None:
    images, maps = cohorts["test"] / "images.h5", {}
    for name in {"inpainting-16", method}:
        models, settings = QUICK.get(name, (["inpainting-16"], "{}"))
        maps[name] = tmp_path / f"{name}.h5"
        own = [trained[model] for model in models]
        score.main(method=name, images=images, model=own, settings=settings, out=maps[name])
    target = "whole" if TRUE[method] == "whole" else "window"
    names = {"study": "s", "dataset": "d", "method": method, "seed": 0}
    files = {"images": images, "reference": maps["inpainting-16"], "maps": maps[method], "out": tmp_path / "a.csv"}
    agreement_stage.main(target=target, window=8, step=4, **files, **names)
    with h5py.File(maps["inpainting-16"]) as exact, h5py.File(maps[method]) as quick, h5py.File(images) as source:
        window, given, true = exact["losses"][:], quick["losses"][:], exact[TRUE[method]][:]
        assert ("reconstruction" in quick) == (method in ("inpainting-16", "inpainting-16-half", "inpainting-16-apart"))
        seen = np.lib.stride_tricks.sliding_window_view(source["brain"][:], (8, 8), axis=(1, 2))[:, ::4, ::4]
    places = seen.any(axis=(3, 4))
    assert np.array_equal(window != slices.UNSEEN, places)
    assert np.array_equal(given != slices.UNSEEN, places)
    expected = np.mean([np.abs(g - t)[inside].mean() for g, t, inside in zip(given, true, places, strict=True)])
    pooled = table.read(tmp_path / "a.csv").query("subject == 'pooled'").set_index("metric")["value"]
    assert pooled["mean_abs_pred_minus_true_loss_all"] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert (pooled["mean_abs_pred_minus_true_loss_all"] == 0) == (method == "inpainting-16")
    # Of 32 pixels the middle third holds those from 10 to 21, so a window of 8 that begins at 12.
    assert places[:, 3, 3].all()
    expected = np.abs(given - true)[:, 3, 3].mean()
    assert pooled["mean_abs_pred_minus_true_loss"] == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("method", list(QUICK))
def test_heatmaps(method: str, trained: dict[str, Path], cohorts: dict[str, Path], tmp_path: Path) -> None:
    models, settings = QUICK[method]
    files = {name: cohorts["test"] / f"{name}.h5" for name in ("images", "labels")}
    reference = {"reference": "inpainting-16", "reference_model": trained["inpainting-16"]}
    own = {"method": method, "model": [trained[model] for model in models], "settings": settings}
    heatmaps.main(**reference, **own, **files, out=tmp_path / "heatmaps.h5", count=3)
    with h5py.File(tmp_path / "heatmaps.h5") as file:
        assert file["predicted"].shape == file["window"].shape == file["whole"].shape == (3, 7, 7)
        assert file["window"][:].min() > 0
        assert file["predicted"][:].min() > 0
        assert {name: file.attrs[name] for name in ("method", "predictor", "side", "step")} == {
            "method": "inpainting-16",
            "predictor": method,
            "side": 8,
            "step": 4,
        }


def test_table_of_costs(trained: dict[str, Path], cohorts: dict[str, Path], tmp_path: Path) -> None:
    labels = {"inpainting-16": "Inpainting, 16", **{name: name for name in QUICK}, "loss-prediction": "Loss prediction"}
    study = write_study(tmp_path, methods=list(labels), method_names={name: {"label": labels[name]} for name in labels})
    metrics = tmp_path / "metrics.csv"
    row = {"study": "s", "dataset": "d", "seed": 0, "subject": "pooled", "metric": "seconds_per_slice"}
    times = [{**row, "method": "inpainting-16", "value": 30.0}, {**row, "method": "loss-prediction", "value": 7.0}]
    table.write(pd.DataFrame(times)[table.COLUMNS], metrics)
    csv, listed, html = (tmp_path / name for name in ("cost.csv", "layers.csv", "cost.html"))
    table_cost.main(
        study=study,
        method=list(labels),
        model=[
            ",".join(str(trained[model]) for model in models)
            for models in (["inpainting-16"], *(models for models, _ in QUICK.values()))
        ],
        settings=json.dumps({name: json.loads(settings) for name, (_, settings) in QUICK.items()}),
        images=cohorts["test"] / "images.h5",
        metrics=metrics,
        dataset="d",
        published=Path(__file__).parents[1] / "workflow/data/published.csv",
        out_csv=csv,
        out_layers=listed,
        out_html=html,
    )
    rows = pd.read_csv(csv)
    passes = rows.set_index(["method", "network"])["passes"].to_dict()
    assert passes == {
        ("inpainting-16", "generator"): 49,
        ("inpainting-16-half", "generator"): 49,
        ("inpainting-16-apart", "generator"): 16,
        ("inpainting-16-guided", "generator"): 25,
        ("inpainting-16-guided", "predictor"): 49,
        ("loss-prediction", "predictor"): 49,
    }
    predicted, inpainted = (rows[rows["method"] == name].iloc[0] for name in ("loss-prediction", "inpainting-16"))
    assert predicted["parameters"] == predicted["published_parameters"] == 1558273
    assert inpainted["published_megabytes"] == 852.49
    assert [tuple(row[["seconds", "published_seconds"]]) for row in (inpainted, predicted)] == [(30, 60), (7, 14)]
    assert set(pd.read_csv(listed)["method"]) == {"loss-prediction"}
    assert "Layers of Loss prediction" in html.read_text() and "nan" not in html.read_text()


def test_guide_proposes_the_windows_of_highest_predicted_loss() -> None:
    x, brain = discs(2)
    method = build("inpainting-16-guided", {**SMALL, "share": 0.25}).eval()
    guide = build("loss-prediction-window", {"size": 32, "window": 8}).eval()
    method.take(guide)
    with torch.no_grad():
        places = method.window.touching(brain)
        predicted, exact, guided = guide.losses(x, places), Inpainting.slide(method, x, places), method.slide(x, places)
    for k in range(2):
        inside = places[k]
        from_g = inside & (guided.window[k] != predicted[k])
        assert int(from_g.sum()) == -(-int(inside.sum()) // 4)
        assert predicted[k][from_g].min() >= predicted[k][inside & ~from_g].max()
        assert torch.allclose(guided.window[k][from_g], exact.window[k][from_g], rtol=1e-4)
        assert not guided.window[k][~inside].any()


def test_guide_knows_the_window() -> None:
    with pytest.raises(InputError, match="its guide predicts Window"):
        build("inpainting-16-guided", SMALL).take(build("loss-prediction-window", {"size": 32, "window": 4}))
