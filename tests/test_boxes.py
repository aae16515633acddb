"""Bounding boxes of slices and how they match, against pixels counted one by one."""

import numpy as np
import pytest

from brainuad.metrics.boxes import DETECTED, Matches, boxes, iou

SIDE = 24


def masks(seed: int, density: float, depth: int = 5) -> np.ndarray:
    """(D, SIDE, SIDE) bool: rectangles at random places, as many as `density` says."""
    rng = np.random.default_rng(seed)
    made = np.zeros((depth, SIDE, SIDE), bool)
    for slice_ in made:
        for _ in range(rng.poisson(density)):
            row, column = rng.integers(0, SIDE - 2, 2)
            height, width = rng.integers(1, 9, 2)
            slice_[row : row + height, column : column + width] = True
    return made


def flooded(mask: np.ndarray) -> list[np.ndarray]:
    """The components of a slice, each the filled box around it, by walking from pixel to pixel."""
    left, found = set(zip(*np.nonzero(mask), strict=True)), []
    while left:
        component, border = set(), [left.pop()]
        while border:
            row, column = border.pop()
            component.add((row, column))
            for near in [(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
                if near in left:
                    left.remove(near)
                    border.append(near)
        rows, columns = zip(*component, strict=True)
        box = np.zeros_like(mask)
        box[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1] = True
        found.append(box)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_boxes_and_their_overlap_against_pixels(seed: int) -> None:
    for predicted, truth in zip(masks(seed, 3), masks(seed + 100, 3), strict=True):
        painted, others = (list(map(paint, boxes(mask))) for mask in (predicted, truth))
        assert sorted(map(np.ndarray.tobytes, painted)) == sorted(map(np.ndarray.tobytes, flooded(predicted)))
        expected = [(a & b).sum() / (a | b).sum() for a in painted for b in others]
        assert np.allclose(iou(boxes(predicted), boxes(truth)), np.reshape(expected, (len(painted), len(others))))


def paint(box: np.ndarray) -> np.ndarray:
    painted = np.zeros((SIDE, SIDE), bool)
    painted[box[0] : box[2], box[1] : box[3]] = True
    return painted


@pytest.mark.parametrize("seed", range(5))
def test_matches_against_pixels(seed: int) -> None:
    predicted, truth = masks(seed, 1.5, 8), masks(seed + 100, 1.5, 8)
    best = []
    for mask, label in zip(predicted, truth, strict=True):
        for box in flooded(label):
            best.append(max(((box & other).sum() / (box | other).sum() for other in flooded(mask)), default=0.0))
    matches = Matches.of(predicted, truth)
    assert matches.boxes == len(best) > 5
    assert matches.mean_iou == pytest.approx(np.mean(best))
    assert matches.detection_rate == pytest.approx(np.mean(np.array(best) > DETECTED))
    parts = [Matches.of(predicted[k : k + 4], truth[k : k + 4]) for k in (0, 4)]
    pooled = parts[0] + parts[1]
    assert (pooled.boxes, pooled.detected) == (matches.boxes, matches.detected)
    assert pooled.mean_iou == pytest.approx(matches.mean_iou)


def test_a_shifted_square() -> None:
    """10 x 10 against itself 5 columns on: 50 of 150 pixels are common. 0.3 itself is no detection."""
    truth, mask = np.zeros((2, 1, 20, 20), bool)
    truth[0, :10, :10] = mask[0, :10, 5:15] = True
    matches = Matches.of(mask, truth)
    assert (matches.boxes, matches.detected, matches.mean_iou) == (1, 1, pytest.approx(1 / 3))
    exactly = np.zeros_like(mask)
    exactly[0, :10, :3] = True
    assert Matches.of(exactly, truth).mean_iou == pytest.approx(0.3)
    assert Matches.of(exactly, truth).detection_rate == 0


def test_corners_join_and_other_slices_do_not_count() -> None:
    truth, mask = np.zeros((2, 2, 8, 8), bool)
    truth[0, 1, 1] = truth[0, 2, 2] = True
    assert boxes(truth[0]).tolist() == [[1, 1, 3, 3]]
    mask[1, 1:3, 1:3] = True
    assert Matches.of(mask, truth).mean_iou == 0
    mask[0] = mask[1]
    assert Matches.of(mask, truth).mean_iou == 1


def test_without_boxes() -> None:
    nothing, something = np.zeros((2, 8, 8), bool), np.ones((2, 8, 8), bool)
    assert boxes(nothing[0]).shape == (0, 4)
    assert Matches.of(something, nothing) == Matches() and np.isnan(Matches().mean_iou)
    assert np.isnan(Matches().detection_rate)
    missed = Matches.of(nothing, something)
    assert (missed.boxes, missed.detection_rate, missed.mean_iou) == (2, 0, 0)
