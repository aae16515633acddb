"""IntroVAE of whole heads (Huang et al. 2018; Kobayashi et al. 2021, section II-B2), compared pixel by pixel.

The encoder learns to tell made slices from real ones by the KL divergence that it gives them, the decoder to make
slices to which it gives a small one.
"""

from torch import Tensor, nn, no_grad, randn_like
from torch.nn.functional import relu
from torch.optim import Adam, Optimizer

from brainuad.methods import kobayashi_vae_l1
from brainuad.methods.kobayashi_vae_l1 import Code, clipped, group, kl, sample
from brainuad.methods.learner import Minimise


class Method(kobayashi_vae_l1.Method):
    """L_encoder = KL(x) + alpha [m - KL(x')]+ + beta L_AE, L_decoder = alpha KL(x') + beta L_AE (eq. 4 to 7).

    KL(x) = KL( q(z|x) || N(0, I) ); x' are the reconstructions and slices decoded from the prior, half and half, as in
    the code of Huang et al. (the paper names the former alone). L_AE = |x - Dec(z)|^2 + pixels * (1 - SSIM).

    Scores are of real slices alone, so the means and variances that batch normalisation keeps for them are, too.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.5,
        beta: float = 0.04,
        margin: float = 120.0,
        decoder_learning_rate: float = 1e-4,
        clip: float | None = None,
        similarity: float = 1.0,
        **vae: float,
    ):
        super().__init__(decoder_learning_rate=decoder_learning_rate, clip=clip, similarity=similarity, **vae)
        self.alpha = alpha
        self.beta = beta
        self.margin = margin

    def optimisers(self) -> dict[str, Optimizer]:
        rates = {"encoder": self.learning_rate, "decoder": self.decoder_learning_rate}
        return {name: clipped(Adam([group(getattr(self, name), rate)]), self.clip) for name, rate in rates.items()}

    def made(self, code: Code) -> tuple[Tensor, Tensor]:
        """Reconstructions of slices and as many slices decoded from the prior."""
        z = sample(code)
        return self.decoder(z), in_passing(self.decoder, randn_like(z))

    def encoder_terms(self, x: Tensor) -> dict[str, Tensor]:
        """L_encoder and its parts; made slices are taken as they are."""
        code = self.encoder(x)
        rebuilt, drawn = self.made(code)
        real, made = kl(code).mean(), [kl(in_passing(self.encoder, slices.detach())) for slices in (rebuilt, drawn)]
        margin = sum(relu(self.margin - each).mean() for each in made) / 2
        reconstruction = self.error(x, rebuilt).mean()
        return {
            "loss": real + self.beta * reconstruction,
            "reconstruction": reconstruction,
            "kl": real,
            "kl_rebuilt": made[0].mean(),
            "kl_drawn": made[1].mean(),
            "encoder": real + self.alpha * margin + self.beta * reconstruction,
        }

    def decoder_loss(self, x: Tensor) -> Tensor:
        """L_decoder; codes are taken as they are."""
        with no_grad():
            code = self.encoder(x)
        rebuilt, drawn = self.made(code)
        divergence = sum(kl(in_passing(self.encoder, slices)).mean() for slices in (rebuilt, drawn)) / 2
        return self.alpha * divergence + self.beta * self.error(x, rebuilt).mean()

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        """What both players want, and the loss of each; `loss` is what the game is about, KL(x) + beta L_AE."""
        x = self.prepared(x)
        return {**self.encoder_terms(x), "decoder": self.decoder_loss(x)}

    def train_on(self, x: Tensor, brain: Tensor, minimise: Minimise, epoch: int) -> dict[str, Tensor]:
        """A step of the encoder, then one of the decoder against the encoder that has learnt."""
        x = self.prepared(x)
        terms = self.encoder_terms(x)
        minimise(terms["encoder"], "encoder")
        decoder = self.decoder_loss(x)
        minimise(decoder, "decoder")
        return {**terms, "decoder": decoder}


def in_passing(network: nn.Module, x: Tensor) -> Tensor | Code:
    """What a network makes of x, which in training leaves no trace in the running means of batch normalisation."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in layers:
        layer.track_running_stats = False
    made = network(x)
    for layer in layers:
        layer.track_running_stats = True
    return made
