# AE (dense), Baur et al. 2021, sections II-A and III-B; hyper-parameters of Table II.

register(
    "ae-dense",
    "AE (dense)",
    published="AE (dense)",
    trained=True,
    settings=dict(latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_ae_dense with:
    wildcard_constraints:
        method="ae-dense",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_ae_dense with:
    input:
        images=IMAGES,
        model=trained("ae-dense"),
    wildcard_constraints:
        method="ae-dense",
