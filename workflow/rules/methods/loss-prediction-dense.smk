# The losses of all windows of a slice in one pass of a network like R. Beyond the papers.

register(
    "loss-prediction-dense",
    "Loss prediction, one pass",
    trained=True,
    base="inpainting-16",
    settings=dict(window=16, step=4, placement="middle", target="window", learning_rate=1e-4),
)


# Learns from the trained G, which the model itself doesn't hold.
use rule fit as fit_loss_prediction_dense with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("inpainting-16"),
    wildcard_constraints:
        method="loss-prediction-dense",


use rule score_learned as score_loss_prediction_dense with:
    input:
        images=IMAGES,
        model=trained("loss-prediction-dense"),
    wildcard_constraints:
        method="loss-prediction-dense",
