# Baur et al. 2021, section III-O (Fig. 9): the original networks of Chen and Konukoglu 2018, without dropout, else
# trained as the study trains its own.

register(
    "constrained-aae-chen",
    "Constrained AAE, networks of Chen",
    trained=True,
    settings=dict(
        width=1.0,
        consistency_weight=1.0,
        autoencoder_steps=1,
        critic_steps=20,
        penalty=10.0,
        first_epochs=6,
        first_steps=20,
        latent=128,
        dropout=0.0,
        learning_rate=1e-4,
    ),
)


use rule fit as fit_constrained_aae_chen with:
    wildcard_constraints:
        method="constrained-aae-chen",


use rule score_learned as score_constrained_aae_chen with:
    input:
        images=IMAGES,
        model=trained("constrained-aae-chen"),
    wildcard_constraints:
        method="constrained-aae-chen",
