"""Which subjects of a cohort came out of a recipe unlike the others, or unlike any brain.

Two rules, either of which flags a subject: a measure lies outside what a brain can have (LIMITS), or it deviates from
the cohort's median by more than DEVIATIONS robust standard deviations (Iglewicz & Hoaglin 1993). Their customary 3.5
would flag somebody in a tenth of all normal cohorts, for each measure; 5 does so in 4 % of cohorts of ten subjects and
0.4 % of fifty. Below ENOUGH subjects the second rule says nothing.
"""

import json
from pathlib import Path

import jinja2
import pandas as pd

from brainuad.errors import InputError

ENOUGH, DEVIATIONS = 10, 5.0
MAD_TO_SD = 1.4826
"""Standard deviation of a normal distribution in median absolute deviations."""
LEAST_SPREAD = 0.02
"""Least robust standard deviation, as a share of the median: some measures hardly differ between subjects."""
LIMITS = {
    "brain_ml": (900.0, 2000.0),
    "atlas_dice": (0.65, 1.0),
    "csf_fraction": (0.02, 0.5),
    "gm_fraction": (0.25, 0.7),
    "wm_fraction": (0.15, 0.6),
}
"""Plausible values, wide enough for atrophy and for masks with and without the sulci's fluid. Adult brains are about
1000 to 1500 ml, with all fluid inside the skull up to 1900 ml. Brains that are merely centred overlap the atlas by
0.7 to 0.9, registered ones by about 0.95."""
GOOD_HIGH = ("atlas_dice",)
"""Measures of which only low values are suspicious."""
LABELS = {"brain_ml": "brain, ml", "atlas_dice": "overlap with the atlas, Dice", "peak_memory_mb": "peak memory, MB"}
EXPENSES = ("seconds", "peak_memory_mb")
"""Facts that tell the cost and not the result."""


def read(paths: dict[str, Path], recipe: str, modality: str) -> dict[str, dict]:
    """The facts that `brainuad preprocess` wrote, by subject. Raises InputError where one isn't of this cohort."""
    facts = {}
    for subject, path in paths.items():
        try:
            facts[subject] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise InputError(path, "is missing or no JSON", "Make it with `brainuad preprocess`") from error
        made = facts[subject].get("recipe"), facts[subject].get("modality")
        if made != (recipe, modality):
            problem = f"is of recipe {made[0]} and modality {made[1]}, not {recipe} and {modality}"
            raise InputError(path, problem, "Give the files of one cohort")
    return facts


def table(facts: dict[str, dict]) -> pd.DataFrame:
    """One row for each subject: flagged, reasons (in words, empty where there is none), measures, seconds, memory."""
    rows = pd.DataFrame(facts.values(), index=pd.Index(facts, name="subject"))
    expenses = pd.DataFrame(
        {"seconds": rows["seconds"].map(lambda steps: sum(steps.values())), "peak_memory_mb": rows["peak_memory_mb"]}
    )
    measures = rows.drop(columns=["recipe", "modality", *EXPENSES]).astype(float)
    reasons = pd.concat([odd(measures[name]) for name in measures], axis=1)
    reasons = reasons.apply(lambda row: "; ".join(filter(None, row)), axis=1).rename("reasons")
    return pd.concat([(reasons != "").rename("flagged"), reasons, measures, expenses], axis=1)


def odd(values: pd.Series) -> pd.Series:
    """Why each value of a measure is suspicious, in words; empty where it isn't."""
    low, high = LIMITS.get(values.name, (-float("inf"), float("inf")))
    median = values.median()
    spread = max(MAD_TO_SD * (values - median).abs().median(), LEAST_SPREAD * abs(median))

    def reason(value: float) -> str:
        if not low <= value <= high:
            return f"{label(values.name)}: {value:.4g} is not within {low:g} to {high:g}"
        away = (value - median) / spread if spread > 0 else 0.0
        if len(values) < ENOUGH or abs(away) <= DEVIATIONS or (away > 0 and values.name in GOOD_HIGH):
            return ""
        side = "above" if away > 0 else "below"
        return f"{label(values.name)}: {value:.4g} is far {side} the cohort's median {median:.4g}"

    return values.map(reason)


def label(measure: str) -> str:
    """How a measure is called in words."""
    return LABELS.get(measure, measure.replace("_", " "))


def durations(facts: dict[str, dict]) -> pd.DataFrame:
    """Median and maximum over subjects of the seconds of each step and of all together."""
    seconds = pd.DataFrame([fact["seconds"] for fact in facts.values()])
    seconds["all steps"] = seconds.sum(axis=1)
    return seconds.agg(["median", "max"]).T.rename_axis("step")


def typical(table: pd.DataFrame) -> str:
    """The subject whose brain's volume is nearest to the cohort's median."""
    return (table["brain_ml"] - table["brain_ml"].median()).abs().idxmin()


HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<style>
body { font: 14px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #222; margin: 1.5rem; }
h1 { font-size: 1.25rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
p { max-width: 60rem; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; border-block: 1.5px solid #222; }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: top; white-space: nowrap; }
thead th { vertical-align: bottom; border-bottom: 1px solid #222; font-weight: 600; }
th:first-child, td:first-child, .reasons { text-align: left; }
tbody tr:nth-child(even) > * { background: #f6f8fa; } tr.flagged > td { font-weight: 600; }
</style></head><body>
<h1>{{ title }}</h1>
<p>{{ rows | length }} subjects, {{ flagged }} flagged. {{ rule }}</p>
<div class="wide"><table>
<thead><tr><th>Subject</th>{% for label in labels %}<th>{{ label }}</th>{% endfor %}
<th class="reasons">flagged, since</th></tr></thead>
<tbody>
{% for row in rows %}
<tr{% if row.reasons %} class="flagged"{% endif %}><td>{{ row.subject }}</td>
{%- for value in row.numbers %}<td>{{ value }}</td>{% endfor %}<td class="reasons">{{ row.reasons }}</td></tr>
{% endfor %}
</tbody></table></div>
<h2>Seconds of each step</h2>
<table><thead><tr><th>Step</th><th>median</th><th>maximum</th></tr></thead>
<tbody>
{% for step in steps %}
<tr><td>{{ step.step }}</td><td>{{ "%.1f" | format(step.median) }}</td><td>{{ "%.1f" | format(step.max) }}</td></tr>
{% endfor %}
</tbody></table>
</body></html>
"""


def html(title: str, table: pd.DataFrame, durations: pd.DataFrame) -> str:
    """A page that stands alone, the flagged subjects first."""
    numbers = table.columns.drop(["flagged", "reasons"])
    rows = [
        {"subject": subject, "reasons": row["reasons"], "numbers": [f"{row[name]:,.4g}" for name in numbers]}
        for subject, row in table.sort_values("flagged", ascending=False, kind="stable").iterrows()
    ]
    limits = ", ".join(f"{label(name)} {low:g} to {high:g}" for name, (low, high) in LIMITS.items() if name in numbers)
    compared = (
        f"or over {DEVIATIONS:g} robust standard deviations ({MAD_TO_SD} median absolute deviations) off the median"
        if len(table) >= ENOUGH
        else f"below {ENOUGH} subjects they aren't compared with each other"
    )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True)
    return environment.from_string(HTML).render(
        title=title,
        flagged=int(table["flagged"].sum()),
        rule=f"A subject is flagged where a measure is implausible ({limits}); {compared}.",
        labels=[label(name) for name in numbers],
        rows=rows,
        steps=durations.reset_index().to_dict("records"),
    )
