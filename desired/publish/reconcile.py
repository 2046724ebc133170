"""What an operation builds on: the newest `main`, with what is illegal in it reverted and what is missing added.

The newest entry of the log was right. What people committed since then is followed: what they did to `releases/` does
not count, and code counts for each cluster as far as it can be synthesized. So nothing that a person merged ever stands
between an operation and `live`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from constructs_lib.values import Role
from constructs_lib.values.environment import ROLES

from ..core.apply import apply
from ..core.errors import Problem, Refused
from ..core.facts import needs
from ..core.model import EnvironmentState, Observation, Outcome
from ..core.operations import Intent
from ..git import Clone, Content
from ..history import commit_message, release_files
from ..history.gather import gather
from ..history.history import History, Log
from ..render.inputs import Target
from ..render.manifests import MANIFESTS, Changes
from ..render.source_at_commit import CommitSources
from .targets import Targets


@dataclass(frozen=True)
class Baseline:
    """A commit to build on, and what has to change in it first."""

    log: str
    """The newest entry of the log."""
    commit: str
    """What people committed on top of it; the same commit if they did not."""
    environments: Mapping[str, EnvironmentState]
    """The legal states, in the order of promotion."""
    codes: Mapping[str, str]
    """By cluster: the commit whose code makes its manifests, where no pin says otherwise."""
    definitions_at: str
    """The commit whose `envs/` and `apps/` count."""
    repairs: Mapping[str, Content] = field(default_factory=dict)
    """What makes the commit right."""
    unused: tuple[str, ...] = ()
    """Which code is not used, and why."""

    def behind(self, sources: CommitSources) -> dict[str, str]:
        """The clusters that the code of the commit does not make."""
        here = sources.digest(self.commit)
        return {cluster: commit for cluster, commit in sorted(self.codes.items()) if sources.digest(commit) != here}


@dataclass(frozen=True)
class Reconciler:
    """Follows `main` from `live`."""

    git: Clone
    sources: CommitSources
    history: History
    targets: Targets

    def at(self, commit: str) -> Baseline:
        """A commit that was published: everything in it is right."""
        behind = commit_message.older_codes(self.git.message(commit))
        return self._right(commit, behind, self.history.definitions_at(commit))

    def _right(self, commit: str, behind: Mapping[str, str], definitions_at: str) -> Baseline:
        environments = self.sources.definitions(definitions_at).environments
        codes = {
            environment.cluster_name(role): behind.get(environment.cluster_name(role), commit)
            for environment in environments.values()
            for role in ROLES
        }
        states = {name: self.history.releases.state(commit, each) for name, each in environments.items()}
        return Baseline(commit, commit, states, codes, definitions_at)

    def whole(self, commit: str) -> Changes:
        """All that the code of a commit makes of its releases; None for files that it does not make."""
        baseline = self._right(commit, {}, commit)
        changes: Changes = dict.fromkeys(self.git.files(commit, MANIFESTS))
        for state in baseline.environments.values():
            for role in ROLES:
                changes |= self.targets.changes(commit, None, self.targets.target(state, role, commit))
        return changes

    def follow(self, live: str, main: str, *, hurry: bool = False, kept: Collection[str] = frozenset()) -> Baseline:
        """The baseline at `main`, when `live` was right.

        In a hurry, clusters stay with the code that made them at `live`, so that nothing new is read: the next
        publishing brings it in. Those of `kept` environments stay with it too.
        """
        base = self.at(live)
        if live == main and (hurry or not base.behind(self.sources)):
            return base
        read = self.read(base, main, hurry=hurry)
        definitions_at, states = read.definitions_at, read.environments
        repairs: dict[str, Content] = self._differing(live, main, release_files.ROOT, {})
        codes: dict[str, str] = {}
        unused: list[str] = []
        for state in states.values():
            for role in ROLES:
                cluster = state.environment.cluster_name(role)
                stays = definitions_at != main or state.name in kept
                newest = base.codes.get(cluster, main) if stays else main
                changes, codes[cluster], more = self._cluster(base, state, role, newest)
                unused.extend(more)
                repairs |= self._differing(live, main, f"{MANIFESTS}/{cluster}", changes)
        said = tuple(dict.fromkeys((*unused, *read.unused, *self._unsigned(base, codes, main, kept))))
        return Baseline(live, main, states, codes, definitions_at, repairs, said)

    def _unsigned(self, base: Baseline, codes: Mapping[str, str], main: str, kept: Collection[str]) -> Iterator[str]:
        for name in sorted(kept):
            clusters = [base.environments[name].environment.cluster_name(role) for role in ROLES]
            if any(self.sources.digest(codes[each]) != self.sources.digest(main) for each in clusters if each in codes):
                yield f"{name} stays with the code that it has: one of its signers has to publish the newer code"

    def read(self, base: Baseline, main: str, *, hurry: bool = False) -> Baseline:
        """The same without the manifests, on top of an entry's baseline: enough to decide on, and nothing is made."""
        definitions_at, problems = (base.definitions_at, []) if hurry else self.readable(base, main)
        environments = self.sources.definitions(definitions_at).environments
        states = {
            name: replace(before, environment=environment)
            if (before := base.environments.get(name))
            else EnvironmentState(environment)
            for name, environment in environments.items()
        }
        return Baseline(base.log, main, states, base.codes, definitions_at, unused=tuple(problems))

    def decide(
        self, intent: Intent, baseline: Baseline, observation: Observation | None, now: datetime
    ) -> tuple[EnvironmentState, Outcome]:
        """The state that an operation on top of a baseline changes, and the one that it makes.

        Raises Refused, Conflict, or Problem.
        """
        self._require_published(intent, baseline)
        specs, log = self.history.specs(baseline.definitions_at), Log(self.history, baseline.log)
        facts = gather(intent.operation, baseline.environments, specs, log, observation)
        return facts.here, apply(intent, facts, now)

    def _require_published(self, intent: Intent, baseline: Baseline) -> None:
        """What an operation takes from a commit, everybody can see: the commit is in the history of `main`."""
        state = baseline.environments.get(intent.operation.environment)
        if state is None or intent.rules == 1:
            return
        for commit in sorted(needs(intent.operation, state.environment).commits):
            if commit != baseline.commit and not self.git.is_ancestor(commit, baseline.commit):
                raise Refused(
                    f"the commit {commit[:12]} is not in main, so that nobody else can see it. Merge it to main first, "
                    f"or name a commit of main"
                )

    def manifests(self, baseline: Baseline, base: str, before: EnvironmentState, outcome: Outcome) -> Changes:
        """What an operation does to the manifests of the applications' cluster, on top of the commit `base`."""
        code = baseline.codes[before.environment.cluster_name("apps")]
        old = self.targets.made(before, "apps", code)
        return self.targets.changes(base, old, self.targets.target(outcome.state, "apps", code))

    def _differing(self, live: str, main: str, folder: str, wanted: Changes) -> dict[str, Content]:
        """What makes a folder at `main` what it is at `live` with some files changed."""
        paths = {*wanted, *self.git.changed_paths(live, main, f"{folder}/")}
        found = {path: wanted[path] if path in wanted else self.git.entry(live, path) for path in paths}
        return {path: content for path, content in sorted(found.items()) if not self.git.holds(main, path, content)}

    # What the code makes

    def readable(self, base: Baseline, main: str) -> tuple[str, list[str]]:
        """The commit whose `envs/` and `apps/` count at `main`, and what to say where it is an older one."""
        try:
            self.sources.definitions(main)
        except Problem as problem:
            return base.definitions_at, [f"the code at {main[:12]} is not used: {problem.sentences[0]}"]
        return main, []

    def _cluster(
        self, base: Baseline, state: EnvironmentState, role: Role, newest: str
    ) -> tuple[Changes, str, list[str]]:
        """The changes of a cluster's manifests since `live`, the commit whose code made them, and what to say."""
        cluster = state.environment.cluster_name(role)
        was = base.codes.get(cluster)
        if was is None:
            return self._new_cluster(base, state, role, newest)
        before = self.targets.made(base.environments[state.name], role, was)
        code = was if self.sources.digest(newest) == self.sources.digest(was) else newest
        try:
            return self._changes(base, before, state, role, code), newest, []
        except Problem as problem:
            note = f"{cluster} stays with the code of {was[:12]}: {problem.sentences[0]}"
        try:
            return self._changes(base, before, state, role, was), was, [note]
        except Problem:
            return {}, was, [note]

    def _new_cluster(
        self, base: Baseline, state: EnvironmentState, role: Role, newest: str
    ) -> tuple[Changes, str, list[str]]:
        try:
            return self._changes(base, None, state, role, newest), newest, []
        except Problem as problem:
            cluster = state.environment.cluster_name(role)
            return {}, newest, [f"{cluster} has no manifests yet: {problem.sentences[0]}"]

    def _changes(
        self, base: Baseline, before: Target | None, state: EnvironmentState, role: Role, code: str
    ) -> Changes:
        return self.targets.changes(base.commit, before, self.targets.target(state, role, code))
