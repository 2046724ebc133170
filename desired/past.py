"""What commits say, as operations read it."""

from __future__ import annotations

from typing import Any

from . import log
from .code import Codes
from .git import Git
from .index import Index
from .model import EnvironmentState
from .problems import Problem
from .releases import Releases

Json = dict[str, Any]


class Past:
    """`model.History` over a repository."""

    def __init__(self, git: Git, codes: Codes, index: Index) -> None:
        self.releases = Releases(git)
        self._git, self._codes, self._index = git, codes, index

    def spec(self, service: str, commit: str) -> Json | None:
        """The spec that `apps/` has at a commit; None where it has none. Raises Problem where nobody can read it."""
        return self._codes.described(commit).specs.get(service)

    def state(self, environment: str, commit: str) -> EnvironmentState | None:
        """The environment at a commit; None where it was not there."""
        whole = self._git.resolve(commit)
        if whole is None:
            raise Problem(f"there is no commit {commit[:12]} here; run `git fetch`, or name another one")
        if not self._git.tree(whole, f"releases/{environment}"):
            return None
        found = self._codes.described(self.described_at(whole)).environments.get(environment)
        return self.releases.state(whole, found) if found else None

    def described_at(self, commit: str) -> str:
        """The commit whose `envs/` and `apps/` count at a commit: an older one where its own cannot be read."""
        try:
            self._codes.described(commit)
        except Problem:
            return next(iter(log.older_codes(self._git.message(commit)).values()), commit)
        return commit

    def before(self, commit: str) -> str:
        """The commit before it. Raises Problem where there is none."""
        parent = self._git.resolve(f"{commit}^")
        if parent is None:
            raise Problem(f"{commit[:12]} is the first commit; there is nothing before it")
        return parent

    def stood(self, environment: str, service: str, image: str) -> bool:
        """Whether this image ever was the stable one of a service while no rollout of it was open."""
        return self._index.stood(environment, service, image)

    def platform_digest(self, commit: str) -> str:
        """The digest of the platform's code at a commit."""
        return self._codes.platform_digest(commit)
