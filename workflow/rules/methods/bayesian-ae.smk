# Bayesian AE, Baur et al. 2021, eq. 3: passes of the AE with dropout of its latent, the mean of their residuals. 100 of
# them: section III-B.

register("bayesian-ae", "Bayesian AE", published="Bayesian AE", base="ae-dense", settings=dict(samples=100))


use rule score_slowly as score_bayesian_ae with:
    input:
        images=IMAGES,
        model=trained("ae-dense"),
    wildcard_constraints:
        method="bayesian-ae",
