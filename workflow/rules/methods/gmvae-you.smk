# Baur et al. 2021, section III-O (Fig. 9): the original networks of You et al. 2019, without dropout, else
# trained as the study trains its own.

register(
    "gmvae-you",
    "GMVAE, networks of You",
    trained=True,
    settings=dict(clusters=9, w_latent=1, latent=1, c_floor=1.0, dropout=0.0, learning_rate=1e-4),
)


use rule fit as fit_gmvae_you with:
    wildcard_constraints:
        method="gmvae-you",


use rule score_learned as score_gmvae_you with:
    input:
        images=IMAGES,
        model=trained("gmvae-you"),
    wildcard_constraints:
        method="gmvae-you",
