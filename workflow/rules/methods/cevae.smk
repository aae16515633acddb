# ceVAE, Zimmerer et al. 2018, the baseline of Chatterjee et al. 2022, Tables 1 and 2. The learning rate is the paper's,
# for StRegA (section 4.2); size of the latent, weights and layers: the authors' code.

register(
    "cevae",
    "ceVAE",
    published="ceVAE",
    trained=True,
    settings=dict(latent=1024, ce_weight=0.5, kl_weight=0.01, learning_rate=1e-4),
)


use rule fit as fit_cevae with:
    wildcard_constraints:
        method="cevae",


# |x - x_hat|, one pass through the latent's mean
use rule score_learned as score_cevae with:
    input:
        images=IMAGES,
        model=trained("cevae"),
    wildcard_constraints:
        method="cevae",
