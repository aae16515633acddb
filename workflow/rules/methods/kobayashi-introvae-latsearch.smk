# Latent search in the IntroVAE with the abnormality score, Kobayashi et al. 2021, sections II-B3, II-C and III-C3.

register(
    "kobayashi-introvae-latsearch",
    "IntroVAE + LatSearch",
    published="IntroVAE+LatSearch",
    base="kobayashi-introvae-l1",
    guide="kobayashi-embedding",
    settings=dict(steps=100, step_size=1e-3, together=32, stride=1),
)


use rule score_slowly as score_kobayashi_introvae_latsearch with:
    input:
        images=IMAGES,
        model=trained("kobayashi-introvae-l1", "kobayashi-embedding"),
    wildcard_constraints:
        method="kobayashi-introvae-latsearch",
