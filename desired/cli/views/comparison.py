"""`desired diff`: the stable versions of two environments, or of one environment at two commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import typer

from constructs_lib.values.data import Json

from ...core.errors import Problem
from ...publish.status import SlotSummary, Summaries
from ..choices import any_of, anywhere
from ..output import console, show_json, table
from ..session import Session, open_session

_Side = Mapping[str, tuple[str, Mapping[str, SlotSummary]]]
"""By service: the stable slot, and all slots."""


def show_comparison(context: typer.Context, json: bool, before: str, after: str, environment: str | None) -> None:
    """What differs, as a table."""
    with open_session(context) as session:
        (old, old_name), (new, new_name) = _sides(session, before, after, environment)
        rows = list(_differences(old, new))
        if json:
            show_json(rows)
            return
        if not rows:
            console().print(f"{old_name} and {new_name} have the same versions.")
            return
        lines = [[row["service"], row["before"], row["after"], "differs" if row["spec"] else ""] for row in rows]
        console().print(table(["service", old_name, new_name, "spec"], lines))


def _sides(session: Session, before: str, after: str, environment: str | None) -> list[tuple[_Side, str]]:
    summaries = Summaries(session.publisher.git, session.publisher.index)
    if {before, after} <= session.environments.keys():
        return [(summaries.of(session.head, name), name) for name in (before, after)]
    if environment is None and {before, after} & session.environments.keys():
        label, other = ("AFTER", after) if before in session.environments else ("BEFORE", before)
        raise Problem(f"{label} must be {any_of(list(session.environments))} too, got {other!r}")
    state = session.environment(environment, anywhere(f"compare {before} with {after}"))
    commits = {"before": before, "after": after}
    return [(summaries.of(session.commit(side, name), state.name), name) for side, name in commits.items()]


def _differences(old: _Side, new: _Side) -> Iterator[Json]:
    for service in sorted({*old, *new}):
        versions = [side[service][1][side[service][0]] if service in side else None for side in (old, new)]
        texts = [each.version if each else "-" for each in versions]
        images = [each.image if each else "" for each in versions]
        specs = [each.spec if each else "" for each in versions]
        if images[0] != images[1] or (all(specs) and specs[0] != specs[1]):
            yield {"service": service, "before": texts[0], "after": texts[1], "spec": specs[0] != specs[1]}
