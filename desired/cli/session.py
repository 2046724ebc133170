"""What all commands share: the repository, the eyes on the clusters, who asks, and which environment is meant."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from constructs_lib.values import sentences

from ..core.errors import Problem
from ..core.model import EnvironmentState, Observation
from ..core.operations import Intent
from ..git import Git
from ..publish.branches import Branches
from ..publish.publisher import Publisher
from ..publish.result import OperationResult

Look = Callable[[str], Observation | None]


@dataclass(frozen=True)
class GlobalOptions:
    """What was said before the command."""

    folder: Path
    remote: str | None
    kubeconfig: Path | None
    actor: str


@dataclass(frozen=True)
class Session:
    """An open repository at its newest commit."""

    settings: GlobalOptions
    publisher: Publisher
    head: str
    definitions_at: str
    """The commit whose `envs/` and `apps/` count: the newest one, unless its code is broken."""
    environments: Mapping[str, EnvironmentState]

    def observe(self, environment: str) -> Observation | None:
        """What can be seen of an environment's clusters. Raises Unreachable."""
        return self.look(environment)

    @property
    def look(self) -> Look:
        """Eyes on the clusters, where there is a kubeconfig."""
        if self.settings.kubeconfig is None:
            return lambda environment: None
        from ..outside.cluster_observer import ClusterObserver  # noqa: PLC0415 - not needed where no cluster is checked
        from ..publish.applied import Published  # noqa: PLC0415

        published = Published(self.publisher.branches, self.publisher.sources)
        return ClusterObserver(self.settings.kubeconfig, published).observe

    def perform(self, operation: Mapping[str, Any], about: Mapping[str, Any], dry_run: bool) -> OperationResult:
        """Does an operation that was given as data. `about` holds reason, key, expected and unobserved."""
        given = {name: value for name, value in about.items() if value not in (None, "")}
        data = {
            "operation": {name: value for name, value in operation.items() if value is not None},
            "actor": self.actor,
            "expected": self.commit(given.pop("expected", self.head)),
            "key": uuid.uuid4().hex,
            **given,
        }
        try:
            intent = Intent.model_validate(data)
        except ValidationError as error:
            raise Problem(*sentences(str(operation["verb"]), error)) from None
        return self.publisher.perform(intent, self.look, dry_run)

    @property
    def actor(self) -> str:
        """Who asks, as Git writes it."""
        if self.settings.actor:
            return self.settings.actor
        git = self.publisher.git
        name, email = git.config("user.name"), git.config("user.email")
        if not name or not email:
            raise Problem("nobody knows who asks; set user.name and user.email with `git config`, or give --actor")
        return f"{name} <{email}>"

    def commit(self, name: str) -> str:
        """The whole id of a commit, branch or tag."""
        found = self.publisher.git.resolve(name)
        if found is None:
            raise Problem(f"there is no commit {name!r} here; run `git fetch`, or name another one")
        return found

    def environment(self, given: str | None, fits: Callable[[EnvironmentState], bool], what: str) -> EnvironmentState:
        """The environment that was named, or the only one that fits."""
        if given is not None:
            if given not in self.environments:
                known = ", ".join(self.environments)
                raise Problem(f"there is no environment {given!r}; there are {known}")
            return self.environments[given]
        found = [state for state in self.environments.values() if fits(state)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(state.name for state in found) or "none"
        raise Problem(f"{what}: {names} could be meant; name the environment with -e")


@contextmanager
def open_session(settings: GlobalOptions, follow: bool = True) -> Iterator[Session]:
    """The repository at its newest commit; without its environments if not asked to follow. Raises Problem."""
    git = Git(settings.folder)
    with Publisher(Branches(git, _remote(settings, git))) as publisher:
        head = publisher.head()
        publisher.index.follow(head)
        at = publisher.branches.live or head
        if not follow:
            yield Session(settings, publisher, head, head, {})
            return
        # In a hurry: to look at where things are, nothing is synthesized.
        baseline = publisher.reconciler.follow(at, head, hurry=True)
        definitions_at = publisher.reconciler.readable(baseline, head)[0]
        yield Session(settings, publisher, head, definitions_at, baseline.environments)


def _remote(settings: GlobalOptions, git: Git) -> str:
    given = settings.remote if settings.remote is not None else os.environ.get("DESIRED_REMOTE")
    if given is None:
        return "origin" if "origin" in git.remotes() else ""
    return given
