"""The steps of a run, and the tree that shows them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

Action = Literal["create", "update", "same", "component"]
_SIGNS = {"create": ("+ ", "green"), "update": ("~ ", "yellow")}
_MANY = 6
"""At most this many changed fields are listed."""


class Step(NamedTuple):
    """What was done with one resource, or would be."""

    action: Action
    urn: str
    parent: str
    """The parent's URN, or nothing."""
    kind: str
    name: str
    changed: tuple[str, ...] = ()
    """The paths of the fields that change."""


def tree(steps: Sequence[Step], done: bool) -> Group:
    """The resources that change, below their components, and a line that counts them. `done`: after `up`."""
    by_urn = {step.urn: step for step in steps}
    shown = _with_parents(by_urn)
    nodes: dict[str, Tree] = {}
    roots: list[Tree] = []

    def node(urn: str) -> Tree:
        if urn not in nodes:
            step = by_urn[urn]
            if step.parent in by_urn:
                nodes[urn] = node(step.parent).add(_line(step))
            else:
                nodes[urn] = Tree(_line(step))
                roots.append(nodes[urn])
        return nodes[urn]

    for urn in sorted(shown, key=lambda each: (by_urn[each].kind, by_urn[each].name)):
        node(urn)
    return Group(*roots, Text(summary(steps, done)))


def summary(steps: Iterable[Step], done: bool) -> str:
    """`3 to create, 1 to update, 40 unchanged`."""
    counts = Counter[str](step.action for step in steps)
    words = {"create": "created" if done else "to create", "update": "updated" if done else "to update"}
    parts = [f"{counts[action]} {word}" for action, word in (words | {"same": "unchanged"}).items() if counts[action]]
    return ", ".join(parts) or "no objects"


def as_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The steps as plain data."""
    return [step._asdict() for step in steps]


def _with_parents(by_urn: dict[str, Step]) -> set[str]:
    shown = set()
    for urn, step in by_urn.items():
        above = urn if step.action in _SIGNS else ""
        while above in by_urn:
            shown.add(above)
            above = by_urn[above].parent
    return shown


def _line(step: Step) -> Text:
    sign, style = _SIGNS.get(step.action, ("", "dim"))
    line = Text.assemble((sign, style), (step.name, "bold"), (f"  {step.kind}", "dim"))
    if step.changed:
        more = f" and {len(step.changed) - _MANY} more" if len(step.changed) > _MANY else ""
        line.append(f"  {', '.join(step.changed[:_MANY])}{more}", style=style)
    return line
