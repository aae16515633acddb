# Control: the blurred truth. The one score rule that takes labels.

register("oracle", "Oracle (blurred truth)", control=True, seeded=False, settings=dict(sigma=0.5))


use rule score as score_oracle with:
    input:
        images=IMAGES,
        labels=LABELS,
    wildcard_constraints:
        method="oracle",
