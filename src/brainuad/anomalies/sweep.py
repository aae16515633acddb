"""Sweeps: datasets that differ in one setting of their anomalies."""


def conditions(axes: dict[str, list]) -> dict[str, dict[str, object]]:
    """Setting -> its values, as conditions that change one setting at a time: name -> settings.

    `{"intensity": ["dark", "mid"], "size": [5]}` gives `intensity-dark`, `intensity-mid` and `size-5`, in this order.
    What a condition doesn't name stays at its default.
    """
    return {f"{setting}-{value}": {setting: value} for setting, values in axes.items() for value in values}
