# The ceVAE with StRegA's preprocessing scored as the ceVAE on intensities is: by the absolute difference.

register(
    "cevae-strega-preprocessing-abs",
    "ceVAE, StRegA preprocessing, absolute difference",
    base="cevae-strega-preprocessing",
    settings=dict(score_sign="abs"),
)


use rule score_learned as score_cevae_strega_preprocessing_abs with:
    input:
        images=IMAGES,
        model=trained("cevae-strega-preprocessing"),
    wildcard_constraints:
        method="cevae-strega-preprocessing-abs",
