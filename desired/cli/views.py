"""The commands that only look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from constructs_lib.values.data import Json

from ..core.errors import Problem
from ..core.model import EnvironmentState
from ..history import commit_message as log
from ..history import release_files as files
from ..publish.status import ServiceStatus, Summaries, service_statuses
from .output import age, console, show_json, table, time_text
from .session import GlobalOptions, Session, open_session

_UNSEEN = "?"


def show_status(given: Mapping[str, Any], json: bool, environment: str | None, service: str | None) -> None:
    """`desired status`."""
    with open_session(GlobalOptions(**given)) as session:
        names = [session.environment(environment, bool, "status").name] if environment else list(session.environments)
        rows = [
            each for each in _standings(session, names) if each.environment in names and service in (None, each.service)
        ]
        if service and not rows:
            raise Problem(f"{service} runs in none of {', '.join(names)}; `desired status` lists what does")
        notes = [_about(session.environments[name]) for name in names]
        if json:
            show_json({"commit": session.head, "environments": notes, "services": [each.as_json() for each in rows]})
            return
        out = console()
        for note in notes:
            out.print(_headline(note))
        out.print(_grid(rows, names))


def _standings(session: Session, names: Sequence[str]) -> Iterable[ServiceStatus]:
    publisher = session.publisher
    observed = {name: session.observe(name) for name in names}
    definitions = publisher.sources.definitions(session.definitions_at)
    summaries = Summaries(publisher.git, publisher.index)
    return service_statuses(session.environments, session.head, summaries, definitions, observed)


def _about(state: EnvironmentState) -> Json:
    pin, hold = state.platform, state.holds.environment
    return {
        "environment": state.name,
        "platform": (pin.tag or pin.commit[:12]) if pin else None,
        "follows_apps": state.environment.follows_apps,
        "held": f"{hold.actor}: {hold.reason}" if hold else "",
        "rollouts": {
            name: {"phase": each.phase, "share": each.share, "members": dict(each.members)}
            for name, each in state.rollouts.items()
        },
    }


def _headline(note: Json) -> Text:
    text = Text(f"{note['environment']:<10}", style="bold")
    if note["platform"]:
        text += Text(f" platform {note['platform']}")
    else:
        text += Text(" platform not pinned: follows main", style="" if note["follows_apps"] else "red")
    for name, each in note["rollouts"].items():
        text += Text(f"  rollout {name} {each['phase']} at {each['share']} %", style="yellow")
    if note["held"]:
        text += Text(f"  held by {note['held']}", style="red")
    return text


def _grid(rows: Iterable[ServiceStatus], names: Sequence[str]) -> Any:
    by_service: dict[str, dict[str, ServiceStatus]] = {}
    for each in rows:
        by_service.setdefault(each.service, {})[each.environment] = each
    lines = [
        [Text(service), *(_cell(found.get(name)) for name in names)] for service, found in sorted(by_service.items())
    ]
    return table(["service", *names], lines)


def _cell(each: ServiceStatus | None) -> Text:
    if each is None:
        return Text("-", style="dim")
    text = Text(f"{each.version} ") + Text(f"{age(each.since)} {_health(each.ready)}", style="dim")
    if each.rollout:
        text += Text(f" → {each.candidate} {each.share} %", style="yellow")
        text += Text(f" {_health(each.candidate_ready)}" if each.phase == "open" else " finalized", style="dim")
    if each.behind:
        text += Text(f" behind {', '.join(each.behind)}", style="cyan")
    if each.held:
        text += Text(" held", style="red")
    return text


def _health(ready: int | None) -> str:
    return _UNSEEN if ready is None else f"{ready} ready"


def show_history(
    given: Mapping[str, Any], json: bool, service: str | None, environment: str | None, limit: int
) -> None:
    """`desired history`."""
    with open_session(GlobalOptions(**given), follow=False) as session:
        found = session.publisher.index.newest(environment, service, limit)
        if json:
            show_json([vars(each) for each in found])
            return
        rows: list[list[str | Text]] = [
            [Text(each.id[:12], style="dim"), time_text(each.time), each.actor, each.title, each.reason]
            for each in found
        ]
        console().print(table(["commit", "when", "who", "what", "why"], rows))


def show_commit(given: Mapping[str, Any], json: bool, commit: str) -> None:
    """`desired show`."""
    with open_session(GlobalOptions(**given), follow=False) as session:
        git = session.publisher.git
        whole = session.commit(commit)
        message = git.message(whole)
        paths = git.changed_paths(f"{whole}^", whole, ".")
        trailers = log.trailers(message)
        if json:
            show_json({"commit": whole, "title": message.partition("\n")[0], "trailers": trailers, "changed": paths})
            return
        out = console()
        out.print(Text(message.partition("\n")[0], style="bold"))
        out.print(table(["", ""], [[name.removeprefix("Desired-").lower(), text] for name, text in trailers.items()]))
        for line in git.patch(f"{whole}^", whole, files.ROOT).splitlines():
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            out.print(Text(line, style=style))
        made = [path for path in paths if not path.startswith(f"{files.ROOT}/")]
        out.print(Text(f"{len(made)} other files changed", style="dim"))


def show_diff(given: Mapping[str, Any], json: bool, before: str, after: str, environment: str | None) -> None:
    """`desired diff`, of two environments or of two commits."""
    with open_session(GlobalOptions(**given)) as session:
        summaries = Summaries(session.publisher.git, session.publisher.index)
        if before in session.environments and after in session.environments:
            sides = [(summaries.of(session.head, name), name) for name in (before, after)]
        else:
            state = session.environment(environment, lambda each: True, "diff")
            sides = [(summaries.of(session.commit(name), state.name), name) for name in (before, after)]
        (old, old_name), (new, new_name) = sides
        rows: list[Json] = []
        for service in sorted({*old, *new}):
            versions = [side[service][1][side[service][0]] if service in side else None for side in (old, new)]
            texts = [each.version if each else "-" for each in versions]
            images = [each.image if each else "" for each in versions]
            specs = [each.spec if each else "" for each in versions]
            if images[0] != images[1] or (all(specs) and specs[0] != specs[1]):
                rows.append({"service": service, "before": texts[0], "after": texts[1], "spec": specs[0] != specs[1]})
        if json:
            show_json(rows)
            return
        if not rows:
            console().print(f"{old_name} and {new_name} have the same versions.")
            return
        lines = [[row["service"], row["before"], row["after"], "differs" if row["spec"] else ""] for row in rows]
        console().print(table(["service", old_name, new_name, "spec"], lines))


def show_verify(given: Mapping[str, Any], json: bool) -> None:
    """`desired verify`."""
    from ..publish.verify import verify  # noqa: PLC0415

    with open_session(GlobalOptions(**given), follow=False) as session:
        report = verify(session.publisher)
        if json:
            show_json({"start": report.start, "commits": report.commits, "problems": list(report.problems)})
        for sentence in () if json else report.problems:
            console().print(Text(f"✗ {sentence}", style="red"))
        if report.problems:
            raise Problem(f"the log is not whole: {len(report.problems)} of {report.commits} commits are not legal")
        if not json:
            console().print(f"✓ the log is whole: {report.commits} commits since {report.start[:12]}")
