"""What an operation stands on: the newest `main`, with what is illegal in it put back and what is missing added.

`live` was right. From there the commits of `main` are followed: a legal operation counts, what a person did to
`releases/` does not, and code counts for each cluster as far as it can be synthesized. So nothing that a person
merged ever stands between an operation and `live`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from constructs_lib.environment import Environment, Role
from constructs_lib.synth.units import Request

from . import files, log
from .apply import apply
from .code import Codes, Described
from .gates import takes_traffic_away
from .git import Git
from .model import EnvironmentState, State
from .past import Past
from .problems import Problem
from .rendering import MANIFESTS, Changes, Renderer, Target

ROLES: tuple[Role, ...] = ("ops", "apps")


@dataclass(frozen=True)
class Ground:
    """A commit to stand on, and what has to change in it first."""

    commit: str
    """The newest commit of `main`."""
    environments: Mapping[str, EnvironmentState]
    """The legal states, in the order of promotion."""
    codes: Mapping[str, str]
    """By cluster: the commit whose code makes its manifests, where no pin says otherwise."""
    described_at: str
    """The commit whose `envs/` and `apps/` count."""
    repairs: Changes = field(default_factory=dict)
    """What makes the commit right."""
    said: tuple[str, ...] = ()
    """What people should know about that."""

    def behind(self, codes: Codes) -> dict[str, str]:
        """The clusters that the code of the commit does not make."""
        here = codes.digest(self.commit)
        return {cluster: commit for cluster, commit in sorted(self.codes.items()) if codes.digest(commit) != here}


@dataclass(frozen=True)
class Grounds:
    """Follows `main` from `live`."""

    git: Git
    codes: Codes
    past: Past
    renderer: Renderer

    def at(self, commit: str) -> Ground:
        """A commit that was published: everything in it is right."""
        return self._right(commit, log.older_codes(self.git.message(commit)), self.past.described_at(commit))

    def _right(self, commit: str, behind: Mapping[str, str], described_at: str) -> Ground:
        described = self.codes.described(described_at)
        codes = {
            environment.cluster_name(role): behind.get(environment.cluster_name(role), commit)
            for environment in described.environments.values()
            for role in ROLES
        }
        states = {name: self.past.releases.state(commit, each) for name, each in described.environments.items()}
        return Ground(commit, states, codes, described_at)

    def trailer(self, commit: str, name: str) -> str:
        """A trailer of a commit, or an empty text."""
        return log.trailers(self.git.message(commit)).get(name, "")

    def whole(self, commit: str) -> Changes:
        """All that the code of a commit makes of its releases; None for files that it does not make."""
        ground = self._right(commit, {}, commit)
        changes: Changes = dict.fromkeys(self.git.files(commit, MANIFESTS))
        for state in ground.environments.values():
            for role in ROLES:
                changes |= self._delta(commit, None, state, role, commit)
        return changes

    def follow(self, live: str, main: str, *, hurry: bool = False) -> Ground:
        """The ground at `main`, when `live` was right.

        In a hurry, clusters stay with the code that made them at `live`, so that nothing new is read: the next
        publishing brings it in.
        """
        base = self.at(live)
        if live == main and (hurry or not base.behind(self.codes)):
            return base
        legal, said = self._legal(base, main)
        described_at, problems = (base.described_at, []) if hurry else self.readable(base, main)
        described = self.codes.described(described_at)
        states = {
            name: replace(legal[name], environment=environment) if name in legal else EnvironmentState(environment)
            for name, environment in described.environments.items()
        }
        repairs = dict(self._releases(live, main, base, legal))
        codes: dict[str, str] = {}
        for state in states.values():
            for role in ROLES:
                cluster = state.environment.cluster_name(role)
                newest = base.codes.get(cluster, main) if described_at != main else main
                changes, codes[cluster], more = self._cluster(base, state, role, newest)
                said.extend(more)
                repairs |= self._differing(live, main, f"{MANIFESTS}/{cluster}", changes)
        said.extend(problems)
        return Ground(main, states, codes, described_at, repairs, tuple(dict.fromkeys(said)))

    # What people did to releases/

    def _legal(self, base: Ground, main: str) -> tuple[dict[str, EnvironmentState], list[str]]:
        """The states after the legal operations since; what to say about the rest."""
        states, said = dict(base.environments), list[str]()
        for id_, parent, author, message in self.git.log(base.commit, main):
            paths = self.git.changed_paths(parent, id_, f"{files.ROOT}/")
            if not paths:
                continue
            after = self._replayed(base, states, parent, id_, author.time, message, paths)
            if after:
                states[after.name] = after
            else:
                said.append(_illegal(id_, author.name, paths))
        return states, said

    def _replayed(
        self,
        base: Ground,
        states: Mapping[str, EnvironmentState],
        parent: str,
        commit: str,
        time: int,
        message: str,
        paths: list[str],
    ) -> EnvironmentState | None:
        """The state of the environment that the commit's operation makes, if that is what the commit holds."""
        found = log.recorded(message)
        if found is None:
            return None
        hurried = takes_traffic_away(found.intent.operation)
        described_at = base.described_at if hurried else self.readable(base, parent)[0]
        state = State(described_at, states, self.past)
        try:
            outcome = apply(found.intent, state, found.observed, datetime.fromtimestamp(time, UTC))
        except Problem:
            return None
        changed = files.changed(states[outcome.state.name], outcome.state)
        if sorted(changed) != sorted(paths) or any(self.git.file(commit, p) != text for p, text in changed.items()):
            return None
        return outcome.state

    def _releases(
        self, live: str, main: str, base: Ground, legal: Mapping[str, EnvironmentState]
    ) -> Iterator[tuple[str, str | None]]:
        wanted: Changes = {}
        for name, state in legal.items():
            wanted |= files.changed(base.environments[name], state)
        yield from self._differing(live, main, files.ROOT, wanted).items()

    def _differing(self, live: str, main: str, folder: str, wanted: Changes) -> Changes:
        """What makes a folder at `main` what it is at `live` with some files changed."""
        paths = {*wanted, *self.git.changed_paths(live, main, f"{folder}/")}
        texts = {path: wanted[path] if path in wanted else self.git.file(live, path) for path in paths}
        return {path: text for path, text in sorted(texts.items()) if self.git.file(main, path) != text}

    # What the code makes

    def readable(self, base: Ground, main: str) -> tuple[str, list[str]]:
        """The commit whose `envs/` and `apps/` count at `main`, and what to say where it is an older one."""
        try:
            self.codes.described(main)
        except Problem as problem:
            return base.described_at, [f"the code at {main[:12]} is not used: {problem.sentences[0]}"]
        return main, []

    def _cluster(
        self, base: Ground, state: EnvironmentState, role: Role, newest: str
    ) -> tuple[Changes, str, list[str]]:
        """The changes of a cluster's manifests since `live`, the commit whose code made them, and what to say."""
        cluster = state.environment.cluster_name(role)
        was = base.codes.get(cluster)
        if was is None:
            return self._new_cluster(base, state, role, newest)
        before = self.target(base.environments[state.name], role, was, was)
        code = was if self.codes.digest(newest) == self.codes.digest(was) else newest
        try:
            return self._delta(base.commit, before, state, role, code), newest, []
        except Problem as problem:
            said = f"{cluster} stays with the code of {was[:12]}: {problem.sentences[0]}"
        try:
            return self._delta(base.commit, before, state, role, was), was, [said]
        except Problem:
            return {}, was, [said]

    def _new_cluster(
        self, base: Ground, state: EnvironmentState, role: Role, newest: str
    ) -> tuple[Changes, str, list[str]]:
        cluster = state.environment.cluster_name(role)
        try:
            return self._delta(base.commit, None, state, role, newest), newest, []
        except Problem as problem:
            return {}, newest, [f"{cluster} has no manifests yet: {problem.sentences[0]}"]

    def _delta(self, commit: str, before: Target | None, state: EnvironmentState, role: Role, code: str) -> Changes:
        return self.renderer.delta(commit, before, self.target(state, role, code, code))

    def target(self, state: EnvironmentState, role: Role, code: str, specs_at: str) -> Target:
        """A cluster of an environment in this state, made by the code of a commit, or of the pin."""
        environment = state.environment
        cluster = environment.cluster_name(role)
        if role == "ops":
            return Target(self.codes.code(code), Request(cluster, {}, {}, {}))
        commit = state.platform.commit if state.platform else code
        releases = {name: release.as_file() for name, release in state.services.items()}
        rollouts = {name: rollout.as_file() for name, rollout in state.rollouts.items()}
        specs = self._specs(self.codes.described(specs_at), environment, releases)
        return Target(self.codes.code(commit), Request(cluster, releases, rollouts, specs))

    def _specs(self, described: Described, environment: Environment, names: Iterable[str]) -> Mapping[str, files.Json]:
        if not environment.follows_apps:
            return {}
        return {name: described.specs[name] for name in names if name in described.specs}


def _illegal(commit: str, who: str, paths: list[str]) -> str:
    first = paths[0].removeprefix(f"{files.ROOT}/").removesuffix(".yaml")
    environment, _, service = first.partition("/")
    remedy = f"`desired deploy {service}=… -e {environment}`"
    if service == files.PIN:
        remedy = f"`desired platform TAG -e {environment}`"
    elif service.startswith("rollouts/"):
        remedy = f"`desired canary`, `finalize` or `rollback` with -e {environment}"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"put back {paths[0]}{more}, which {who} changed in {commit[:12]} by hand; use {remedy}"
