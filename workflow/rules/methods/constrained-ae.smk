# Constrained AE, Baur et al. 2021, sections III-B and III-F; Table II, weight of the constraint from the authors' code.

register(
    "constrained-ae",
    "Constrained AE",
    published="Constrained AE",
    trained=True,
    settings=dict(consistency_weight=1.0, latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_constrained_ae with:
    wildcard_constraints:
        method="constrained-ae",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_constrained_ae with:
    input:
        images=IMAGES,
        model=trained("constrained-ae"),
    wildcard_constraints:
        method="constrained-ae",
