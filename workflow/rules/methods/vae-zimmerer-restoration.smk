# Baur et al. 2021, section III-O (Fig. 9): restoration under the original networks.

register(
    "vae-zimmerer-restoration",
    "VAE (restoration), networks of Zimmerer",
    base="vae-zimmerer",
    settings=dict(steps=500, step_size=1e-3, clip=100.0, tv_weights=[i / 10 for i in range(20)], calibration_share=0.2),
)


# Chooses lambda_TV on the healthy validation slices.
use rule fit as fit_vae_zimmerer_restoration with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("vae-zimmerer"),
    wildcard_constraints:
        method="vae-zimmerer-restoration",


use rule score_slowly as score_vae_zimmerer_restoration with:
    input:
        images=IMAGES,
        model=trained("vae-zimmerer-restoration"),
    wildcard_constraints:
        method="vae-zimmerer-restoration",
