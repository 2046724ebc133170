"""What an operation builds on: the newest `main`, with what is illegal in it reverted and what is missing added.

The newest entry of the log was right. What people committed since then is followed: what they did to `releases/` does
not count, and code counts for each cluster as far as it can be synthesized. So nothing that a person merged ever stands
between an operation and `live`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from constructs_lib.values import Environment, Role
from constructs_lib.values.environment import ROLES

from ..core.apply import apply
from ..core.errors import Problem, Refused
from ..core.facts import needs
from ..core.model import EnvironmentState, Observation, Outcome
from ..core.operations import RULES, Intent
from ..git import Clone, Content
from ..history import commit_message, release_files
from ..history.gather import gather
from ..history.history import History, Log
from ..render.inputs import Target
from ..render.manifests import MANIFESTS, Changes
from ..render.source_at_commit import CommitSources
from . import leaving
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
    stays: Mapping[str, str] = field(default_factory=dict)
    """By cluster: those of these sentences that say why it stays with older code."""
    left: Mapping[str, str] = field(default_factory=dict)
    """By name: environments that leave, and what to say about it."""
    ahead: bool = False
    """Whether an operation brings newer code in than the code that made the manifests of its cluster."""

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
        return self.told(commit, commit)

    def told(self, previous: str, entry: str) -> Baseline:
        """What an entry says that it was built on, after the entry before it. Nothing is synthesized."""
        behind = commit_message.older_codes(self.git.message(entry))
        environments = self.history.environments(entry)
        codes = {
            environment.cluster_name(role): behind.get(environment.cluster_name(role), entry)
            for environment in environments.values()
            for role in ROLES
        }
        states = {name: self.history.releases.state(previous, each) for name, each in environments.items()}
        return Baseline(previous, entry, states, codes, self.history.definitions_at(entry))

    def whole(self, commit: str) -> Changes:
        """All that the code of a commit makes of its releases; None for files that it does not make."""
        changes: Changes = dict.fromkeys(self.git.files(commit, MANIFESTS))
        for environment in self.sources.definitions(commit).environments.values():
            state = self.history.releases.state(commit, environment)
            for role in ROLES:
                changes |= self.targets.changes(commit, None, self.targets.target(state, role, commit))
        return changes

    def follow(
        self, live: str, main: str, *, hurry: bool = False, kept: Collection[str] = frozenset(), rules: int = RULES
    ) -> Baseline:
        """The baseline at `main`, when `live` was right.

        In a hurry, clusters stay with the code that made them at `live`, so that nothing new is read: the next
        publishing brings it in. Those of `kept` environments stay with it too.
        """
        base = self.at(live)
        if live == main and (hurry or not base.behind(self.sources)):
            return base
        if hurry:
            repairs = self._repairs(live, main, {}, base.codes, rules)
            return replace(base, commit=main, repairs=repairs)
        definitions_at, problems = self.readable(base, main)
        environments = self.sources.definitions(definitions_at).environments
        undefined = leaving.undefined(base.environments, environments, kept) if rules > 2 else {}
        needed = {name: base.environments[name] for name, why in undefined.items() if why}
        left = {name: base.environments[name] for name, why in undefined.items() if not why}
        states = {name: self._now(base, each, rules) for name, each in environments.items()}
        older = [each for name, each in states.items() if definitions_at != main or name in kept]
        was = {each: base.codes[each] for state in older for each in leaving.clusters(state) if each in base.codes}
        changes, codes, stays = self._clusters(base, states, was, main, rules)
        for name, state in needed.items():
            codes |= {cluster: base.codes[cluster] for cluster in leaving.clusters(state)}
            stays |= dict.fromkeys(leaving.clusters(state), leaving.stays(state, base.codes, undefined[name]))
        for folder in (each for state in left.values() for each in leaving.folders(state)):
            changes |= dict.fromkeys(self.git.files(live, folder))
        repairs = self._repairs(live, main, changes, codes, rules)
        unused = tuple(dict.fromkeys((*stays.values(), *problems, *self._unsigned(base, codes, main, kept))))
        said = {name: leaving.leaves(state) for name, state in left.items()}
        return Baseline(live, main, states | needed, codes, definitions_at, repairs, unused, stays, said)

    def _now(self, base: Baseline, environment: Environment, rules: int) -> EnvironmentState:
        """An environment as it is at the newest entry, by what it is at `main`."""
        before = base.environments.get(environment.name)
        if before:
            return replace(before, environment=environment)
        return self.history.releases.state(base.commit, environment) if rules > 2 else EnvironmentState(environment)

    def _clusters(
        self, base: Baseline, states: Mapping[str, EnvironmentState], newest: Mapping[str, str], main: str, rules: int
    ) -> tuple[Changes, dict[str, str], dict[str, str]]:
        """Of all clusters: the changes since `live`, the commits whose code made them, and why it is not the newest."""
        changes: Changes = {}
        codes: dict[str, str] = {}
        stays: dict[str, str] = {}
        for state in states.values():
            for role in ROLES:
                cluster = state.environment.cluster_name(role)
                made, codes[cluster], why = self._cluster(base, state, role, newest.get(cluster, main), rules)
                changes |= made
                stays |= {cluster: why} if why else {}
        return changes, codes, stays

    def _repairs(
        self, live: str, main: str, changes: Changes, codes: Mapping[str, str], rules: int
    ) -> dict[str, Content]:
        """What makes `releases/` and `manifests/` right at `main`: as they are at `live`, but for these changes."""
        folders = [MANIFESTS] if rules > 2 else [f"{MANIFESTS}/{each}" for each in codes]
        repairs: dict[str, Content] = {}
        for folder in (release_files.ROOT, *folders):
            wanted = {path: text for path, text in changes.items() if path.startswith(f"{folder}/")}
            repairs |= self._differing(live, main, folder, wanted)
        return repairs

    def _unsigned(self, base: Baseline, codes: Mapping[str, str], main: str, kept: Collection[str]) -> Iterator[str]:
        for name in sorted(kept):
            clusters = [base.environments[name].environment.cluster_name(role) for role in ROLES]
            if any(self.sources.digest(codes[each]) != self.sources.digest(main) for each in clusters if each in codes):
                yield f"{name} stays with the code that it has: one of its signers has to publish the newer code"

    def decide(
        self, intent: Intent, baseline: Baseline, observation: Observation | None, now: datetime
    ) -> tuple[EnvironmentState, Outcome]:
        """The state that an operation on top of a baseline changes, and the one that it makes.

        Raises Refused, Conflict, or Problem.
        """
        self._require_published(intent, baseline)
        here = baseline.environments.get(intent.operation.environment)
        cluster = here.environment.cluster_name("apps") if here else ""
        code = baseline.codes.get(cluster, "") if intent.rules > 2 else ""
        specs = self.history.specs(self.history.definitions_at(code) if code else baseline.definitions_at)
        log, stays = Log(self.history, baseline.log, intent.rules), baseline.stays.get(cluster, "")
        facts = gather(intent.operation, baseline.environments, specs, log, observation, stays)
        return facts.here, apply(intent, facts, now)

    def newest(self, intent: Intent, baseline: Baseline) -> Baseline | None:
        """The baseline with the code of `main` for the cluster of an operation, which stays with older code.

        The operation may be what that code waits for: a service is new, and merged together with those that call it.
        None where the cluster does not stay, or where that code does not define it.
        """
        state = baseline.environments.get(intent.operation.environment)
        cluster = state.environment.cluster_name("apps") if state else ""
        why = baseline.stays.get(cluster)
        if state is None or not why or intent.rules < 3 or baseline.definitions_at != baseline.commit:
            return None
        if state.name not in self.sources.definitions(baseline.commit).environments:
            return None
        codes = {**baseline.codes, cluster: baseline.commit}
        stays = {name: each for name, each in baseline.stays.items() if name != cluster}
        unused = tuple(each for each in baseline.unused if each != why)
        return replace(baseline, codes=codes, stays=stays, unused=unused, ahead=True)

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
        old = None if baseline.ahead else self.targets.made(before, "apps", code)
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
        self, base: Baseline, state: EnvironmentState, role: Role, newest: str, rules: int
    ) -> tuple[Changes, str, str]:
        """The changes of a cluster's manifests since `live`, the commit whose code made them, and what to say."""
        cluster = state.environment.cluster_name(role)
        was = base.codes.get(cluster)
        # What was merged before an operation that read no new code may not have been made yet.
        if was is None or (rules > 2 and not self.git.tree_id(base.commit, f"{MANIFESTS}/{cluster}")):
            return self._new_cluster(base, state, role, newest)
        before = self.targets.made(base.environments[state.name], role, was)
        code = was if self.sources.digest(newest) == self.sources.digest(was) else newest
        try:
            return self._changes(base, before, state, role, code), newest, ""
        except Problem as problem:
            note = f"{cluster} stays with the code of {was[:12]}: {problem.sentences[0]}"
        try:
            return self._changes(base, before, state, role, was), was, note
        except Problem:
            return {}, was, note

    def _new_cluster(
        self, base: Baseline, state: EnvironmentState, role: Role, newest: str
    ) -> tuple[Changes, str, str]:
        try:
            return self._changes(base, None, state, role, newest), newest, ""
        except Problem as problem:
            cluster = state.environment.cluster_name(role)
            return {}, newest, f"{cluster} has no manifests yet: {problem.sentences[0]}"

    def _changes(
        self, base: Baseline, before: Target | None, state: EnvironmentState, role: Role, code: str
    ) -> Changes:
        return self.targets.changes(base.commit, before, self.targets.target(state, role, code))
