"""GMVAE (spatial): the mixture of GMVAE (dense) at each of 8 x 8 places (You et al. 2019; Baur et al. 2021)."""

from torch import nn

from brainuad.methods import gmvae_dense
from brainuad.networks import unified

HIDDEN = 64


class Method(gmvae_dense.Method):
    """As GMVAE (dense), but z, w and c belong to places of a map, over which the terms are summed."""

    filters = 128
    """Of the map that the encoder gives."""

    def networks(self, size: int, latent: int) -> tuple[nn.Module, nn.Module]:
        """Encoder and decoder; z is a map of `latent` channels."""
        # The decoder's first layers are batch normalisation and ReLU. On z itself they would turn its noise, which the
        # mean of q(z|x) lacks, into a shift that the decoder counts on.
        into = nn.Conv2d(latent, self.filters, 1)
        return unified.encoder(size), nn.Sequential(into, unified.decoder(size, channels=self.filters))

    def build(self, size: int, latent: int, w_latent: int, dropout: float) -> None:
        def head(outputs: int) -> nn.Module:
            return nn.Sequential(nn.Conv2d(self.filters, outputs, 1), nn.Dropout(dropout))

        self.encoder, self.decoder = self.networks(size, latent)
        self.heads = nn.ModuleList(head(outputs) for outputs in (latent, latent, w_latent, w_latent))
        self.prior_features = nn.Sequential(nn.Conv2d(w_latent, HIDDEN, 1), nn.ReLU())
        self.prior_mean = nn.Conv2d(HIDDEN, self.clusters * latent, 1)
        self.prior_log_precision = nn.Conv2d(HIDDEN, self.clusters * latent, 1)
