# Context AE, Baur et al. 2021, section II-A; hyper-parameters of Table II.

register(
    "context-ae",
    "Context AE",
    published="Context AE",
    trained=True,
    settings=dict(latent=128, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_context_ae with:
    wildcard_constraints:
        method="context-ae",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_context_ae with:
    input:
        images=IMAGES,
        model=trained("context-ae"),
    wildcard_constraints:
        method="context-ae",
