# Baur et al. 2021, section III-O (Fig. 9): the gradient score under the original networks.

register(
    "context-vae-zimmerer-gradient",
    "Context VAE (gradient), networks of Zimmerer",
    base="context-vae-zimmerer",
    settings=dict(times_residual=True),
)


# Finds the largest score of the healthy validation slices.
use rule fit as fit_context_vae_zimmerer_gradient with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("context-vae-zimmerer"),
    wildcard_constraints:
        method="context-vae-zimmerer-gradient",


use rule score_learned as score_context_vae_zimmerer_gradient with:
    input:
        images=IMAGES,
        model=trained("context-vae-zimmerer-gradient"),
    wildcard_constraints:
        method="context-vae-zimmerer-gradient",
