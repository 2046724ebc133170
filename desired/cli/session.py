"""What all commands share: the repository, the clusters, who asks, and which environment is meant."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from ..core.errors import Problem
from ..core.model import EnvironmentState, Observation
from ..core.operations import Intent, Operation
from ..git import Clone
from ..publish.branches import Branches
from ..publish.publisher import Publisher
from ..publish.result import OperationResult
from .as_typed import Typed
from .choices import Choice, choose, named
from .options import GlobalOptions, OperationOptions


@dataclass(frozen=True)
class Session:
    """An open repository at its newest commit."""

    options: GlobalOptions
    typed: Typed
    publisher: Publisher
    head: str
    """The newest commit of `main`."""
    log: str
    """The newest entry of the log: what runs. The newest commit of `main` if nothing was published."""
    definitions_at: str
    """The commit whose `envs/` and `apps/` count: the newest one, unless its code is broken."""
    environments: Mapping[str, EnvironmentState]
    notes: tuple[str, ...] = ()
    """What is wrong with the branches, which the next publishing repairs."""

    def observe(self, environment: str) -> Observation | None:
        """What the clusters of an environment show; None without a kubeconfig. Raises Problem, Unreachable."""
        kubeconfig = self.options.kubeconfig
        if kubeconfig is None:
            return None
        if not kubeconfig.is_file():
            raise Problem(f"{self.typed.label('kubeconfig')}: there is no file {kubeconfig}. Name a kubeconfig")
        from ..outside.cluster_observer import ClusterObserver  # noqa: PLC0415 - not needed where no cluster is checked
        from ..publish.applied import PublishedCommits  # noqa: PLC0415

        published = PublishedCommits(self.publisher.branches, self.publisher.sources)
        return ClusterObserver(kubeconfig, published).observe(environment)

    def perform(self, operation: Operation, request: OperationOptions, dry_run: bool | None = None) -> OperationResult:
        """Does an operation. Raises Problem, Refused, Conflict or Unreachable."""
        with self.typed.mistakes(actor=self.typed.label("actor") if self.options.actor else "user.name of git config"):
            intent = Intent(
                operation=operation,
                actor=self.actor,
                reason=request.reason,
                expected=self.looked_at(request),
                key=request.key or uuid.uuid4().hex,
                unobserved=request.unobserved,
            )
        return self.publisher.perform(intent, self.observe, request.dry_run if dry_run is None else dry_run)

    def looked_at(self, request: OperationOptions) -> str:
        """The commit that the person looked at. Raises Problem."""
        return self.commit("expected", request.expected) if request.expected else self.head

    def definitions_for(self, request: OperationOptions) -> str:
        """The commit whose `apps/` the person looked at. Raises Problem."""
        expected = request.expected
        return self.publisher.history.definitions_at(self.looked_at(request)) if expected else self.definitions_at

    @property
    def actor(self) -> str:
        """Who asks, as Git writes it."""
        if self.options.actor:
            return self.options.actor
        git = self.publisher.git
        name, email = git.config("user.name"), git.config("user.email")
        if not name or not email:
            raise Problem("Cannot tell who you are: set user.name and user.email with `git config`, or pass --actor")
        return f"{name} <{email}>"

    def commit(self, parameter: str, name: str) -> str:
        """The whole id of a commit, branch or tag that a parameter names. Raises Problem."""
        return self._resolved(parameter, name, name, "commit")

    def entry(self, commit: str) -> str:
        """The newest entry of the log at a commit; the commit itself if nothing was published by then."""
        return self.publisher.history.chain.seen_from(commit, self.log) or commit

    def tag(self, parameter: str, name: str) -> str:
        """The commit of a tag, fetched. Raises Problem, Unreachable."""
        self.publisher.branches.fetch_tag(name)
        return self._resolved(parameter, name, f"refs/tags/{name}", "tag")

    def before(self, parameter: str, commit: str) -> str:
        """The commit before the one that a parameter names. Raises Problem."""
        found = self.publisher.git.resolve(f"{commit}^")
        if found is None:
            label = self.typed.label(parameter)
            raise Problem(f"{label}: {commit[:12]} is the first commit. There is nothing before it; name a later one")
        return found

    def _resolved(self, parameter: str, name: str, reference: str, what: str) -> str:
        label = self.typed.label(parameter)
        try:
            found = self.publisher.git.resolve(reference)
        except Problem:
            raise Problem(f"{label} must be the name of a {what}, got {name!r}. `git log` lists commits") from None
        if found is None:
            raise Problem(f"{label}: there is no {what} {name!r} here. Push or fetch it, or name another one")
        return found

    def environment(self, given: str | None, choice: Choice, parameter: str = "environment") -> EnvironmentState:
        """The environment that was given, or the only one that fits. Raises Problem."""
        if given is not None:
            return named(given, self.typed.label(parameter), self.environments)
        return choose(choice, self.environments)


@contextmanager
def open_session(context: typer.Context, follow: bool = True) -> Iterator[Session]:
    """The repository at its newest commit; without its environments if not asked to follow. Raises Problem."""
    options: GlobalOptions = context.obj
    typed = Typed(context)
    git = _repository(options, typed)
    with Publisher(Branches(git, _remote(options, git, typed))) as publisher:
        head, tip = publisher.looked_at()
        log = tip.commit or head
        if not follow:
            yield Session(options, typed, publisher, head, log, head, {})
            return
        # In a hurry: to look at where things are, nothing is synthesized.
        baseline = publisher.reconciler.follow(log, head, hurry=True)
        definitions_at = publisher.reconciler.readable(baseline, head)[0]
        yield Session(options, typed, publisher, head, log, definitions_at, baseline.environments, tip.notes)


def _repository(options: GlobalOptions, typed: Typed) -> Clone:
    if not options.folder.is_dir():
        raise Problem(f"{typed.label('folder')}: there is no folder {options.folder}. Name a clone of the repository")
    return Clone(options.folder)


def _remote(options: GlobalOptions, git: Clone, typed: Typed) -> str:
    known = git.remotes()
    given, label = options.remote, typed.label("remote")
    if given is None:
        given, label = os.environ.get("DESIRED_REMOTE"), "DESIRED_REMOTE"
    if given is None:
        return "origin" if "origin" in known else ""
    if given and given not in known:
        raise Problem(f"{label}: this clone has no remote {given!r}; it has {', '.join(known) or 'none'}")
    return given
