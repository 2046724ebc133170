"""`desired verify`: what is wrong with the history, or that nothing is."""

from __future__ import annotations

import typer
from rich.text import Text

from ...core.errors import Problem
from ...publish.verify import verify
from ...wording import counted
from ..output import console, show_json
from ..session import open_session


def show_verification(context: typer.Context, json: bool) -> None:
    """Raises Problem where a commit is wrong, after showing why."""
    with open_session(context, follow=False) as session:
        report = verify(session.publisher)
        if json:
            repaired = list(report.repaired)
            found = {"start": report.start, "commits": report.commits, "problems": list(report.problems)}
            signed = {name: dict(each) for name, each in report.signed.items()}
            more = {"repaired": repaired, "newest": report.newest, "signed": signed}
            show_json({**found, **more, "stands_on": list(report.stands_on)})
        for sentence in () if json else report.repaired:
            console().print(Text(f"! {sentence}", style="yellow"))
        for sentence in () if json else report.problems:
            console().print(Text(f"✗ {sentence}", style="red"))
        if report.problems:
            raise Problem(f"History verification failed: {len(report.problems)} problems in {report.commits} commits")
        if not json:
            commits = counted(report.commits, "commit")
            span = f"{commits} since {report.start[:12]}, up to {report.newest[:12]}"
            console().print(f"✓ The history is complete and correct: {span}")
            for environment, by in report.signed.items():
                listed = ", ".join(f"{who} ({number})" for who, number in sorted(by.items()))
                console().print(f"  {environment}: signed by {listed}")
            for each in report.stands_on:
                console().print(f"  It stands on {each}")
