"""Anatomical fidelity and rectified ROC curves of Kobayashi et al. 2021, and the segmentation network they need."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from sklearn.metrics import f1_score, precision_recall_fscore_support, roc_auc_score, roc_curve

from brainuad.judge import Judge, turned
from brainuad.metrics.fidelity import entropy_map, overlap_score, quality_score
from brainuad.metrics.rectified import GRID, Curve, curves, mean_curve, score_range, thresholds
from brainuad.networks.segmenter import Segmenter, focal_loss, segmentation_loss, soft_dice_loss


def probabilities(seed: int = 0, sharpness: float = 2.0) -> np.ndarray:
    logits = sharpness * np.random.default_rng(seed).standard_normal((3, 5, 12, 10))
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def labels(seed: int = 0, classes: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, classes, (3, 12, 10))


def test_entropy_against_scipy() -> None:
    """In natural units; 0 where the network is sure, ln K where it knows nothing."""
    p = probabilities()
    np.testing.assert_allclose(entropy_map(p), entropy(p, axis=1), rtol=1e-9)
    sure = np.eye(5)[labels()].transpose(0, 3, 1, 2)
    assert not entropy_map(sure).any()
    np.testing.assert_allclose(entropy_map(np.full((1, 14, 2, 2), 1 / 14)), np.log(14))


def test_quality_of_a_slice_against_itself_is_0_and_lower_in_doubt() -> None:
    """A sum over pixels: a sharp slice and its blank reconstruction differ by H W ln K."""
    p, sure = probabilities(), np.eye(5)[labels()].transpose(0, 3, 1, 2)
    assert not quality_score(p, p).any()
    np.testing.assert_allclose(quality_score(sure, np.full(p.shape, 0.2)), -120 * np.log(5))
    assert (quality_score(p, probabilities(sharpness=1.0)) < 0).all()
    np.testing.assert_allclose(quality_score(p, sure), -quality_score(sure, p))


def test_overlap_of_a_slice_with_itself_is_1_and_else_the_mean_dice() -> None:
    """Dice is the F1 of each class; classes that only the reconstruction shows don't count, nor does the background."""
    x, made = labels(), labels(1)
    assert (overlap_score(x, x) == 1).all()
    x[0][x[0] == 3] = 2
    for found, a, b in zip(overlap_score(x, made), x, made, strict=True):
        present = sorted(set(a.ravel()) - {0})
        assert found == pytest.approx(f1_score(a.ravel(), b.ravel(), labels=present, average="macro"))
    assert overlap_score(np.ones((1, 4, 4), int), np.zeros((1, 4, 4), int)).tolist() == [0]
    assert np.isnan(overlap_score(np.zeros((1, 4, 4), int), np.ones((1, 4, 4), int))).all()


def made(seed: int = 0, lift: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores on a grid of 1,000 values, two classes of abnormality, a body that leaves out some of both."""
    rng = np.random.default_rng(seed)
    label = np.zeros((4, 40, 40), np.uint8)
    label[:, 5:15, 5:15], label[:2, 20:30, 20:30] = 1, 3
    raw = rng.standard_normal(label.shape) + lift * (label == 1) + 3 * (label == 3)
    body = np.zeros(label.shape, bool)
    body[:, 2:38, 8:38] = True
    low, high = raw[body].min(), raw[body].max()
    return low + np.round(999 * (raw - low) / (high - low)) * (high - low) / 999, label, body


def test_curves_against_scikit_learn() -> None:
    """On the same voxels: those of a class and unlabelled ones, inside the body."""
    score, label, body = made()
    steps = thresholds([score_range(score, body)])
    found = curves(score, label, body, steps + 1e-9)
    assert set(found) == {1, 3} and len(steps) == 1000
    for number, curve in found.items():
        counted = body & np.isin(label, (0, number))
        truth = label[counted] == number
        assert curve.auc == pytest.approx(roc_auc_score(truth, score[counted]), abs=1e-9)
        fpr, tpr, _ = roc_curve(truth, score[counted], drop_intermediate=False)
        np.testing.assert_allclose(np.interp(fpr, curve.fpr, curve.tpr)[fpr > 0], np.interp(fpr, fpr, tpr)[fpr > 0])
        assert (curve.positives, curve.negatives) == (truth.sum(), (~truth).sum())
        assert (np.diff(curve.fpr) >= 0).all() and (np.diff(curve.tpr) >= 0).all()


def test_random_scores_have_half_the_area() -> None:
    rng = np.random.default_rng(0)
    label, body = (rng.random((10, 64, 64)) < 0.2).astype(np.uint8), rng.random((10, 64, 64)) < 0.7
    score = rng.standard_normal(label.shape)
    assert curves(score, label, body, thresholds([score_range(score, body)]))[1].auc == pytest.approx(0.5, abs=0.01)


def test_a_background_of_low_scores_changes_nothing() -> None:
    score, label, body = made()
    wide = [np.pad(a, 20, constant_values=fill) for a, fill in ((score, -50.0), (label, 0), (body, False))]
    steps, wider = thresholds([score_range(score, body)]), thresholds([score_range(wide[0], wide[2])])
    assert np.array_equal(steps, wider)
    for curve, other in zip(curves(score, label, body, steps).values(), curves(*wide, wider).values(), strict=True):
        assert curve.auc == other.auc and curve.operating_point() == other.operating_point()
    everywhere = np.ones_like(wide[2])
    naive = curves(wide[0], wide[1], everywhere, thresholds([score_range(wide[0], everywhere)]))
    assert naive[1].auc > curves(score, label, body, steps)[1].auc + 0.1, "what the rectification is for"


def test_thresholds_span_all_volumes() -> None:
    empty = score_range(np.zeros((2, 2)), np.zeros((2, 2), bool))
    steps = thresholds([(-1.0, 4.0), empty, (-2.0, 3.0)])
    assert steps[0] == -2 and steps[-1] == 4 and np.allclose(np.diff(steps), 6 / 999)


def test_voxels_of_other_classes_are_ignored() -> None:
    score, label, body = made()
    steps = thresholds([score_range(score, body)])
    other = score.copy()
    other[label == 3] = steps[0]
    assert curves(score, label, body, steps)[1].auc == curves(other, label, body, steps)[1].auc


def test_volumes_without_a_class_or_without_body_have_no_curve() -> None:
    score, label, body = made()
    steps = np.linspace(-3, 3, 1000)
    assert not curves(score, np.zeros_like(label), body, steps)
    assert not curves(score, label, body & (label == 1), steps)


def test_operating_point_against_scikit_learn() -> None:
    score, label, body = made(lift=2.0)
    steps = thresholds([score_range(score, body)]) + 1e-9
    curve = curves(score, label, body, steps)[1]
    counted = body & np.isin(label, (0, 1))
    truth, scores = label[counted] == 1, score[counted]
    best = max(steps, key=lambda t: (scores[truth] > t).mean() - (scores[~truth] > t).mean())
    precision, recall, f1, _ = precision_recall_fscore_support(truth, scores > best, average="binary")
    specificity = (scores[~truth] <= best).mean()
    expected = {"sensitivity": recall, "specificity": specificity, "precision": precision, "f1": f1}
    assert curve.operating_point() == pytest.approx(expected)
    assert curve.operating_point()["sensitivity"] * curve.operating_point()["specificity"] <= curve.auc


def test_curves_of_the_extremes() -> None:
    steps = np.linspace(0, 1, 1000)
    perfect, inverted = Curve.of(np.ones(5), np.zeros(9), steps), Curve.of(np.zeros(5), np.ones(9), steps)
    assert perfect.auc == 1 and inverted.auc == 0
    assert perfect.operating_point() == {"sensitivity": 1, "specificity": 1, "precision": 1, "f1": 1}
    point = inverted.operating_point()
    assert point["sensitivity"] in (0, 1) and point["specificity"] == 1 - point["sensitivity"]


def test_mean_curve_is_the_mean_on_a_common_grid() -> None:
    """Of a perfect curve and the diagonal: halfway between 1 and the diagonal."""
    steps, even = np.linspace(0, 1, 1000), np.linspace(0, 1, 2001)
    mean = mean_curve([Curve.of(np.ones(5), np.zeros(9), steps), Curve.of(even, even, steps)])
    assert mean.shape == GRID.shape == (1001,)
    np.testing.assert_allclose(mean, (1 + GRID) / 2, atol=1e-3)


@pytest.mark.parametrize("shape", [(32, 32), (40, 27)])
def test_segmenter_keeps_the_shape(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    logits = Segmenter(9, 1 / 8)(torch.rand(2, 1, *shape))
    assert logits.shape == (2, 9, *shape) and logits.std() > 0


def test_judge_s_defaults_are_the_paper_s() -> None:
    (group,) = Judge(width=1 / 16).optimisers()["loss"].param_groups
    assert (group["lr"], group["weight_decay"]) == (1e-5, 1e-5)


def test_slices_and_classes_turn_alike() -> None:
    """A slice that shows its classes still does; beyond it there is its background, and none."""
    torch.manual_seed(0)
    structures = torch.zeros(3, 1, 40, 40)
    structures[:, :, 8:30, 12:26] = 5
    x = structures - 1
    image, classes = turned(x, structures, 20.0)
    assert set(classes.unique().tolist()) == {0, 5} and image.min() == -1
    assert (((image + 1) > 2.5) == (classes > 2.5)).float().mean() > 0.98
    assert not torch.equal(classes, structures)


def test_focal_loss_is_cross_entropy_that_forgets_what_is_easy() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(2, 4, 6, 5), torch.randint(4, (2, 6, 5))
    log_p = logits.log_softmax(1)
    expected = torch.nn.functional.cross_entropy(logits, target)
    assert float(focal_loss(log_p, target, gamma=0.0)) == pytest.approx(float(expected), rel=1e-5)
    p = np.take_along_axis(log_p.exp().numpy(), target.numpy()[:, None], 1)
    assert float(focal_loss(log_p, target)) == pytest.approx(float(np.mean(-((1 - p) ** 2) * np.log(p))), rel=1e-5)


def test_soft_dice_of_sure_answers_is_the_dice() -> None:
    """0 for the truth, 1 for nothing right, else one less the mean F1 of the classes that are there."""
    truth, answer = (torch.from_numpy(labels(seed, classes=4)) for seed in (0, 1))
    sure = [torch.nn.functional.one_hot(each, 6).movedim(-1, 1).float() for each in (truth, answer)]
    assert float(soft_dice_loss(sure[0], truth)) == pytest.approx(0, abs=1e-6)
    assert float(soft_dice_loss(sure[0].roll(1, 1), truth)) == pytest.approx(1)
    f1 = f1_score(truth.numpy().ravel(), answer.numpy().ravel(), average="macro")
    assert float(soft_dice_loss(sure[1], truth)) == pytest.approx(1 - f1, rel=1e-5)


def test_segmenter_learns_a_bright_square() -> None:
    torch.manual_seed(0)
    target = torch.zeros(4, 32, 32, dtype=torch.long)
    target[:, 8:20, 10:24] = 1
    x = target[:, None] + 0.1 * torch.randn(4, 1, 32, 32)
    network = Segmenter(2, 1 / 8)
    adam = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(15):
        terms = segmentation_loss(network(x), target)
        adam.zero_grad()
        terms["loss"].backward()
        adam.step()
    assert float(terms["loss"].detach()) == pytest.approx(float((terms["dice"] + terms["focal"]).detach()))
    with torch.no_grad():
        assert (network.eval()(x).argmax(1) == target).float().mean() > 0.95
