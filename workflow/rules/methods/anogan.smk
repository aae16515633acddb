# AnoGAN, Schlegl et al. 2017: the search's steps and feature_weight (lambda) are theirs; Nguyen et al. 2021, whose
# baseline it is, tell its iterations and its batch size. A DCGAN of whole slices instead of 64 x 64 patches, three
# restarts and 20 steps in validation are ours; learning_rate: Radford et al. 2016. step_size is ours: of 0.1, 0.01 and
# 0.001 the one that ended at the smallest loss in a trial on made discs with a small network, which no command repeats.

register(
    "anogan",
    "AnoGAN",
    published="AnoGAN",
    trained=True,
    settings=dict(
        resolution=128,
        latent=128,
        width=1.0,
        learning_rate=2e-4,
        feature_weight=0.1,
        steps=500,
        step_size=0.1,
        restarts=3,
        validation_steps=20,
    ),
)


use rule fit as fit_anogan with:
    wildcard_constraints:
        method="anogan",


# |x - G(z*)|, z* from a search for each slice
use rule score_slowly as score_anogan with:
    input:
        images=IMAGES,
        model=trained("anogan"),
    wildcard_constraints:
        method="anogan",
