# The CSF class of the tissue map, Chatterjee et al. 2022, section 4.2.

register("csf-mask", "CSF class", published="FAST CSF class as tumour", seeded=False)


use rule score as score_csf_mask with:
    wildcard_constraints:
        method="csf-mask",
