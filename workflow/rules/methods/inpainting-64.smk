# Inpainting with a window of 64 x 64 pixels, Nguyen et al. 2021, section 3. Sizes of the networks and where the square
# lies are ours (the paper names neither); Mavropoulos 2021 calls the up-sampling bilinear.

register(
    "inpainting-64",
    "Inpainting, 64",
    published="Ours-64",
    trained=True,
    inpaints=True,
    settings=dict(
        window=64,
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


use rule fit as fit_inpainting_64 with:
    wildcard_constraints:
        method="inpainting-64",


# The L1 loss in each place of a sliding window
use rule score_slowly as score_inpainting_64 with:
    input:
        images=IMAGES,
        model=trained("inpainting-64"),
    wildcard_constraints:
        method="inpainting-64",
