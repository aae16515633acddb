# StRegA, Chatterjee et al. 2022: size of the latent, section 3.2.2; ranges of the augmentation, 3.2.1; learning rate,
# 4.2. Of the augmentation, scaling and strength of ghosts are TorchIO's defaults, the probabilities ours. Weights of the
# loss: the authors' code, since eq. 14 has none. Sign of the score: section 3.2.3 says input minus reconstruction, the
# code the reverse, which is right for our order of tissues.

register(
    "strega",
    "StRegA",
    published="StRegA",
    trained=True,
    settings=dict(
        latent=256,
        head="full_map",
        ce_weight=0.5,
        kl_weight=0.01,
        learning_rate=1e-4,
        score_sign="recon_minus_input",
        augmentation=dict(
            flip_probability=0.5,
            affine_probability=0.5,
            rotation_probability=0.5,
            intensity_probability=0.25,
            affine_degrees=35.0,
            affine_scaling=0.1,
            rotation_degrees=15.0,
            bias_coefficient=0.5,
            bias_order=3,
            noise_sd=0.25,
            log_gamma=0.3,
            ghosts=[4, 10],
            ghost_intensity=[0.5, 1.0],
        ),
    ),
)


use rule fit as fit_strega with:
    wildcard_constraints:
        method="strega",


# What the reconstruction adds to the tissue map
use rule score_learned as score_strega with:
    input:
        images=IMAGES,
        model=trained("strega"),
    wildcard_constraints:
        method="strega",
