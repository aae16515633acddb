# The network of ceVAE on tissue maps, Chatterjee et al. 2022, Tables 1 and 2. Latent and weights: as ceVAE.
# Sign of the score and augmentation: as StRegA.

register(
    "cevae-strega-preprocessing",
    "ceVAE, StRegA preprocessing",
    published="ceVAE (with StRegA preprocessing)",
    trained=True,
    settings=dict(
        latent=1024,
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


use rule fit as fit_cevae_strega_preprocessing with:
    wildcard_constraints:
        method="cevae-strega-preprocessing",


use rule score_learned as score_cevae_strega_preprocessing with:
    input:
        images=IMAGES,
        model=trained("cevae-strega-preprocessing"),
    wildcard_constraints:
        method="cevae-strega-preprocessing",
