# AnoVAEGAN, Baur et al. 2021, section II-A; Table II, the critic's steps from the authors' code.

register(
    "anovaegan",
    "AnoVAEGAN",
    published="AnoVAEGAN",
    trained=True,
    settings=dict(critic_steps=5, penalty=10.0, latent=128, kl_weight=1.0, dropout=0.2, learning_rate=1e-4),
)


use rule fit as fit_anovaegan with:
    wildcard_constraints:
        method="anovaegan",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_anovaegan with:
    input:
        images=IMAGES,
        model=trained("anovaegan"),
    wildcard_constraints:
        method="anovaegan",
