"""The two branches: people and programs write `main`, clusters pull `live`. They move together or not at all."""

from __future__ import annotations

import random
import time

from ..core.errors import Problem, Refused, Unreachable
from ..git import BranchMissing, Clone, GitFailed, Unanswered

MAIN, LIVE = "main", "live"
_TRIES = 4
_NOT_KNOWN = "It is not known whether the operation was done: run it again with the same --key, which acts once"


class Branches:
    """A clone and, if there is one, the remote whose branches count."""

    def __init__(self, git: Clone, remote: str = "") -> None:
        """`remote` is a name that `git remote` lists; an empty one means this clone. Raises Problem."""
        if remote and remote not in (known := git.remotes()):
            raise Problem(
                f"This clone has no remote {remote!r}, only {', '.join(known)}. Pass one of these with --remote"
                if known
                else f"This clone has no remote {remote!r}. Add it with `git remote add`"
            )
        self.git, self.remote = git, remote

    def refresh(self) -> None:
        """Fetches both branches. A remote without `live` has published nothing. Raises Unreachable."""
        if not self.remote:
            return
        try:
            self.git.fetch(self.remote, [self._spec(MAIN), self._spec(LIVE)])
        except BranchMissing as missing:
            if missing.refs != (f"refs/heads/{LIVE}",):
                raise
            self.git.fetch(self.remote, [self._spec(MAIN)])
            self.git.forget(self._ref(LIVE))

    def fetch_tag(self, name: str) -> None:
        """Fetches a tag that this clone does not have. Raises Refused where the remote moved it, or Unreachable."""
        if not self.remote:
            return
        ref = f"refs/tags/{name}"
        there, here = self.git.remote_refs(self.remote).get(ref), self.git.positions([ref])[ref]
        if there and here and there != here:
            raise Refused(
                f"The tag {name} was moved: the remote {self.remote} has {there[:12]}, this clone {here[:12]}. "
                f"Use a new tag. If the remote's is right, run `git fetch --force {self.remote} tag {name}`"
            )
        if there and not here:
            self.git.fetch(self.remote, [f"{ref}:{ref}"])

    def _spec(self, branch: str) -> str:
        return f"+refs/heads/{branch}:refs/remotes/{self.remote}/{branch}"

    def _ref(self, branch: str) -> str:
        return f"refs/remotes/{self.remote}/{branch}" if self.remote else f"refs/heads/{branch}"

    @property
    def main(self) -> str:
        """The commit of `main`. Raises Problem if the branch does not exist."""
        commit = self.git.resolve(self._ref(MAIN))
        if commit is None:
            where = f"the remote {self.remote}" if self.remote else "this repository"
            raise Problem(f"{where[:1].upper()}{where[1:]} has no branch {MAIN}. Push it, or pass another --remote")
        return commit

    @property
    def live(self) -> str | None:
        """The commit of `live`; None if nothing has been published."""
        return self.git.resolve(self._ref(LIVE))

    def advance(self, old: tuple[str, str | None], new: str) -> bool:
        """Moves both branches from the commits in `old` (main, live) to a new one, both or none.

        False if another writer moved one first. Raises Unreachable if a remote refuses or does not answer, and
        GitFailed or Locked if this repository does.
        """
        refs = {f"refs/heads/{MAIN}": (new, old[0]), f"refs/heads/{LIVE}": (new, old[1])}
        if not self.remote:
            return self.git.move(refs)
        for attempt in range(_TRIES):
            try:
                self.git.push(self.remote, refs)
                return True
            except Unreachable as error:
                # Only the positions of its branches count now: the push may have worked, and only the answer was lost.
                self._refresh_after(error)
                if (self.main, self.live) != old:
                    return self.git.is_ancestor(new, self.main)
                if isinstance(error, Unanswered):  # it may still do it, so that asking again only adds to it
                    raise type(error)(f"{error}. {_NOT_KNOWN}") from None
                if attempt == _TRIES - 1:
                    raise type(error)(f"{error}. Nothing was changed: run the command again") from None
            time.sleep(random.uniform(0.05, 0.2) * 2**attempt)
        return False

    def _refresh_after(self, error: Unreachable) -> None:
        try:
            self.refresh()
        except (Unreachable, GitFailed):
            raise type(error)(f"{error}. {_NOT_KNOWN}") from None
