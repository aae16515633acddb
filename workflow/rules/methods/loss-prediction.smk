# Network R, Mavropoulos 2021, Fig. 5 and algorithm 1: the loss over the whole slice. The learning rate is ours.

register(
    "loss-prediction",
    "Loss prediction",
    published="R network",
    trained=True,
    base="inpainting-16",
    settings=dict(window=16, step=4, placement="middle", target="whole", learning_rate=1e-4),
)


# Learns from the trained G, which the model itself doesn't hold.
use rule fit as fit_loss_prediction with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("inpainting-16"),
    wildcard_constraints:
        method="loss-prediction",


use rule score_learned as score_loss_prediction with:
    input:
        images=IMAGES,
        model=trained("loss-prediction"),
    wildcard_constraints:
        method="loss-prediction",
