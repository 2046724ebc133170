"""A platform repository, read whole: its environments, services and releases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..environment import Environment
from ..values import Problem, Service
from .fleet import Releases, load_environments, load_releases, load_services
from .renderer import Components

Json = dict[str, Any]


@dataclass(frozen=True)
class Fleet:
    """A repository, read: everything that synth depends on, except the code of pinned commits."""

    root: Path
    environments: dict[str, Environment]
    specs: dict[str, Json]
    releases: dict[str, Releases]
    components: Components


def read(root: Path, components: Components) -> Fleet:
    """Read `envs/`, `apps/` and `releases/`. Raises Problem with everything that is wrong in any of them."""
    problems: list[str] = []
    environments: dict[str, Environment] = {}
    services: dict[str, Service] = {}
    releases: dict[str, Releases] = {}
    try:
        environments = load_environments()
    except Problem as problem:
        problems.extend(problem.sentences)
    try:
        services = load_services()
    except Problem as problem:
        problems.extend(problem.sentences)
    if not problems:
        releases = load_releases(root, environments)
    problems.extend(_orphans(environments, services, releases))
    if problems:
        raise Problem(*problems)
    specs = {name: service.written() for name, service in services.items()}
    return Fleet(root, environments, specs, releases, components)


def _orphans(
    environments: dict[str, Environment], services: dict[str, Service], releases: dict[str, Releases]
) -> Iterator[str]:
    for name in environments if releases else ():
        for service in sorted(releases[name].services.keys() - services.keys()):
            yield (
                f"apps/{service.replace('-', '_')}.py is gone, but {service} runs in {name} "
                f"(releases/{name}/{service}.yaml); put the file back, or retire the service first"
            )
