"""Label selectors, as Kubernetes reads them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
"""

from __future__ import annotations

from collections.abc import Mapping

from ..values.data import Json

Labels = Mapping[str, str]


def selects(selector: Json | None, labels: Labels) -> bool:
    """Whether a selector picks these labels. An empty selector picks all, none at all picks nothing."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Json, labels: Labels) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or ()
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    there = key in labels
    return there if operator == "Exists" else not there


def chosen(selector: Json | None, key: str) -> str | None:
    """The value that a selector asks of one label, or None where it asks for none."""
    value: str | None = ((selector or {}).get("matchLabels") or {}).get(key)
    return value
