"""Doing one operation: ask for a confirmation where the environment wants one, do it, show what became of it."""

from __future__ import annotations

import sys

from ..core.errors import Refused
from ..core.operations import Operation
from .options import OperationOptions
from .output import show_result
from .session import Session


def act(session: Session, request: OperationOptions, operation: Operation) -> None:
    """Does an operation and shows its result."""
    gates = session.environments[operation.environment].environment.gates
    if "confirm" in gates and not request.dry_run and asks(request):
        show_result(session.perform(operation, request, dry_run=True), as_json=False)
        confirm(f"{operation.verb} in {operation.environment}")
    show_result(session.perform(operation, request), request.json)


def asks(request: OperationOptions) -> bool:
    """Whether a person can be asked, and was not told not to be."""
    return not request.yes and sys.stdin.isatty()


def confirm(question: str) -> None:
    """Asks the person at the terminal. Raises Refused where the answer is not yes."""
    if input(f"{question}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("You did not confirm. Nothing was done")
