"""f-AnoGAN with its original generator and critic (Schlegl et al. 2019; Baur et al. 2021, section III-O)."""

from torch import Tensor, nn

from brainuad.methods import f_anogan
from brainuad.networks.residual import Residual


class Signed(nn.Module):
    """Intensities about [0, 1] to about [-1, 1], which the original critic knows."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x - 1


class Unsigned(nn.Module):
    """[-1, 1] -> [0, 1]."""

    def forward(self, x: Tensor) -> Tensor:
        return (x + 1) / 2


class Method(f_anogan.Method):
    """The f-AnoGAN of the study with a residual generator that ends in tanh and a residual critic of whole slices."""

    def __init__(self, *, width: float = 1.0, **f_anogan_settings: float):
        self.network = Residual(width)
        super().__init__(**f_anogan_settings)

    def generator_and_critic(self, size: int, latent: int) -> tuple[nn.Module, nn.Sequential]:
        generator = nn.Sequential(self.network.dense_decoder(size, latent, dropout=0.0), nn.Tanh(), Unsigned())
        features, head = self.network.image_critic(size)
        return generator, nn.Sequential(nn.Sequential(Signed(), features), head)
