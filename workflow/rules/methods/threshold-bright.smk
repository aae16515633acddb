# Control: see src/brainuad/methods/threshold_bright.py.

register("threshold-bright", "Intensity, bright", control=True, seeded=False)


use rule score as score_threshold_bright with:
    wildcard_constraints:
        method="threshold-bright",
