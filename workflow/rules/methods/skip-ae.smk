# Skip-AE, a baseline of Chatterjee et al. 2022, section 2.3 and Tables 1 and 2, which tells no hyper-parameters. Maps and
# rate of dropout: the authors' code. Weight of gdl: eq. 6, its sign turned. The learning rate is ours.

register(
    "skip-ae",
    "Skip-AE",
    published="SkipAE",
    trained=True,
    settings=dict(width=64, dropout=0.1, gradient_weight=1.0, learning_rate=1e-4),
)


use rule fit as fit_skip_ae with:
    wildcard_constraints:
        method="skip-ae",


# |x - x_hat|, nothing dropped
use rule score_learned as score_skip_ae with:
    input:
        images=IMAGES,
        model=trained("skip-ae"),
    wildcard_constraints:
        method="skip-ae",
