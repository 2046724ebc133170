"""The clusters of environments in their states at commits, as the pipeline makes them."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib.values import Role
from constructs_lib.values.data import Json
from constructs_lib.values.release import ReleaseFile

from ..core.errors import Problem
from ..core.model import EnvironmentState
from ..git import Clone
from ..render.inputs import ServiceInput, Target, inputs_of
from ..render.manifests import Changes
from ..render.pipeline import Pipeline
from ..render.source_at_commit import CommitSources

_KEPT = 50_000
"""Files whose contents are kept; all are forgotten together, as identities refer to each other."""


class Targets:
    """Makes targets, and the changes from one to the next. What was worked out once stays known."""

    def __init__(self, git: Clone, sources: CommitSources, pipeline: Pipeline) -> None:
        self._git, self._sources, self._pipeline = git, sources, pipeline
        self._files: dict[int, tuple[ReleaseFile, Json]] = {}
        self._inputs: dict[tuple[int, int], ServiceInput] = {}

    def target(self, state: EnvironmentState, role: Role, code: str) -> Target:
        """A cluster of an environment in this state, made by the code of a commit, or of the pin. Raises Problem."""
        environment = state.environment
        pinned = state.platform.commit if state.platform and role == "apps" else code
        source = self._sources.code(pinned)
        releases = self._as_files(state.releases) if role == "apps" else {}
        rollouts = self._as_files(state.rollouts) if role == "apps" else {}
        specs = self._sources.definitions(code).specs if role == "apps" and environment.follows_apps else {}
        inputs = inputs_of(environment, role, releases, rollouts, specs, self._inputs)
        return Target(source, source.folder.name, inputs)

    def made(self, state: EnvironmentState, role: Role, code: str) -> Target | None:
        """The same for a cluster as it is; None where its code cannot be run any more, as that of a bad pin."""
        try:
            return self.target(state, role, code)
        except Problem:
            return None

    def _as_files(self, values: Mapping[str, ReleaseFile]) -> dict[str, Json]:
        """The contents of the files. The value is kept with its content, so that its identity stays its own."""
        if len(self._files) > _KEPT:
            self._files.clear()
            self._inputs.clear()
        found: dict[str, Json] = {}
        for name, value in values.items():
            kept = self._files.get(id(value))
            if kept is None:
                kept = self._files[id(value)] = (value, value.as_file())
            found[name] = kept[1]
        return found

    def changes(self, commit: str, before: Target | None, after: Target) -> Changes:
        """What a change does to the manifests of a cluster, which at the commit are as `before` makes them.

        Raises Problem with everything that the code or a rule refuses.
        """
        if before and before.key == after.key:
            return {}
        old = self._pipeline.known(before) if before and before.code_key == after.code_key else None
        (new,) = self._pipeline.manifests([after])
        if old:
            return new.changes_from(old)
        return new.changes_from_paths(self._git.files(commit, new.folder))
