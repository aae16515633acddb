"""The discriminative network (Kobayashi et al. 2021, section II-C): embeddings that tell healthy patches apart.

Other methods compare a slice with its reconstruction by them. Its own score takes the slice's mirror image instead of
a reconstruction, so it finds what differs between left and right; the paper has no such method.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, triplet_margin_loss

from brainuad.methods.base import Maps, Volume
from brainuad.methods.learner import Learner, array
from brainuad.networks.embedding import SIDE, Embedding, around, places, spread
from brainuad.scaling import symmetric
from brainuad.warping import crops, turn, uniform

CANDIDATES = 8
"""Random places from which a negative patch is taken: the first that is far enough, or the farthest."""


class Method(Learner):
    """min over f of max(d(f(p), f(p+)) - d(f(p), f(p-)) + margin, 0), d the Euclidean distance (eq. 8).

    From each healthy slice come `patches` triplets: p around a random pixel, at least a share of `body_share` of it
    body; p+ the same place, moved by up to `translation` pixels, turned by up to `rotation` degrees, scaled by up to
    `scaling` and changed in intensity; p- a place at least `apart` pixels away. Slices come with values from `lowest`
    to 1 and are seen in [-1, 1].
    """

    monitor = "loss"
    fixed_size = False

    def __init__(
        self,
        *,
        width: float = 1.0,
        padded: bool = True,
        margin: float = 1.0,
        patches: int = 16,
        body_share: float = 0.25,
        apart: float = 16.0,
        translation: float = 2.0,
        rotation: float = 5.0,
        scaling: float = 0.05,
        gain: float = 0.1,
        offset: float = 0.1,
        gamma: float = 0.1,
        learning_rate: float = 1e-4,
        lowest: float = 0.0,
        stride: int = 1,
        together: int = 1024,
    ):
        super().__init__()
        self.margin = margin
        self.patches = patches
        self.body_share = body_share
        self.apart = apart
        self.translation, self.rotation, self.scaling = translation, rotation, scaling
        self.gain, self.offset, self.gamma = gain, offset, gamma
        self.learning_rate = learning_rate
        self.lowest = lowest
        self.stride = stride
        self.together = together
        self.embedding = Embedding(width, padded)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"loss": self.adam(self, betas=(0.9, 0.999))}

    def anchors(self, brain: Tensor) -> Tensor:
        """(B, P, 2) rows and columns of random pixels whose patches hold enough body; of any in a slice without."""
        share = avg_pool2d(around(brain.float()), SIDE, stride=1)[:, 0].flatten(1)
        enough = share >= self.body_share
        eligible = enough | ~enough.any(1, keepdim=True)
        drawn = torch.multinomial(eligible.float(), self.patches, replacement=True)
        return torch.stack([drawn // brain.shape[3], drawn % brain.shape[3]], -1).float()

    def elsewhere(self, anchors: Tensor, shape: tuple[int, int]) -> Tensor:
        """(B, P, 2) random pixels at least `apart` from the anchors, or as far as was drawn."""
        size = torch.tensor(shape, device=anchors.device)
        candidates = (torch.rand(*anchors.shape[:2], CANDIDATES, 2, device=anchors.device) * size).floor()
        distance = (candidates - anchors[:, :, None]).norm(dim=-1).clamp(max=self.apart)
        chosen = distance.argmax(2)[..., None, None].expand(-1, -1, 1, 2)
        return candidates.gather(2, chosen)[:, :, 0]

    def moved(self, x: Tensor, anchors: Tensor) -> Tensor:
        """p+: the patches around the anchors, slightly moved, turned, scaled and changed in intensity."""
        shape, device = anchors.shape[:2], x.device
        shift = uniform((*shape, 2), self.translation, device)
        matrix = turn(uniform(shape, self.rotation, device), 1 + uniform(shape, self.scaling, device))
        seen = crops(x, anchors + shift, SIDE, matrix)
        gain, offset, gamma = uniform((3, len(seen), 1, 1, 1), 1.0, device)
        curved = ((seen + 1) / 2).clamp(0, 1) ** (1 + self.gamma * gamma)
        return (1 + self.gain * gain) * (2 * curved - 1) + self.offset * offset

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        x, anchors = symmetric(x, self.lowest), self.anchors(brain)
        negatives = crops(x, self.elsewhere(anchors, x.shape[2:]), SIDE)
        triplets = torch.cat([crops(x, anchors, SIDE), self.moved(x, anchors), negatives])
        anchor, positive, negative = self.embedding(triplets).float().chunk(3)
        return {
            "loss": triplet_margin_loss(anchor, positive, negative, self.margin),
            "positive": (anchor - positive).norm(dim=1).mean(),
            "negative": (anchor - negative).norm(dim=1).mean(),
        }

    @torch.no_grad()
    def distance(self, x: Tensor, y: Tensor, body: Tensor, stride: int) -> Tensor:
        """(D, 1, H, W) distance of the embeddings around each pixel of the body of slices (D, 1, H, W) in [-1, 1]."""
        found = self.embedding.distances(x, y, places(body, stride), stride, self.together)
        return spread(found, stride, x.shape[2:])

    def score(self, volume: Volume, rng: np.random.Generator) -> Maps:
        """The distance between the patches of a slice and of its mirror image."""
        x, body = symmetric(self.tensor(volume.image), self.lowest), self.tensor(volume.brain)
        return Maps(array(self.distance(x, x.flip(3), body, self.stride)))
