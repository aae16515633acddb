# Inpainting of 16 x 16 pixels with products in 16 bits; beyond the papers.

register("inpainting-16-half", "Inpainting, 16, in 16 bits", base="inpainting-16")


use rule score_slowly as score_inpainting_16_half with:
    input:
        images=IMAGES,
        model=trained("inpainting-16"),
    wildcard_constraints:
        method="inpainting-16-half",
