# Control: voxel-wise z-score against the healthy training subjects.

register("atlas-z", "Atlas z-score", control=True, seeded=False, settings=dict(floor=0.05))


use rule fit as fit_atlas_z with:
    wildcard_constraints:
        method="atlas-z",


use rule score_learned as score_atlas_z with:
    input:
        images=IMAGES,
        model=trained("atlas-z"),
    wildcard_constraints:
        method="atlas-z",
