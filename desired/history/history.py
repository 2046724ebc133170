"""What commits say, as operations need it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from constructs_lib.values import Environment
from constructs_lib.values.data import Json

from ..core.errors import Problem, Refused
from ..core.model import EnvironmentState
from ..git import Clone, Commit
from ..render.source_at_commit import CommitSources
from . import commit_message
from .chain import Chain
from .index import Index
from .releases import Releases


class History:
    """The commits of a repository. A commit never changes, so that these are functions."""

    def __init__(self, git: Clone, sources: CommitSources, index: Index) -> None:
        self.releases, self.chain = Releases(git, index), Chain(git)
        self._git, self._sources, self._index = git, sources, index

    def commit(self, commit: str) -> Commit:
        """A commit. Raises Problem if this clone does not have it."""
        return self._git.commit(commit)

    def specs(self, commit: str) -> Mapping[str, Json]:
        """The specs that `apps/` has at a commit. Raises Problem if its code cannot be read."""
        return self._sources.definitions(commit).specs

    def state(self, environment: str, commit: str) -> EnvironmentState | None:
        """The environment at a commit; None if it did not exist."""
        whole = self._git.resolve(commit)
        if whole is None:
            raise Problem(f"This clone has no commit {commit[:12]}. Run `git fetch`, or name another commit")
        if not self._git.tree(whole, f"releases/{environment}"):
            return None
        found = self._sources.definitions(self.definitions_at(whole)).environments.get(environment)
        return self.releases.state(whole, found) if found else None

    def definitions_at(self, commit: str) -> str:
        """The commit whose `envs/` and `apps/` count at a commit: an older one where its own cannot be read."""
        try:
            self._sources.definitions(commit)
        except Problem:
            return next(iter(commit_message.older_codes(self._git.message(commit)).values()), commit)
        return commit

    def stable_images(self, environments: Collection[str], live: str) -> Collection[tuple[str, str, str]]:
        """Environment, service and image of all that was stable there, up to an entry or a later one.

        What was stable while a rollout of the service was open does not count.
        """
        self._index.cover(live)
        return self._index.stable_images(environments)

    def platform_digest(self, commit: str) -> str:
        """The digest of the platform's code at a commit."""
        return self._sources.platform_digest(commit)

    def environment(self, name: str, commit: str) -> Environment | None:
        """An environment as the code of a commit has it; None if it has none, or cannot be read."""
        try:
            return self._sources.definitions(commit).environments.get(name)
        except Problem:
            return None


class Log:
    """The same up to one entry of the log, which tells what legal operations had made at any commit.

    What a person did to `releases/` in a commit of their own never was a state of an environment.
    """

    def __init__(self, history: History, live: str) -> None:
        self._history, self._live = history, live
        self.specs, self.platform_digest = history.specs, history.platform_digest
        self.environment, self.state = history.environment, history.state

    def entry(self, commit: str) -> str:
        """The entry that was the newest one at a commit. Raises Refused if nothing was published by then."""
        found = self._history.chain.seen_from(commit, self._live)
        if not found:
            raise Refused(f"{commit[:12]} is older than the first publishing. Name a later commit of `desired history`")
        return found

    def stable_images(self, environments: Collection[str]) -> Collection[tuple[str, str, str]]:
        """Environment, service and image of all that was stable there while no rollout of the service was open."""
        return self._history.stable_images(environments, self._live)

    def before(self, commit: str) -> str:
        """The entry before an operation's. Raises Refused if the commit is not one of an operation in the log."""
        found = self._history.commit(commit)
        if self.entry(commit) != commit or commit_message.recorded(found.message) is None:
            raise Refused(f"{commit[:12]} is not an operation. Name one that `desired history` lists")
        return self._history.chain.entry(found.parent)
