# The discriminative network, Kobayashi et al. 2021, sections II-C and III-C4: layers, margin. Ours, since the paper is
# silent: learning rate, how far positive patches are moved and changed, how far negative ones lie, how much body
# anchors hold, and how many triplets a slice gives (512 in a batch of 32 slices).
# Its own score compares a slice with its mirror image; other methods take it along.

register(
    "kobayashi-embedding",
    "Patches, left against right",
    trained=True,
    settings=dict(
        width=1.0,
        padded=True,
        margin=1.0,
        patches=16,
        body_share=0.25,
        apart=16.0,
        translation=2.0,
        rotation=5.0,
        scaling=0.05,
        gain=0.1,
        offset=0.1,
        gamma=0.1,
        learning_rate=1e-4,
        lowest=-1.0,
        stride=1,
    ),
)


use rule fit as fit_kobayashi_embedding with:
    wildcard_constraints:
        method="kobayashi-embedding",


use rule score_slowly as score_kobayashi_embedding with:
    input:
        images=IMAGES,
        model=trained("kobayashi-embedding"),
    wildcard_constraints:
        method="kobayashi-embedding",
