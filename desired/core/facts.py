"""What a decision rests on. `needs` says what an operation needs, `history` gathers it, `apply` decides on it alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from constructs_lib.values import Environment
from constructs_lib.values.data import Json

from .errors import Refused
from .model import EnvironmentState, Observation, Recipe
from .operations import Canary, Deploy, Finalize, Operation, Platform, Promote, Reset, Restore, Undo


class At(NamedTuple):
    """An environment at a commit."""

    environment: str
    commit: str


@dataclass(frozen=True)
class Needs:
    """What has to be looked up before an operation can be decided."""

    specs_at: str = ""
    """The commit whose `apps/` it takes specs from."""
    recipe: At | None = None
    """The recipe that it brings in."""
    state: At | None = None
    """The state that it takes a release from."""
    undone: At | None = None
    """The commit that it takes back: the state after it, and the one before."""
    platform: str = ""
    """The commit that it pins the platform to."""
    stable_in: tuple[str, ...] = ()
    """The environments whose stable images so far count."""
    pinned: bool = False
    """Whether it needs the environment as the code of the platform's pin has it."""

    @property
    def commits(self) -> frozenset[str]:
        """All commits that it names."""
        states = [each.commit for each in (self.recipe, self.state, self.undone) if each]
        return frozenset({self.specs_at, self.platform, *states} - {""})


@dataclass(frozen=True)
class Facts:
    """Plain data. What is not in here plays no part in a decision."""

    here: EnvironmentState
    """The environment that the operation changes, as its files say."""
    running: Mapping[str, frozenset[str]]
    """The services of every environment, in the order of promotion."""
    promoted_from: Mapping[str, str | None]
    """By environment: the one whose recipes enter it."""
    specs: Mapping[str, Json]
    """`apps/` in the code that makes the cluster: specs by service."""
    stays: str = ""
    """Why the cluster stays with older code than that of `main`; empty if it does not."""
    specs_at: Mapping[str, Json] = field(default_factory=dict)
    recipe: Recipe | None = None
    then: EnvironmentState | None = None
    """The state that was asked for: of `Needs.state`, or after the commit of `Needs.undone`."""
    before_then: EnvironmentState | None = None
    """The state before the commit of `Needs.undone`."""
    platform_digests: Mapping[str, str] = field(default_factory=dict)
    """Digests of the platform's code, by the commits that the operation may pin."""
    stable_images: Collection[tuple[str, str, str]] = frozenset()
    """Environment, service and image of all that was stable while no rollout of it was open."""
    pinned: Environment | None = None
    """The environment as the code of the platform's pin has it; None without a pin, or if it cannot be read."""
    observation: Observation | None = None
    """What was seen in the clusters."""

    @property
    def made(self) -> Environment:
        """The environment by which the manifests of the applications' cluster are made."""
        return self.pinned or self.here.environment

    def later(self, environment: str) -> Iterator[str]:
        """The environments that recipes reach from this one, in any number of steps."""
        for name, source in self.promoted_from.items():
            if source == environment:
                yield name
                yield from self.later(name)


def needs(operation: Operation, environment: Environment) -> Needs:
    """What has to be looked up for an operation on an environment."""
    source = environment.promoted_from
    found = Needs(stable_in=(source, environment.name) if source and "tested" in environment.gates else ())
    match operation:
        case Deploy():
            found = replace(found, specs_at=operation.specs_at)
        case Reset():
            found = replace(found, recipe=At(environment.name, operation.to))
        case Promote():
            found = replace(found, recipe=At(operation.source, operation.recipe))
        case Restore():
            found = replace(found, state=At(environment.name, operation.at))
        case Undo():
            found = replace(found, undone=At(environment.name, operation.commit), pinned="ready" in environment.gates)
        case Canary() | Finalize():
            found = replace(found, pinned="ready" in environment.gates)
        case Platform():
            found = replace(found, platform=operation.commit)
    return found


def unknown_environment(name: str, known: Iterable[str]) -> str:
    """The sentence for a name that no environment has."""
    return f"Unknown environment {name!r}. Choose one of {', '.join(known)}"


def known_environment(name: str, known: Mapping[str, object]) -> None:
    """Raises Refused if no environment has this name."""
    if name not in known:
        raise Refused(unknown_environment(name, known))
