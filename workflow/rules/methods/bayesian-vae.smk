# Bayesian VAE, Baur et al. 2021, section II-C: 100 samples of the VAE's latent, the mean of their residuals (eq. 3).

register("bayesian-vae", "Bayesian VAE", published="Bayesian VAE", base="vae", settings=dict(samples=100))


use rule score_learned as score_bayesian_vae with:
    input:
        images=IMAGES,
        model=trained("vae"),
    wildcard_constraints:
        method="bayesian-vae",
