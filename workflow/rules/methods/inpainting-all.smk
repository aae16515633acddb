# Inpainting by a single network for all windows, Nguyen et al. 2021, section 3; tested with the window that served the
# paper best.

register(
    "inpainting-all",
    "Inpainting, all sizes",
    trained=True,
    inpaints=True,
    settings=dict(
        erased=[8, 16, 32, 64],
        window=32,
        step=4,
        placement="brain",
        upsampling="bilinear",
        width=64,
        reconstruction_weight=50.0,
        adversarial_weight=1.0,
        learning_rate=1e-4,
        discriminator_learning_rate=1e-3,
    ),
)


use rule fit as fit_inpainting_all with:
    wildcard_constraints:
        method="inpainting-all",


use rule score_slowly as score_inpainting_all with:
    input:
        images=IMAGES,
        model=trained("inpainting-all"),
    wildcard_constraints:
        method="inpainting-all",
