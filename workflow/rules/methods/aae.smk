# AAE, Makhzani et al. 2015; schedule and critic of the code of Baur et al. 2021, who publish no result of it.

register(
    "aae",
    "AAE",
    trained=True,
    settings=dict(
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


use rule fit as fit_aae with:
    wildcard_constraints:
        method="aae",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_aae with:
    input:
        images=IMAGES,
        model=trained("aae"),
    wildcard_constraints:
        method="aae",
