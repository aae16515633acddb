# GMVAE (spatial), Baur et al. 2021, section III-B; Table II. Clusters, size of w and floor of the last term: the
# authors' code.

register(
    "gmvae-spatial",
    "GMVAE (spatial)",
    published="GMVAE (spatial)",
    trained=True,
    settings=dict(clusters=9, w_latent=1, c_floor=1.0, latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_gmvae_spatial with:
    wildcard_constraints:
        method="gmvae-spatial",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_gmvae_spatial with:
    input:
        images=IMAGES,
        model=trained("gmvae-spatial"),
    wildcard_constraints:
        method="gmvae-spatial",
