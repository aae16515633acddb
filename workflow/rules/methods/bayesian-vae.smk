# Bayesian VAE, Baur et al. 2021, eq. 3: samples of the VAE's latent, the mean of their residuals. 100 of them: section
# III-B.

register("bayesian-vae", "Bayesian VAE", published="Bayesian VAE", base="vae", settings=dict(samples=100))


use rule score_slowly as score_bayesian_vae with:
    input:
        images=IMAGES,
        model=trained("vae"),
    wildcard_constraints:
        method="bayesian-vae",
