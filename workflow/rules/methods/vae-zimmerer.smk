# Baur et al. 2021, section III-O (Fig. 9): the original networks of Zimmerer et al. 2018, without dropout, else
# trained as the study trains its own.

register(
    "vae-zimmerer",
    "VAE, networks of Zimmerer",
    trained=True,
    settings=dict(latent=128, kl_weight=1.0, dropout=0.0, learning_rate=1e-4),
)


use rule fit as fit_vae_zimmerer with:
    wildcard_constraints:
        method="vae-zimmerer",


use rule score_learned as score_vae_zimmerer with:
    input:
        images=IMAGES,
        model=trained("vae-zimmerer"),
    wildcard_constraints:
        method="vae-zimmerer",
