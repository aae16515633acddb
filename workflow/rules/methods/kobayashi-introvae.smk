# IntroVAE with the abnormality score, Kobayashi et al. 2021, section II-C: patches
# compared by their embeddings, around each pixel.

register(
    "kobayashi-introvae",
    "IntroVAE",
    published="IntroVAE",
    base="kobayashi-introvae-l1",
    guide="kobayashi-embedding",
    settings=dict(stride=1),
)


use rule score_slowly as score_kobayashi_introvae with:
    input:
        images=IMAGES,
        model=trained("kobayashi-introvae-l1", "kobayashi-embedding"),
    wildcard_constraints:
        method="kobayashi-introvae",
