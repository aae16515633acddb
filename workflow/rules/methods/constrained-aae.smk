# Constrained AAE, Baur et al. 2021, section II-A; Table II, schedule and critic from the authors' code.

register(
    "constrained-aae",
    "Constrained AAE",
    published="Constrained AAE",
    trained=True,
    settings=dict(
        consistency_weight=1.0,
        autoencoder_steps=1,
        critic_steps=20,
        penalty=10.0,
        first_epochs=6,
        first_steps=20,
        latent=128,
        dropout=0.2,
        learning_rate=1e-4,
    ),
)


use rule fit as fit_constrained_aae with:
    wildcard_constraints:
        method="constrained-aae",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_constrained_aae with:
    input:
        images=IMAGES,
        model=trained("constrained-aae"),
    wildcard_constraints:
        method="constrained-aae",
