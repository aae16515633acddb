# Context VAE (gradient), Baur et al. 2021, eq. 4.

register("context-vae-gradient", "Context VAE (gradient)", published="Context VAE (gradient)")


# Finds the largest score of the healthy validation slices; the network stays that of the context VAE.
use rule fit as fit_context_vae_gradient with:
    input:
        train=lambda w: f"{RESULTS}/{w.study}/{healthy(w.study)}/train/images.h5",
        validation=lambda w: f"{RESULTS}/{w.study}/{healthy(w.study)}/validation/images.h5",
        base=trained("context-vae"),
    wildcard_constraints:
        method="context-vae-gradient",
    params:
        settings=settings(times_residual=True),


use rule score_learned as score_context_vae_gradient with:
    input:
        images=IMAGES,
        model=trained("context-vae-gradient"),
    wildcard_constraints:
        method="context-vae-gradient",
