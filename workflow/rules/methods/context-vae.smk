# Context VAE, Baur et al. 2021, section II-A; hyper-parameters of Table II.

register(
    "context-vae",
    "Context VAE",
    published="Context VAE",
    trained=True,
    settings=dict(latent=128, kl_weight=1.0, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_context_vae with:
    wildcard_constraints:
        method="context-vae",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_context_vae with:
    input:
        images=IMAGES,
        model=trained("context-vae"),
    wildcard_constraints:
        method="context-vae",
