"""`desired diff`: the stable versions of two environments, or of one environment at two commits."""

from __future__ import annotations

import typer

from ...core.errors import Problem
from ...publish.comparison import Side, differences
from ..choices import any_of, anywhere
from ..output import console, show_json, table
from ..session import Session, open_session


def show_comparison(context: typer.Context, json: bool, before: str, after: str, environment: str | None) -> None:
    """What differs, as a table."""
    with open_session(context) as session:
        old, new = _sides(session, before, after, environment)
        found = list(differences(old, new))
        if json:
            show_json([each.as_json() for each in found])
            return
        if not found:
            console().print(f"{before} and {after} have the same versions.")
            return
        lines = [[each.service, each.before, each.after, "\n".join(each.differences)] for each in found]
        console().print(table(["service", before, after, "what differs"], lines))


def _sides(session: Session, before: str, after: str, environment: str | None) -> tuple[Side, Side]:
    environments, publisher = session.environments, session.publisher
    if {before, after} <= environments.keys():
        # What runs is what `live` has.
        old, new = (Side(publisher, environments[name].environment, session.log) for name in (before, after))
        return old, new
    if environment is None and {before, after} & environments.keys():
        label, other = ("AFTER", after) if before in environments else ("BEFORE", before)
        raise Problem(f"{label} must be {any_of(list(environments))} too, got {other!r}")
    state = session.environment(environment, anywhere(f"compare {before} with {after}"))
    commits = {"before": before, "after": after}
    entries = (session.entry(session.commit(side, name)) for side, name in commits.items())
    old, new = (Side(publisher, state.environment, commit) for commit in entries)
    return old, new
