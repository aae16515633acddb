"""The table of the methods' hyper-parameters, as they were run, as CSV and HTML."""

from dataclasses import dataclass

import pandas as pd

from brainuad.figures.study import Study
from brainuad.tables import page
from brainuad.tables.page import NOTHING

COLUMNS = {
    "learning_rate": "Learning rate",
    "kl_weight": "KL weight λ",
    "dropout": "Dropout rate",
    "latent": "Latent size",
}
"""The hyper-parameters with a column of their own (Baur et al. 2021, Table II), and their headings."""
TRAINING = "Training of every network"
CAPTION = (
    "Hyper-parameters of every method as it was run. A method that takes the trained network of another has that one's "
    "too. Marked: changed by this run, with the value that the method's rule or the study states. A dash: the method "
    "has no such parameter."
)


@dataclass(frozen=True)
class Setting:
    """A hyper-parameter as printed."""

    name: str
    value: str
    stated: str = ""
    """What the method states, where the run changed it."""

    @property
    def text(self) -> str:
        """name = value"""
        return f"{self.name} = {self.value}"


def settings(used: dict[str, object], stated: dict[str, object]) -> dict[str, Setting]:
    """The hyper-parameters of a method, by their names in the configuration."""
    return {
        name: Setting(
            name.replace("_", " "),
            plain(value),
            "" if name in stated and stated[name] == value else plain(stated[name]) if name in stated else NOTHING,
        )
        for name, value in used.items()
    }


def plain(value: object) -> str:
    """A setting's value in plain words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Row:
    """A method's line; training's has no method."""

    method: str
    label: str
    settings: dict[str, Setting]

    @property
    def columns(self) -> list[Setting | None]:
        """What stands in the columns of `COLUMNS`."""
        return [self.settings.get(name) for name in COLUMNS]

    @property
    def other(self) -> list[Setting]:
        """All else."""
        return [setting for name, setting in self.settings.items() if name not in COLUMNS]


def rows(
    study: Study,
    used: dict[str, dict],
    stated: dict[str, dict],
    training: dict[str, object],
    stated_training: dict[str, object],
) -> list[Row]:
    """A row for each method in the study's order, and one for what the training of all networks shares."""
    methods = [
        Row(method.name, method.label, settings(used.get(method.name, {}), stated.get(method.name, {})))
        for method in study.methods
    ]
    return [*methods, Row("", TRAINING, settings(training, stated_training))]


def table(study: Study, lines: list[Row]) -> pd.DataFrame:
    """The rows as texts: study, method, label, `COLUMNS`, other, and what the run changed with the stated values."""
    return pd.DataFrame(
        {
            "study": study.name,
            "method": line.method,
            "label": line.label,
            **{name: cell.value if cell else "" for name, cell in zip(COLUMNS, line.columns, strict=True)},
            "other": "; ".join(setting.text for setting in line.other),
            "changed": "; ".join(f"{s.text} (stated {s.stated})" for s in line.settings.values() if s.stated),
        }
        for line in lines
    )


BODY = """{% extends "frame" %}
{% macro printed(text, setting) %}
{% if setting.stated %}<mark>{{ text }}</mark><small>stated {{ setting.stated }}</small>{% else %}{{ text }}{% endif %}
{% endmacro %}
{% block body %}
<p>{{ caption }}</p>
<div class="wide"><table>
<thead><tr><th>Method</th>{% for heading in headings %}<th>{{ heading }}</th>{% endfor %}
<th class="name">Other</th></tr></thead>
<tbody>
{%- for row in rows %}
<tr><td>{{ row.label }}</td>
{%- for setting in row.columns %}<td>{% if setting %}{{ printed(setting.value, setting) }}{% else %}–{% endif %}</td>
{%- endfor %}<td class="name long">
{%- for setting in row.other %}<div>{{ printed(setting.text, setting) }}</div>{% else %}–{% endfor %}</td></tr>
{%- endfor %}
</tbody></table></div>
{% endblock %}
"""


def html(study: Study, lines: list[Row]) -> str:
    """A page that stands alone."""
    title = f"{study.marked(study.title)}: hyper-parameters"
    values = {"caption": CAPTION, "headings": list(COLUMNS.values()), "rows": lines}
    return page.html(BODY, title=title, notes=study.notes, **values)
