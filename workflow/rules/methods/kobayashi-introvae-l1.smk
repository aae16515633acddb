# IntroVAE, Kobayashi et al. 2021, sections II-B2 and III-C2: alpha, beta, margin. Learning rates: a public
# implementation (kun4qi/vae_introvae). No first epochs as a VAE: code of IntroVAE's authors for 256 x 256. All else as
# for the VAE. Scored by |x - x_hat|, as for Fig. 5.

register(
    "kobayashi-introvae-l1",
    "IntroVAE, L1",
    trained=True,
    settings=dict(
        latent=128,
        width=1.0,
        alpha=0.5,
        beta=0.04,
        margin=120.0,
        similarity=1.0,
        first_epochs=0,
        learning_rate=1e-4,
        decoder_learning_rate=1e-4,
        rotation=20.0,
        scaling=0.05,
        flip=0.5,
        lowest=-1.0,
    ),
)


use rule fit as fit_kobayashi_introvae_l1 with:
    wildcard_constraints:
        method="kobayashi-introvae-l1",


use rule score_learned as score_kobayashi_introvae_l1 with:
    input:
        images=IMAGES,
        model=trained("kobayashi-introvae-l1"),
    wildcard_constraints:
        method="kobayashi-introvae-l1",
