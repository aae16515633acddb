"""Start a method of your own: writes its module and its rule from a template that already runs."""

import re
from pathlib import Path

from brainuad.errors import InputError
from brainuad.files import atomic
from brainuad.methods.base import known

MODULE = '''"""{label}: say in a line what the method is and where it was published."""

from torch import Tensor, nn

from brainuad.methods.learner import Learner
from brainuad.networks import unified


class Method(Learner):
    """A dense autoencoder to start from: change the layers, the loss, or `score` (see `Learner`)."""

    def __init__(self, *, size: int = 128, latent: int = 64, learning_rate: float = 1e-4):
        super().__init__()
        self.learning_rate = learning_rate
        self.encoder = nn.Sequential(unified.dense_encoder(size), nn.Linear(unified.features(size), latent))
        self.decoder = unified.dense_decoder(size, latent, dropout=0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))

    def loss(self, x: Tensor, brain: Tensor) -> dict[str, Tensor]:
        reconstruction = unified.sum_l1(x, self(x))
        return {{"loss": reconstruction, "reconstruction": reconstruction}}
'''

RULE = """# {label}: say which paper and which table the hyper-parameters come from.

register("{method}", "{label}", trained=True, settings=dict(latent=64, learning_rate=1e-4))


use rule fit as fit_{name} with:
    wildcard_constraints:
        method="{method}",


use rule score_learned as score_{name} with:
    input:
        images=IMAGES,
        model=trained("{method}"),
    wildcard_constraints:
        method="{method}",
"""


def main(name: str, *, project: Path = Path()) -> None:
    """Write src/brainuad/methods/<name>.py and workflow/rules/methods/<name>.smk below PROJECT.

    NAME is the method's id, small letters, digits and hyphens: `my-method`. Nothing is overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise InputError(name, "can't be a method's id", "Use small letters, digits and single hyphens: my-method")
    module = project / "src/brainuad/methods" / f"{name.replace('-', '_')}.py"
    rule = project / "workflow/rules/methods" / f"{name}.smk"
    if not module.parent.is_dir() or not rule.parent.is_dir():
        raise InputError(project, "is not a checkout of BrainUAD", "Run this in the project's folder or give --project")
    for path in (module, rule):
        if path.exists():
            raise InputError(path, "exists already", f"Choose another name; taken: {', '.join(known())}")
    words = {"method": name, "name": name.replace("-", "_"), "label": name.replace("-", " ").capitalize()}
    for path, template in ((module, MODULE), (rule, RULE)):
        with atomic(path) as temporary:
            temporary.write_text(template.format(**words))
        print(f"wrote {path}")
    print(f"Add {name} to `methods` of a study in workflow/studies/ and run it: snakemake")
