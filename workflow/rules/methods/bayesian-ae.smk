# Bayesian AE, Baur et al. 2021, section II-C: 100 passes of the AE with dropout, the mean of their residuals (eq. 3).

register("bayesian-ae", "Bayesian AE", published="Bayesian AE", base="ae-dense", settings=dict(samples=100))


use rule score_learned as score_bayesian_ae with:
    input:
        images=IMAGES,
        model=trained("ae-dense"),
    wildcard_constraints:
        method="bayesian-ae",
