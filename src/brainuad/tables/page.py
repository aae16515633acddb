"""What all tables of a study share as pages that stand alone: style, frame, numbers as printed."""

import math

import jinja2

from brainuad.metrics.catalogue import Metric

FRAME = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<style>
body { font: 14px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #222; margin: 1.5rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
p, ul { max-width: 60rem; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; border-block: 1.5px solid #222; }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: top; white-space: nowrap; }
thead th { vertical-align: bottom; border-bottom: 1px solid #222; font-weight: 600; }
thead th.metric { white-space: normal; min-width: 4.2rem; }
th.name, td.name { text-align: left; } td.long { white-space: normal; min-width: 24rem; }
mark { background: #fff1b8; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff; }
tbody tr:nth-child(even) > * { background: #f6f8fa; }
tr.control > td, small { color: #6a6a6a; } small { display: block; font-size: .78em; font-weight: normal; }
.oracle { font-style: italic; } th.first, td.first { border-left: 1px solid #ddd; }
@media print { @page { size: A4 landscape; margin: 10mm; } body { font-size: 8px; margin: 0; }
  th, td { padding: .15rem .3rem; } .wide { overflow: visible; } tr { break-inside: avoid; } }
</style></head><body>
<h1>{{ title }}</h1>
{% block body %}{% endblock %}
{% if notes %}<h2>What this run can't show</h2><ul>
{% for note in notes %}<li>{{ note }}</li>
{% endfor %}</ul>{% endif %}
</body></html>
"""
NOTHING = "–"
"""Printed where there is no value."""


def html(body: str, **values: object) -> str:
    """A page without script or link, printable on A4: the Jinja template `body` extends "frame".

    `values` are what the body asks for, with a title and the study's notes for the frame.
    """
    templates = jinja2.DictLoader({"frame": FRAME, "body": body})
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, loader=templates)
    return environment.get_template("body").render(**values)


def number(value: float, metric: Metric, sign: str = "") -> str:
    """Three decimals within a unit range, else three digits; a dash where there is no value."""
    if math.isnan(value):
        return NOTHING
    form = ".3f" if metric.range == (0.0, 1.0) else ",.0f" if abs(value) >= 1000 else ".3g"
    return f"{value:{sign}{form}}".replace("-", "−")
