"""`desired status`: a line for each environment, and a table of services and environments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import typer
from rich.table import Table
from rich.text import Text

from constructs_lib.values.data import Json
from constructs_lib.values.environment import ROLES

from ...core.errors import Problem
from ...core.model import EnvironmentState
from ...history import commit_message
from ...publish.placeholders import Placeholders, summary
from ...publish.status import ServiceStatus, Summaries, service_statuses
from ..choices import anywhere
from ..output import age, console, show_json, table
from ..session import Session, open_session


def show_status(context: typer.Context, json: bool, environment: str | None, service: str | None) -> None:
    """Services in environments: all, of one service, or in one environment."""
    with open_session(context) as session:
        names = list(session.environments)
        if environment is not None:
            names = [session.environment(environment, anywhere("status")).name]
        found = _statuses(session, names)
        rows = [each for each in found if each.environment in names and service in (None, each.service)]
        if service and not rows:
            raise Problem(f"SERVICE {service!r} does not run in {', '.join(names)}. `desired status` lists what runs")
        notes = [_note(session, session.environments[name]) for name in names]
        if json:
            services = [each.as_json() for each in rows]
            branches = list(session.notes)
            show_json({"commit": session.head, "environments": notes, "services": services, "branches": branches})
            return
        out = console()
        width = max(map(len, names), default=0)
        for note in notes:
            out.print(_headline(note, width))
        out.print()
        out.print(_grid(rows, notes, checked=session.options.kubeconfig is not None))
        if placeholders := _placeholders(rows, notes):
            out.print(Text(placeholders, style="yellow"))
        for each in session.notes:
            out.print(Text(f"{each[:1].upper()}{each[1:]}. `desired publish` does that", style="red"))


def _statuses(session: Session, names: Sequence[str]) -> Iterable[ServiceStatus]:
    publisher = session.publisher
    observed = {name: session.observe(name) for name in names}
    definitions = publisher.sources.definitions(session.definitions_at)
    summaries = Summaries(publisher.git, publisher.index)
    return service_statuses(session.environments, session.log, summaries, definitions, observed)


def _placeholders(rows: Sequence[ServiceStatus], notes: Sequence[Json]) -> str:
    """What has placeholder digests, for the last line; empty if nothing has."""
    services = Counter(each.environment for each in rows if each.placeholder)
    found = [summary(note["environment"], services[note["environment"]], note["placeholder_charts"]) for note in notes]
    listed = "; ".join(filter(None, found))
    return f"Placeholder digests (sha256:0000…), which no registry has: {listed}. Replace them" if listed else ""


def _note(session: Session, state: EnvironmentState) -> Json:
    pin, hold = state.platform, state.holds.environment
    clusters = [state.environment.cluster_name(role) for role in ROLES]
    older = commit_message.older_codes(session.publisher.git.message(session.log))
    return {
        "environment": state.name,
        "platform": (pin.tag or pin.commit[:12]) if pin else None,
        "older_code": older.get(state.environment.cluster_name("apps"), "")[:12],
        "follows_apps": state.environment.follows_apps,
        "held": f"{hold.actor}: {hold.reason}" if hold else "",
        "placeholder_charts": Placeholders(session.publisher.git).charts(session.log, clusters),
        "rollouts": {
            name: {"phase": each.phase, "share": each.share, "members": dict(each.members)}
            for name, each in state.rollouts.items()
        },
    }


def _headline(note: Json, width: int) -> Text:
    text = Text(f"{note['environment']:<{width}}  ", style="bold")
    if note["platform"]:
        parts = [Text(f"platform {note['platform']}")]
    else:
        code = f"of {note['older_code']}" if note["older_code"] else "at main"
        parts = [Text(f"no platform pin: uses the code {code}", style="" if note["follows_apps"] else "red")]
    for name, each in note["rollouts"].items():
        state = f"open, share {each['share']} %" if each["phase"] == "open" else "finalized, not closed"
        parts.append(Text(f"rollout {name}: {state}", style="yellow"))
    if note["held"]:
        parts.append(Text(f"held by {note['held']}", style="red"))
    return text + Text(" · ").join(parts)


def _grid(rows: Iterable[ServiceStatus], notes: Sequence[Json], checked: bool) -> Table:
    by_service: dict[str, dict[str, ServiceStatus]] = {}
    for each in rows:
        by_service.setdefault(each.service, {})[each.environment] = each
    lines = [
        [Text(service), *(_cell(found.get(note["environment"]), bool(note["held"]), checked) for note in notes)]
        for service, found in sorted(by_service.items())
    ]
    return table(["service", *(note["environment"] for note in notes)], lines)


def _cell(each: ServiceStatus | None, all_held: bool, checked: bool) -> Text:
    """One service in one environment, as `9f3c2e1 3d ago · 4b1d0aa gets 40 % · behind staging`."""
    if each is None:
        return Text("-", style="dim")
    parts = [Text(each.version) + Text(f" {age(each.since)} ago{_ready(each.ready, checked)}", style="dim")]
    if each.rollout and each.phase == "open":
        share = Text(f"{each.candidate} gets {each.share} %", style="yellow")
        parts.append(share + Text(_ready(each.candidate_ready, checked), style="dim"))
    elif each.rollout:
        parts.append(Text("finalized, not closed", style="yellow"))
    if each.behind:
        parts.append(Text(f"behind {', '.join(each.behind)}", style="cyan"))
    if each.held and not all_held:
        parts.append(Text("held", style="red"))
    return Text(" · ").join(parts)


def _ready(ready: int | None, checked: bool) -> str:
    """Ready pods, where the clusters were checked."""
    if not checked:
        return ""
    return ", ready unknown" if ready is None else f", {ready} ready"
