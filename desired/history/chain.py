"""The log: the publisher's commits on the first parents of `live`, from the first publishing on.

What people commit stands between them or beside them, and is no part of the log, whatever its message says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..core.keys import KEY_SECONDS
from ..git import Clone, Commit
from ..render.manifests import MANIFESTS
from . import commit_message, release_files

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Chain:
    """Entries of the log: commits whose message says what the publisher did."""

    def __init__(self, git: Clone) -> None:
        self._git = git

    def newest(self, commit: str) -> str:
        """The newest entry in the history of a commit, as far as a clone can tell that has never seen the log."""
        return self._first_found(reversed(list(self._git.beyond("", [commit]))))

    def entries(self, since: str, until: str) -> Iterator[Commit]:
        """The entries after one commit, up to another that grew out of it by first parents. The oldest comes first."""
        return (commit for commit in self._git.log(since or None, until) if commit_message.kind(commit.message))

    def grew(self, since: str, until: str) -> bool:
        """Whether a commit grew out of another one by first parents alone."""
        oldest = next(iter(self._git.log(since, until)), None)
        return oldest.parent == since if oldest else since == until

    def entry(self, commit: str) -> str:
        """The newest entry on the first parents of a commit, or the commit itself, or an empty string."""
        while commit:
            found = self._git.commit(commit)
            if commit_message.kind(found.message):
                return commit
            commit = found.parent
        return ""

    def seen_from(self, commit: str, live: str) -> str:
        """The newest entry of the log up to `live` that is in the history of a commit, or an empty string."""
        return self.entry(self._git.within(commit, live))

    def sealed(self, commit: str) -> bool:
        """Whether an entry says which manifests it holds. Those of version 0.1 do not."""
        return commit_message.MANIFESTS_ID in commit_message.trailers(self._git.message(commit))

    def sound(self, commit: Commit) -> bool:
        """Whether a commit holds what its message says: an edit that kept or copied a message is not sound."""
        found = commit_message.trailers(commit.message)
        folders = ((commit_message.REVISION, release_files.ROOT), (commit_message.MANIFESTS_ID, MANIFESTS))
        same = all(found.get(name) == self._git.tree_id(commit.id, folder) for name, folder in folders)
        return same and all(
            self._known(each, commit.id) for each in commit_message.older_codes(commit.message).values()
        )

    def _known(self, code: object, commit: str) -> bool:
        """Whether a commit's manifests may be made by this code: everybody can see it."""
        return isinstance(code, str) and bool(_ID.fullmatch(code)) and self._git.is_ancestor(code, commit)

    def _first_found(self, commits: Iterable[Commit]) -> str:
        """The first sound entry, with a first publishing below it. `commits` come newest first.

        Entries of version 0.1 do not say which manifests they hold. They count as long as no newer entry does.
        """
        unsealed = ""
        for commit in commits:
            said = commit_message.trailers(commit.message)
            if commit_message.MANIFESTS_ID in said:
                if self.sound(commit) and self._begins(commit.id):
                    return commit.id
            elif commit_message.OPERATION_TRAILER in said and not unsealed and self._begins(commit.id):
                unsealed = commit.id
        return unsealed

    def start(self, live: str) -> str:
        """The oldest first publishing on the first parents of a commit, or an empty string."""
        kinds = ((each.id, commit_message.kind(each.message)) for each in self._git.log(None, live))
        return next((id_ for id_, kind in kinds if kind == commit_message.START), "")

    def beneath(self, start: str) -> str:
        """An entry of an older log in the history of the commit that begins one, or an empty string."""
        before = self._git.beyond("", self._git.commit(start).parents)
        return next((each.id for each in before if commit_message.kind(each.message)), "")

    def _begins(self, commit: str) -> bool:
        """Whether the log below an entry begins with the first publishing, and is no copy of a log on top of itself.

        That is an older log beneath the first publishing, or a key that is there twice, as a rebase makes it.
        """
        start = self.start(commit)
        return bool(start) and not self.beneath(start) and not any(self._repeated(start, commit))

    def _repeated(self, start: str, live: str) -> Iterator[Commit]:
        """The entries whose key another one before them has, within the time that a key belongs to one operation."""
        last: dict[str, int] = {}
        for entry in self.entries(start, live):
            key, when = commit_message.trailers(entry.message).get(commit_message.KEY, ""), entry.author.time
            if key and when - last.get(key, when - KEY_SECONDS) < KEY_SECONDS:
                yield entry
            last[key] = when
