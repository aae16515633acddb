# VAE, Kobayashi et al. 2021, sections II-B1 and III-C1: latent, learning rates. Section III-B names flips, scaling and
# rotation; their strengths are of a public implementation (kun4qi/vae_introvae). Clipping the gradient is ours, since
# the decoder's rate is fifty times the encoder's. SSIM is in the IntroVAE's error alone. The recipe's intensities begin
# at -1. Scored by |x - x_hat|, as for Fig. 5.

register(
    "kobayashi-vae-l1",
    "VAE (heads), L1",
    trained=True,
    settings=dict(
        latent=128,
        width=1.0,
        learning_rate=1e-4,
        decoder_learning_rate=5e-3,
        clip=1.0,
        similarity=0.0,
        rotation=20.0,
        scaling=0.05,
        flip=0.5,
        lowest=-1.0,
    ),
)


use rule fit as fit_kobayashi_vae_l1 with:
    wildcard_constraints:
        method="kobayashi-vae-l1",


use rule score_learned as score_kobayashi_vae_l1 with:
    input:
        images=IMAGES,
        model=trained("kobayashi-vae-l1"),
    wildcard_constraints:
        method="kobayashi-vae-l1",
