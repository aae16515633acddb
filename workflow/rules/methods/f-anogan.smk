# f-AnoGAN, Baur et al. 2021, sections II-A and III-B; Table II. Critic and kappa from the authors' code, 20,000 batches
# of the GAN are ours.

register(
    "f-anogan",
    "f-AnoGAN",
    published="f-AnoGAN",
    trained=True,
    settings=dict(
        gan_steps=20_000, critic_steps=5, penalty=10.0, kappa=1.0, latent=128, dropout=0.2, learning_rate=1e-4
    ),
)


use rule fit as fit_f_anogan with:
    wildcard_constraints:
        method="f-anogan",


# |x - x_hat|, one pass (eq. 2)
use rule score_learned as score_f_anogan with:
    input:
        images=IMAGES,
        model=trained("f-anogan"),
    wildcard_constraints:
        method="f-anogan",
