# Baur et al. 2021, section III-O (Fig. 9): the original networks of Schlegl et al. 2019, without dropout, else
# trained as the study trains its own.

register(
    "f-anogan-schlegl",
    "f-AnoGAN, networks of Schlegl",
    trained=True,
    settings=dict(
        width=1.0,
        gan_steps=20_000,
        critic_steps=5,
        penalty=10.0,
        kappa=1.0,
        latent=128,
        dropout=0.0,
        learning_rate=1e-4,
    ),
)


use rule fit as fit_f_anogan_schlegl with:
    wildcard_constraints:
        method="f-anogan-schlegl",


use rule score_learned as score_f_anogan_schlegl with:
    input:
        images=IMAGES,
        model=trained("f-anogan-schlegl"),
    wildcard_constraints:
        method="f-anogan-schlegl",
