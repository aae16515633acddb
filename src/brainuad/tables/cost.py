"""What networks and their passes cost, beside what Mavropoulos 2021 tells (section IV, Fig. 5)."""

import pandas as pd

from brainuad.figures.study import Study
from brainuad.tables import page

PUBLISHED = {
    "inpainting-16": {"megabytes": "generator_size_MB", "seconds": "seconds_per_slice_original"},
    "loss-prediction": {"megabytes": "R_size_MB", "parameters": "R_params", "seconds": "seconds_per_slice_R"},
}
"""The published names of a method's numbers."""
BODY = """{% extends "frame" %}
{% block body %}
<p>{{ caption }}</p>
<div class="wide"><table>
<thead><tr><th rowspan="2">Method</th><th colspan="2" class="first">Parameters</th><th colspan="2" class="first">MB</th>
<th rowspan="2" class="first">10<sup>9</sup> operations<br>in a pass</th><th rowspan="2">Passes<br>for a slice</th>
<th rowspan="2">10<sup>9</sup> operations<br>for a slice</th><th colspan="2" class="first">Seconds for a slice</th></tr>
<tr>{% for _ in range(3) %}<th class="first">ours</th><th>published</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr><td>{{ row.label }}<small>{{ row.network }}</small></td><td class="first">{{ "{:,}".format(row.parameters) }}</td>
<td>{{ "{:,}".format(row.published_parameters) if row.published_parameters else "–" }}</td>
<td class="first">{{ "%.2f"|format(row.megabytes) }}</td>
<td>{{ "%.2f"|format(row.published_megabytes) if row.published_megabytes else "–" }}</td>
<td class="first">{{ "%.3g"|format(row.gigaflop) }}</td><td>{{ "{:,}".format(row.passes) }}</td>
<td>{{ "{:,.0f}".format(row.gigaflop_per_slice) }}</td>
<td class="first">{{ "%.3g"|format(row.seconds) if row.seconds else "–" }}</td>
<td>{{ "%.3g"|format(row.published_seconds) if row.published_seconds else "–" }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- for method, layers in networks.items() %}
<h2>Layers of {{ method }}</h2>
<div class="wide"><table>
<thead><tr><th>Layer</th><th>Output</th><th>Parameters</th></tr></thead>
<tbody>
{%- for layer in layers %}
<tr><td>{{ layer.layer }}</td><td>{{ layer.shape }}</td><td>{{ "{:,}".format(layer.parameters) }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- endfor %}
{% endblock %}
"""
CAPTION = (
    "Slices of {size} pixels. MB by the formula of torchsummary, which the thesis states: input, outputs of all layers "
    "twice and weights, each in 32 bits, 2^20 bytes to the MB. Up-sampling, which is no layer of ours, isn't counted; "
    "it would be 60 MB at full size. Operations are those of convolutions, a multiplication and an addition counting "
    "as two. Passes are those for all windows of a slice; windows without brain are left out when methods score, so "
    "scoring takes fewer, and those of whole slices; inpainting with a window to a pass computes but once what windows "
    "of a slice have in common. Seconds are those of scoring in this run, on its machine and in batches; the thesis's "
    "are of one window at a time on a V100."
)


def beside(rows: list[dict[str, object]], published: pd.DataFrame) -> pd.DataFrame:
    """The rows of methods with the published parameters, MB and seconds, None where there are none."""
    numbers = published[published["doc"] == "D0"].set_index("metric")["value_or_mean"]
    for row in rows:
        names = PUBLISHED.get(row["method"], {})
        row["published_parameters"] = int(numbers[names["parameters"]]) if "parameters" in names else None
        for name in ("megabytes", "seconds"):
            row[f"published_{name}"] = float(numbers[names[name]]) if name in names else None
    return pd.DataFrame(rows, dtype=object)  # what isn't there stays None


def html(study: Study, size: str, rows: pd.DataFrame, layers: pd.DataFrame) -> str:
    """A page that stands alone; `layers` has the columns method, layer, shape, parameters."""
    labelled = [{**row, "label": study.method(row["method"]).label} for row in rows.to_dict("records")]
    networks = {
        study.method(method).label: own.to_dict("records") for method, own in layers.groupby("method", sort=False)
    }
    values = {"caption": CAPTION.format(size=size), "rows": labelled, "networks": networks}
    return page.html(BODY, title=f"{study.marked(study.title)}: cost", notes=study.notes, **values)
