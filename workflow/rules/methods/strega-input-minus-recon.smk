# StRegA scored by another sign: input minus reconstruction, as section 3.2.3 of Chatterjee et al. 2022 says.

register("strega-input-minus-recon", "StRegA, input minus reconstruction", base="strega", settings=dict(score_sign="input_minus_recon"))


use rule score_learned as score_strega_input_minus_recon with:
    input:
        images=IMAGES,
        model=trained("strega"),
    wildcard_constraints:
        method="strega-input-minus-recon",
