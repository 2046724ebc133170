"""What commits say, as operations need it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from constructs_lib.values import Environment
from constructs_lib.values.data import Json

from ..core.errors import Problem
from ..core.model import EnvironmentState
from ..git import Clone
from ..render.source_at_commit import CommitSources
from . import commit_message
from .index import Index
from .releases import Releases


class History:
    """The commits of a repository. A commit never changes, so that these are functions."""

    def __init__(self, git: Clone, sources: CommitSources, index: Index) -> None:
        self.releases = Releases(git, index)
        self._git, self._sources, self._index = git, sources, index

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

    def before(self, commit: str) -> str:
        """The commit before it. Raises Problem if it is the first one."""
        parent = self._git.resolve(f"{commit}^")
        if parent is None:
            raise Problem(f"{commit[:12]} is the first commit. There is nothing before it")
        return parent

    def stable_images(self, environments: Collection[str]) -> Collection[tuple[str, str, str]]:
        """Environment, service and image of all that was stable there while no rollout of the service was open."""
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
