# Control: see src/brainuad/methods/random.py.

register("random", "Random noise", control=True, seeded=True)


use rule score as score_random with:
    wildcard_constraints:
        method="random",
