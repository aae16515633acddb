# Control: see src/brainuad/methods/threshold_dark.py.

register("threshold-dark", "Intensity, dark", control=True, seeded=False)


use rule score as score_threshold_dark with:
    wildcard_constraints:
        method="threshold-dark",
