"""What commits say, as operations need it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from constructs_lib.values import Environment
from constructs_lib.values.data import Json
from constructs_lib.values.environment import ROLES

from ..core.errors import Problem, Refused
from ..core.model import EnvironmentState
from ..core.operations import RULES
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
        found = self.environments(whole).get(environment)
        return self.releases.state(whole, found) if found else None

    def definitions_at(self, commit: str) -> str:
        """The commit whose `envs/` and `apps/` count at a commit: an older one where its own cannot be read."""
        try:
            self._sources.definitions(commit)
        except Problem:
            codes = list(dict.fromkeys(commit_message.older_codes(self._git.message(commit)).values()))
            return next((one for one in codes if all(self._git.is_ancestor(each, one) for each in codes)), commit)
        return commit

    def environments(self, commit: str) -> dict[str, Environment]:
        """The environments at an entry, in the order of promotion. Raises Problem if code cannot be read.

        They are those of its code, and those that its code no longer defines. Older code makes the clusters of these,
        and defines them.
        """
        found = dict(self._sources.definitions(self.definitions_at(commit)).environments)
        clusters = {each.cluster_name(role) for each in found.values() for role in ROLES}
        older = {
            each.name: each
            for cluster, code in commit_message.older_codes(self._git.message(commit)).items()
            if cluster not in clusters
            for each in self._sources.definitions(code).environments.values()
            if each.cluster_name("apps") == cluster
        }
        return found | {name: older[name] for name in sorted(older, key=lambda name: _steps(older, name))}

    def followed(self, environment: Environment, commit: str) -> Mapping[str, Json]:
        """The specs of `apps/` that an environment follows at an entry: those of the code that makes its cluster."""
        older = commit_message.older_codes(self._git.message(commit)).get(environment.cluster_name("apps"))
        return self.specs(self.definitions_at(older or commit))

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


def _steps(environments: Mapping[str, Environment], name: str | None) -> int:
    """How many promotions lead to one of these environments from the first of them."""
    count = 0
    while name and name in environments and count < len(environments):
        name, count = environments[name].promoted_from, count + 1
    return count


class Log:
    """The same up to one entry of the log, which tells what legal operations had made at any commit.

    What a person did to `releases/` in a commit of their own never was a state of an environment.
    """

    def __init__(self, history: History, live: str, rules: int = RULES) -> None:
        self._history, self._live, self._rules = history, live, rules
        self.specs, self.platform_digest = history.specs, history.platform_digest
        self.environment, self.state = history.environment, history.state

    def followed(self, environment: Environment, commit: str) -> Mapping[str, Json]:
        """The specs of `apps/` that an environment follows at an entry."""
        return self.specs(commit) if self._rules < 3 else self._history.followed(environment, commit)

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
