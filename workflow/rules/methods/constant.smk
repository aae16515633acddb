# Control: see src/brainuad/methods/constant.py.

register("constant", "Constant", control=True, seeded=False)


use rule score as score_constant with:
    wildcard_constraints:
        method="constant",
