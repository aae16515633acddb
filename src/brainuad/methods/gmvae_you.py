"""GMVAE with its original networks (You et al. 2019; Baur et al. 2021, section III-O)."""

from torch import nn

from brainuad.methods import gmvae_spatial
from brainuad.networks.he import he

FILTERS = 64
STRIDES = (2, 1, 1, 2, 1, 1)


class Method(gmvae_spatial.Method):
    """As GMVAE (spatial), on a map of a quarter of the slice, with convolutions 3 x 3 of 64 filters."""

    filters = FILTERS

    def __init__(self, *, latent: int = 1, **gmvae: float):
        super().__init__(latent=latent, **gmvae)

    def networks(self, size: int, latent: int) -> tuple[nn.Module, nn.Module]:
        down: list[nn.Module] = []
        for inputs, stride in zip((1, *[FILTERS] * 5), STRIDES, strict=True):
            down += [nn.Conv2d(inputs, FILTERS, 3, stride=stride, padding=1), nn.ReLU()]
        up: list[nn.Module] = [nn.Conv2d(latent, FILTERS, 3, padding=1)]
        for _ in range(2):
            for _ in range(2):
                up += [nn.ConvTranspose2d(FILTERS, FILTERS, 3, padding=1), nn.ReLU()]
            up += [nn.Upsample(scale_factor=2), nn.Conv2d(FILTERS, FILTERS, 3, padding=1)]
        return nn.Sequential(*down), nn.Sequential(*up, nn.Conv2d(FILTERS, 1, 3, padding=1))

    def build(self, size: int, latent: int, w_latent: int, dropout: float) -> None:
        super().build(size, latent, w_latent, dropout)
        # By torch's default what passes through a layer shrinks. After a dozen layers without normalisation z hardly
        # depends on x, and the decoder learns to leave it out. Weights as in He et al. 2015 keep its size.
        self.apply(he())
