# Context VAE (gradient), Baur et al. 2021, eq. 4.

register(
    "context-vae-gradient",
    "Context VAE (gradient)",
    published="Context VAE (gradient)",
    base="context-vae",
    settings=dict(times_residual=True),
)


# Finds the largest score of the healthy validation slices; the network stays that of the context VAE.
use rule fit as fit_context_vae_gradient with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("context-vae"),
    wildcard_constraints:
        method="context-vae-gradient",


use rule score_learned as score_context_vae_gradient with:
    input:
        images=IMAGES,
        model=trained("context-vae-gradient"),
    wildcard_constraints:
        method="context-vae-gradient",
