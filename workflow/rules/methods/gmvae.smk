# GMVAE, a baseline of Chatterjee et al. 2022, Tables 1 and 2. Clusters: section 2.6. Sizes of w and z, floor of the last
# term and learning rate: the authors' code.

register(
    "gmvae",
    "GMVAE",
    published="GMVAE",
    trained=True,
    settings=dict(clusters=9, w_latent=1, latent=1, c_floor=0.5, dropout=0.0, learning_rate=5e-4),
)


use rule fit as fit_gmvae with:
    wildcard_constraints:
        method="gmvae",


# |x - x_hat|, one pass; no restoration
use rule score_learned as score_gmvae with:
    input:
        images=IMAGES,
        model=trained("gmvae"),
    wildcard_constraints:
        method="gmvae",
