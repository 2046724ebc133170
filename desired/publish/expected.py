"""Optimistic locking: an operation runs only if what it touches has not changed since its author looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ..core.errors import Conflict, Refused
from ..core.operations import Intent
from ..git import Clone
from ..history import release_files
from ..history.chain import Chain


def seen_at(git: Clone, chain: Chain, intent: Intent, live: str, base: str) -> tuple[str, ...]:
    """The commits whose state the author may have looked at: their own, and the newest entry of the log by then.

    Raises Refused if it is not a commit of `main`.
    """
    if not git.is_ancestor(intent.expected, base):
        raise Refused(f"the revision {intent.expected[:12]} is not a commit of main. Look again with `desired status`")
    return tuple(filter(None, (chain.seen_from(intent.expected, live), intent.expected)))


def require_unchanged(git: Clone, intent: Intent, seen: Sequence[str], base: str, paths: tuple[str, ...] = ()) -> None:
    """Raises Conflict if the files that an operation names or changes differ from those that its author saw."""
    folder = release_files.folder(intent.operation.environment)
    for path in paths or tuple(f"{folder}/{service}.yaml" for service in intent.operation.named()):
        if git.entry(base, path) not in [git.entry(commit, path) for commit in seen]:
            raise Conflict(_who_was_first(git, seen[0], base, path))


def _who_was_first(git: Clone, seen: str, base: str, path: str) -> str:
    remedy = "Look again with `desired status`, and decide again"
    for change in list(git.changes(seen, base, path))[-1:]:
        when = datetime.fromtimestamp(change.author.time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        title = change.message.partition("\n")[0]
        return (
            f"{path} has changed since {seen[:12]}: {change.author.name}, {when}, {change.id[:12]}: {title}. {remedy}"
        )
    return f"{path} has changed since {seen[:12]}. {remedy}"
