"""A run's outcome for eyes, as a tree, and for programs, as JSON."""

from collections import Counter
from typing import Any

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from .outcome import Action, Outcome, Step
from .state import STACK

_SIGNS: dict[Action, tuple[str, str, str]] = {
    "create": ("+", "green", "to create"),
    "update": ("~", "yellow", "to update"),
    "replace": ("+-", "magenta", "to replace"),
    "delete": ("-", "red", "to delete"),
    "retain": ("[retain]", "red", "to leave in the cluster"),
    "refresh": ("!", "yellow", "drifted"),
    "read": ("<=", "cyan", "read"),
    "discard": ("<", "cyan", "no longer read"),
    "same": (" ", "dim", "unchanged"),
}
_MANY = 6
"""So many changed properties are named; of more, the rest is counted."""


def tree(outcome: Outcome, done: bool = False) -> Group:
    """What would change (or was, when `done`), below its parents; one line that counts; warnings and errors."""
    steps = _last(outcome.steps)
    shown = _with_parents(steps)
    roots: dict[str, Tree] = {}
    nodes: dict[str, Tree] = {}
    for urn in _parents_first(shown, steps):
        step, above = steps[urn], nodes.get(steps[urn].parent)
        nodes[urn] = above.add(_line(step)) if above else roots.setdefault(urn, Tree(_line(step)))
    lines = [Text(f"{message.level}: {message.text}") for message in outcome.messages if message.level != "info"]
    return Group(*roots.values(), Text(summary(outcome, done)), *lines)


def summary(outcome: Outcome, done: bool = False) -> str:
    """One line that counts: `3 to create, 1 to update, 40 unchanged`."""
    counts = Counter(step.action for step in outcome.steps)
    parts = [f"{counts[action]} {_said(action, done)}" for action in _SIGNS if counts[action]]
    return ", ".join(parts) or "nothing"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data; secrets are hidden in it."""
    return {
        "steps": [step._asdict() | {"changed": list(step.changed)} for step in outcome.steps],
        "outputs": outcome.outputs,
        "messages": [message._asdict() for message in outcome.messages],
    }


def _said(action: Action, done: bool) -> str:
    words = _SIGNS[action][2]
    if not done or not words.startswith("to "):
        return words
    return {"leave in the cluster": "left in the cluster"}.get(words[3:], f"{words[3:].rstrip('e')}ed")


def _last(steps: tuple[Step, ...]) -> dict[str, Step]:
    """One step for each resource: what was done to it rather than what was found."""
    found: dict[str, Step] = {}
    for step in steps:
        old = found.get(step.urn)
        if old is None or step.action != "same":
            found[step.urn] = step
    return found


def _with_parents(steps: dict[str, Step]) -> set[str]:
    """What changes, and what stands above it."""
    shown = {urn for urn, step in steps.items() if step.action != "same"}
    for urn in list(shown):
        while (urn := steps[urn].parent) and urn in steps:
            shown.add(urn)
    return shown | {urn for urn, step in steps.items() if step.type == STACK}


def _parents_first(shown: set[str], steps: dict[str, Step]) -> list[str]:
    def depth(urn: str) -> int:
        parent = steps[urn].parent
        return 1 + depth(parent) if parent in steps else 0

    return sorted(shown, key=lambda urn: (depth(urn), steps[urn].type, steps[urn].name))


def _line(step: Step) -> Text:
    sign, style, _ = _SIGNS[step.action]
    line = Text()
    line.append(f"{sign} ", style=style)
    line.append(step.name, style="bold" if step.action != "same" else "dim")
    line.append(f"  {step.type.rpartition(':')[2]}", style="dim")
    if step.changed:
        more = f" and {len(step.changed) - _MANY} more" if len(step.changed) > _MANY else ""
        line.append(f"  {', '.join(step.changed[:_MANY])}{more}", style=style)
    return line
