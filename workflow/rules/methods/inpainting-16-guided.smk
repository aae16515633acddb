# Inpainting of the windows that network R proposes; beyond the papers. A fifth of them is ours.

register(
    "inpainting-16-guided",
    "Inpainting, 16, guided",
    base="inpainting-16",
    guide="loss-prediction-window",
    settings=dict(share=0.2),
)


use rule score_slowly as score_inpainting_16_guided with:
    input:
        images=IMAGES,
        model=trained("inpainting-16", "loss-prediction-window"),
    wildcard_constraints:
        method="inpainting-16-guided",
