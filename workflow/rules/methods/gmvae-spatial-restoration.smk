# GMVAE (spatial restoration), Baur et al. 2021, eq. 4; 500 steps: section III-B. Step size, candidates of lambda_TV and
# their choice on a fifth of the validation slices: the authors' code. TV term and clipping: You et al. 2019.

register(
    "gmvae-spatial-restoration",
    "GMVAE (spatial restoration)",
    published="GMVAE (spatial restoration)",
    base="gmvae-spatial",
    settings=dict(steps=500, step_size=1e-3, clip=100.0, tv_weights=[i / 10 for i in range(20)], calibration_share=0.2),
)


# Chooses lambda_TV on the healthy validation slices; the network stays that of the GMVAE.
use rule fit as fit_gmvae_spatial_restoration with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("gmvae-spatial"),
    wildcard_constraints:
        method="gmvae-spatial-restoration",


use rule score_slowly as score_gmvae_spatial_restoration with:
    input:
        images=IMAGES,
        model=trained("gmvae-spatial-restoration"),
    wildcard_constraints:
        method="gmvae-spatial-restoration",
