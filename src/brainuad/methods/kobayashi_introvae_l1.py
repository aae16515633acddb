"""IntroVAE of whole heads (Huang et al. 2018; Kobayashi et al. 2021, section II-B2), compared pixel by pixel.

The encoder learns to tell made slices from real ones by the KL divergence that it gives them, the decoder to make
slices to which it gives a small one.
"""

from torch import Tensor, no_grad, randn_like
from torch.nn.functional import relu
from torch.optim import Adam, Optimizer

from brainuad.methods import kobayashi_vae_l1
from brainuad.methods.kobayashi_vae_l1 import Code, clipped, group, in_passing, kl, squared
from brainuad.methods.learner import Minimise


class Method(kobayashi_vae_l1.Method):
    """L_encoder = KL(x) + alpha [m - KL(x')]+ + beta L_AE, L_decoder = alpha KL(x') + beta L_AE (eq. 4 to 7).

    KL(x) = KL( q(z|x) || N(0, I) ); x' are the reconstructions and slices decoded from the prior, half and half, as in
    the code of Huang et al. (the paper names the former alone). L_AE = |x - Dec(z)|^2 + pixels * (1 - SSIM).
    `first_epochs` train a VAE, as that code can, but that its players take turns: KL(x) + |x - Dec(z)|^2.

    Scores are of real slices alone, so the means and variances that batch normalisation keeps for them are, too: of the
    encoder's real slices, of the decoder's means of their codes.
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
        first_epochs: int = 0,
        **vae: float,
    ):
        super().__init__(decoder_learning_rate=decoder_learning_rate, clip=clip, similarity=similarity, **vae)
        self.alpha = alpha
        self.beta = beta
        self.margin = margin
        self.epochs_as_vae = first_epochs

    def first_epochs(self, batches: int) -> int:
        return self.epochs_as_vae

    def optimisers(self) -> dict[str, Optimizer]:
        rates = {"encoder": self.learning_rate, "decoder": self.decoder_learning_rate}
        return {name: clipped(Adam([group(getattr(self, name), rate)]), self.clip) for name, rate in rates.items()}

    def made(self, code: Code) -> tuple[Tensor, Tensor]:
        """Reconstructions of slices and as many slices decoded from the prior."""
        return self.decoded(code), in_passing(self.decoder, randn_like(code[0]))

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
        if epoch < self.epochs_as_vae:
            for player in ("encoder", "decoder"):
                terms = self.terms(x, squared)
                minimise(terms["loss"], player)
            return {f"vae_{name}": value for name, value in terms.items()}
        terms = self.encoder_terms(x)
        minimise(terms["encoder"], "encoder")
        decoder = self.decoder_loss(x)
        minimise(decoder, "decoder")
        return {**terms, "decoder": decoder}
