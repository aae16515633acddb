# AE (spatial), Baur et al. 2021, section III-B; hyper-parameters of Table II.

register(
    "ae-spatial",
    "AE (spatial)",
    published="AE (spatial)",
    trained=True,
    settings=dict(latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_ae_spatial with:
    wildcard_constraints:
        method="ae-spatial",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_ae_spatial with:
    input:
        images=IMAGES,
        model=trained("ae-spatial"),
    wildcard_constraints:
        method="ae-spatial",
