# VAE (restoration), Baur et al. 2021, eq. 4; 500 steps: section III-B. Step size, candidates of lambda_TV and
# their choice on a fifth of the validation slices: the authors' code. TV term and clipping: You et al. 2019.

register(
    "vae-restoration",
    "VAE (restoration)",
    published="VAE (restoration)",
    base="vae",
    settings=dict(steps=500, step_size=1e-3, clip=100.0, tv_weights=[i / 10 for i in range(20)], calibration_share=0.2),
)


# Chooses lambda_TV on the healthy validation slices; the network stays that of the VAE.
use rule fit as fit_vae_restoration with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("vae"),
    wildcard_constraints:
        method="vae-restoration",


use rule score_slowly as score_vae_restoration with:
    input:
        images=IMAGES,
        model=trained("vae-restoration"),
    wildcard_constraints:
        method="vae-restoration",
