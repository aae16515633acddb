# Latent search in the IntroVAE, Kobayashi et al. 2021, sections II-B3 and III-C3: steps and their size; Adam is ours.

register(
    "kobayashi-introvae-latsearch-l1",
    "IntroVAE + LatSearch, L1",
    base="kobayashi-introvae-l1",
    settings=dict(steps=100, step_size=1e-3, together=32),
)


use rule score_slowly as score_kobayashi_introvae_latsearch_l1 with:
    input:
        images=IMAGES,
        model=trained("kobayashi-introvae-l1"),
    wildcard_constraints:
        method="kobayashi-introvae-latsearch-l1",
