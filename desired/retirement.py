"""What the retirement of a service means in each environment, before anybody does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from constructs_lib.values import Service

from .legal import position, require
from .model import EnvironmentState, State
from .problems import Refused
from .publisher import Publisher
from .rendering import MANIFESTS
from .verbs.slots import callers, spec_of


@dataclass(frozen=True)
class Plan:
    """One environment's part of it."""

    environment: str
    callers: tuple[str, ...]
    """Services there that depend on it yet."""
    routes: tuple[str, ...]
    """Host names under which people or services reach it."""
    kept: tuple[str, ...]
    """Data that stays: databases and volumes."""
    deleted: tuple[str, ...]
    """Manifests that go away."""
    blocked: str
    """Why it cannot be done now; empty where it can."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def plan(service: str, publisher: Publisher, environments: Mapping[str, EnvironmentState], commit: str) -> list[Plan]:
    """One part for each environment that runs the service, in reverse order of promotion."""
    state = State(commit, environments, publisher.past)
    found = [each for each in environments.values() if service in each.services]
    return [_part(service, publisher, state, each) for each in reversed(found)]


def _part(service: str, publisher: Publisher, state: State, here: EnvironmentState) -> Plan:
    release = here.services[service]
    spec = spec_of(state, release.slots[release.stable], service)
    depending = tuple(callers(service, state, here))
    folder = f"{MANIFESTS}/{here.environment.cluster_name('apps')}"
    slots = tuple(f"{service}-{slot}" for slot in release.slots)
    files = publisher.git.files(state.commit, folder)
    ours = tuple(sorted(path for path in files if path.split("/")[-2] in (service, *slots)))
    return Plan(here.name, depending, _routes(here, spec), _data(spec), ours, _blocked(service, here, depending))


def _blocked(service: str, here: EnvironmentState, depending: tuple[str, ...]) -> str:
    try:
        require("retire", here, service)
    except Refused:
        return f"it is {position(here, service)}"
    return f"{', '.join(depending)} depend on it; deploy versions without it first" if depending else ""


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
