"""Signers and anchors, as people give and read them."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import Problem
from ..publish.anchors import require_whole
from ..publish.verify import verify
from .output import console, show_json
from .session import Session


def lines_of(file: Path) -> tuple[str, ...]:
    """The signers in a file: without comments and empty lines. Raises Problem if it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"FILE: cannot read {file}: {getattr(error, 'strerror', 'it is not text')}. Name a file"
        ) from None
    # What stands behind the key is a comment.
    return tuple(" ".join(line.split()[:3]) for line in lines if line.strip() and not line.startswith("#"))


def set_anchor(session: Session, json: bool) -> None:
    """Verifies the history and sets an anchor. Raises Problem if it is not right."""
    report = verify(session.publisher)
    require_whole(report.problems)
    made = session.publisher.anchors.make(report.newest)
    if json:
        show_json({"anchor": made.name, "commit": made.commit, "signed_by": made.by})
        return
    console().print(f"✓ {made.commit[:12]} is verified. The tag {made.name} says so{_signed(made.by)}.")


def _signed(by: str) -> str:
    return f", signed by {by}" if by else ""
