# Baur et al. 2021, section III-O (Fig. 9): restoration under the original networks.

register(
    "gmvae-you-restoration",
    "GMVAE (restoration), networks of You",
    base="gmvae-you",
    settings=dict(steps=500, step_size=1e-3, clip=100.0, tv_weights=[i / 10 for i in range(20)], calibration_share=0.2),
)


# Chooses lambda_TV on the healthy validation slices.
use rule fit as fit_gmvae_you_restoration with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("gmvae-you"),
    wildcard_constraints:
        method="gmvae-you-restoration",


use rule score_slowly as score_gmvae_you_restoration with:
    input:
        images=IMAGES,
        model=trained("gmvae-you-restoration"),
    wildcard_constraints:
        method="gmvae-you-restoration",
