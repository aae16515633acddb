# VAE, Baur et al. 2021, section II-A; hyper-parameters of Table II.

register(
    "vae",
    "VAE",
    published="VAE",
    trained=True,
    settings=dict(latent=128, kl_weight=1.0, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_vae with:
    wildcard_constraints:
        method="vae",


# |x - x_hat|, one pass through the latent's mean (eq. 2)
use rule score_learned as score_vae with:
    input:
        images=IMAGES,
        model=trained("vae"),
    wildcard_constraints:
        method="vae",
