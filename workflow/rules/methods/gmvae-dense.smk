# GMVAE (dense), Baur et al. 2021, section II-A; Table II. Clusters, size of w and floor of the last term: the authors'
# code.

register(
    "gmvae-dense",
    "GMVAE (dense)",
    published="GMVAE (dense)",
    trained=True,
    settings=dict(clusters=9, w_latent=1, c_floor=1.0, latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_gmvae_dense with:
    wildcard_constraints:
        method="gmvae-dense",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_gmvae_dense with:
    input:
        images=IMAGES,
        model=trained("gmvae-dense"),
    wildcard_constraints:
        method="gmvae-dense",
