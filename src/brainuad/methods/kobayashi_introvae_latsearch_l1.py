"""IntroVAE with a search for the best latent (Kobayashi et al. 2021, section II-B3), compared pixel by pixel."""

import torch
from torch import Tensor

from brainuad.methods import kobayashi_introvae_l1


class Method(kobayashi_introvae_l1.Method):
    """x_hat = Dec(z*), z* from `steps` of Adam on L_AE(x, Dec(z)) that start at the mean of q(z|x).

    `together` slices are searched at a time, each on its own: Adam's steps of one know nothing of the others'.
    """

    def __init__(self, *, steps: int = 100, step_size: float = 1e-3, **introvae: float):
        super().__init__(**introvae)
        self.steps = steps
        self.step_size = step_size

    def search(self, x: Tensor) -> Tensor:
        """z* (B, latent, 4, 4) for slices (B, 1, H, W) in [-1, 1]; the networks stay as they are."""
        with torch.no_grad():
            z = self.encoder(x)[0]
        with torch.enable_grad():
            z.requires_grad_()
            adam = torch.optim.Adam([z], lr=self.step_size)
            for _ in range(self.steps):
                adam.zero_grad()
                self.error(x, self.decoder(z)).sum().backward(inputs=[z])
                adam.step()
        return z.detach()

    def rebuild(self, x: Tensor) -> Tensor:
        return self.decoder(self.search(x))
