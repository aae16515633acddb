# StRegA scored by another sign: the absolute difference.

register("strega-abs", "StRegA, absolute difference", base="strega", settings=dict(score_sign="abs"))


use rule score_learned as score_strega_abs with:
    input:
        images=IMAGES,
        model=trained("strega"),
    wildcard_constraints:
        method="strega-abs",
