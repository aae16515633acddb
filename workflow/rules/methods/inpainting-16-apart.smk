# Inpainting of 16 x 16 pixels with several windows in one pass; beyond the papers. 64 pixels between windows are ours.

register("inpainting-16-apart", "Inpainting, 16, shared passes", base="inpainting-16", settings=dict(apart=64))


use rule score_slowly as score_inpainting_16_apart with:
    input:
        images=IMAGES,
        model=trained("inpainting-16"),
    wildcard_constraints:
        method="inpainting-16-apart",
