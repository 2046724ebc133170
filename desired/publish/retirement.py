"""What retiring a service means in each environment, before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from constructs_lib.values import Service
from constructs_lib.values.data import Json

from ..core.errors import Refused
from ..core.facts import Facts
from ..core.invariants import still_called
from ..core.model import EnvironmentState
from ..core.operations import Retire
from ..core.transitions import position, require
from ..core.verbs.slots import callers, spec_of
from ..history.gather import gather
from ..history.history import Log
from ..render.manifests import MANIFESTS
from .publisher import Publisher


@dataclass(frozen=True)
class RetirementStep:
    """One environment's part of it."""

    environment: str
    callers: tuple[str, ...]
    """Services there that still depend on it."""
    routes: tuple[str, ...]
    """Host names under which people or services reach it."""
    kept: tuple[str, ...]
    """Data that stays: databases and volumes."""
    deleted: tuple[str, ...]
    """Manifests that go away."""
    blocked: str
    """Why it cannot be done now; empty if it can."""

    def as_json(self) -> Json:
        """For programs."""
        return asdict(self)


def plan(
    service: str, publisher: Publisher, environments: Mapping[str, EnvironmentState], commit: str
) -> list[RetirementStep]:
    """One part for each environment that runs the service, in reverse order of promotion."""
    history = publisher.history
    log = Log(history, commit)
    steps = []
    for name, state in reversed(list(environments.items())):
        if service in state.releases:
            specs = history.followed(state.environment, commit)
            facts = gather(Retire(environment=name, service=service), environments, specs, log)
            steps.append(_part(service, publisher, facts, commit))
    return steps


def _part(service: str, publisher: Publisher, facts: Facts, commit: str) -> RetirementStep:
    here, release = facts.here, facts.here.releases[service]
    spec = spec_of(facts, release.slots[release.stable], service)
    depending = tuple(callers(service, facts, here))
    folder = f"{MANIFESTS}/{here.environment.cluster_name('apps')}"
    slots = tuple(f"{service}-{slot}" for slot in release.slots)
    files = publisher.git.files(commit, folder)
    ours = tuple(sorted(path for path in files if path.split("/")[-2] in (service, *slots)))
    blocked = _blocked(service, here, depending)
    return RetirementStep(here.name, depending, _routes(here, spec), _data(spec), ours, blocked)


def _blocked(service: str, here: EnvironmentState, depending: tuple[str, ...]) -> str:
    try:
        require("retire", here, service)
    except Refused:
        return f"it is {position(here, service)}"
    return still_called(depending) if depending else ""


def _routes(here: EnvironmentState, spec: Service | None) -> tuple[str, ...]:
    if spec is None or not spec.routed:
        return ()
    inside = f"{spec.name}.{here.environment.namespace}"
    outside = (f"{host}.{here.environment.domain}" for host in spec.external.hosts) if spec.external else ()
    return (inside, *outside)


def _data(spec: Service | None) -> tuple[str, ...]:
    if spec is None:
        return ()
    database = (f"database {spec.database.name}",) if spec.database else ()
    volumes = (f"the volumes of {spec.name}",) if spec.kind == "stateful" else ()
    return database + volumes
