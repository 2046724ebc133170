"""`desired history` and `desired show`: operations as the log has them."""

from __future__ import annotations

import typer
from rich.text import Text

from ...history import release_files
from ...history.commit_message import trailers
from ...wording import counted
from ..output import console, show_json, table, time_text
from ..session import open_session


def show_history(context: typer.Context, json: bool, service: str | None, environment: str | None, limit: int) -> None:
    """The newest operations, as a table."""
    with open_session(context, follow=False) as session:
        found = session.publisher.index.newest(environment, service, limit)
        if json:
            show_json([vars(each) for each in found])
            return
        if not found:
            of = f" of {service}" if service else ""
            console().print(f"No operations{of}{f' in {environment}' if environment else ''}.")
            return
        rows: list[list[str | Text]] = [
            [Text(each.id[:12], style="dim"), time_text(each.time), each.actor, each.title, each.reason]
            for each in found
        ]
        console().print(table(["commit", "when", "who", "what", "why"], rows))


def show_commit(context: typer.Context, json: bool, commit: str) -> None:
    """One commit: its title, what its trailers say, and the change of `releases/`."""
    with open_session(context, follow=False) as session:
        git = session.publisher.git
        whole = session.commit("commit", commit)
        message = git.message(whole)
        title, found = message.partition("\n")[0], trailers(message)
        parent = session.before("commit", whole)
        paths = git.changed_paths(parent, whole, "")
        if json:
            show_json({"commit": whole, "title": title, "trailers": found, "changed": paths})
            return
        out = console()
        out.print(Text(title, style="bold"))
        out.print(table(["", ""], [[name.removeprefix("Desired-").lower(), text] for name, text in found.items()]))
        for line in git.patch(parent, whole, release_files.ROOT).splitlines():
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            out.print(Text(line, style=style))
        others = sum(not path.startswith(f"{release_files.ROOT}/") for path in paths)
        out.print(Text(f"{counted(others, 'other file')} changed", style="dim"))
