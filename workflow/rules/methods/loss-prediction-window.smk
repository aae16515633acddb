# Network R with the loss inside the window as its target, which the thesis holds to be impossible. Beyond the papers.

register(
    "loss-prediction-window",
    "Loss prediction, window",
    trained=True,
    base="inpainting-16",
    settings=dict(window=16, step=4, placement="middle", target="window", learning_rate=1e-4),
)


# Learns from the trained G, which the model itself doesn't hold.
use rule fit as fit_loss_prediction_window with:
    input:
        train=TRAIN,
        validation=VALIDATION,
        base=trained("inpainting-16"),
    wildcard_constraints:
        method="loss-prediction-window",


use rule score_learned as score_loss_prediction_window with:
    input:
        images=IMAGES,
        model=trained("loss-prediction-window"),
    wildcard_constraints:
        method="loss-prediction-window",
