"""The fleet of a platform repository: its services and environments, read from their packages."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from constructs_lib import Component
from constructs_lib.values import Environment, Problem, Role, Service

from .own_code import said
from .own_reads import BUILTINS

Components = Callable[[Environment, Role], tuple[Component, ...]]


@dataclass(frozen=True)
class Fleet:
    """What a platform repository hands over: where its services and environments are, and its clusters' components.

    Fleet(services="apps", environments="envs", components=components)
    """

    services: str
    """The package whose modules hold one `SERVICE` each."""
    environments: str
    """The package whose modules hold one `ENV` each; modules without one are helpers."""
    components: Components
    """The components of a cluster's platform, by environment and role."""


def load_fleet(fleet: Fleet | str) -> Fleet:
    """The fleet, or the `FLEET` of the module with this name. Raises Problem."""
    if isinstance(fleet, Fleet):
        return fleet
    problems: list[str] = []
    package = fleet.partition(".")[0]
    file = Path(fleet.replace(".", "/") + ".py")
    found: object = None
    with said(Path(package, "__init__.py"), problems):
        _import_package(package)
    if not problems:
        with said(file, problems):
            found = getattr(importlib.import_module(fleet), "FLEET", None)
    if isinstance(found, Fleet):
        return found
    raise Problem(*problems or [f"{file}: must hold one value, FLEET = Fleet(…)"])


def load_environments(package: str) -> dict[str, Environment]:
    """The environments, by name, in the order of promotion. Raises Problem with everything that is wrong.

    An environment is a module with a value `ENV`; the module has the environment's name.
    """
    found: dict[str, Environment] = {}
    problems: list[str] = []
    for name, module in _modules(package, problems):
        value = getattr(module, "ENV", None)
        if value is None:
            continue
        if not isinstance(value, Environment) or value.name.replace("-", "_") != name:
            problems.append(f"{package}/{name}.py: ENV must be an Environment named {name.replace('_', '-')!r}")
            continue
        found[value.name] = value
    for environment in found.values():
        if environment.promoted_from and environment.promoted_from not in found:
            problems.append(
                f"{package}/{environment.name}.py: promoted_from must be one of {', '.join(found)}, "
                f"got {environment.promoted_from!r}"
            )
    if problems:
        raise Problem(*problems)
    return {each.name: each for each in _in_order(found)}


def load_services(package: str) -> dict[str, Service]:
    """The services of a package, by name. Raises Problem with everything that is wrong in any of them."""
    found: dict[str, Service] = {}
    problems: list[str] = []
    for name, module in _modules(package, problems):
        value = getattr(module, "SERVICE", None)
        if not isinstance(value, Service):
            problems.append(f"{package}/{name}.py: must hold one value, SERVICE = Service(…)")
        elif value.name.replace("-", "_") != name:
            problems.append(
                f"{package}/{name}.py: the service is named {value.name!r}. "
                f"Rename the file to {value.name.replace('-', '_')}.py, or the service to {name.replace('_', '-')!r}"
            )
        else:
            found[value.name] = value
    if problems:
        raise Problem(*problems)
    return found


def _modules(package: str, problems: list[str]) -> Iterator[tuple[str, ModuleType]]:
    folder = Path(package)
    if not folder.is_dir():
        problems.append(f"This folder has no {package}/. Run this command in the root of the platform repository")
        return
    with said(folder / "__init__.py", problems):
        _import_package(package)
    for file in [] if problems else sorted(folder.glob("*.py")):
        if file.stem.startswith("_"):
            continue
        module = None
        with said(file, problems):
            module = importlib.import_module(f"{package}.{file.stem}")
        if module:
            yield file.stem, module


def _import_package(package: str) -> None:
    """`python -m envs` imports `envs` before anything else; then it is run again, as own code."""
    module = importlib.import_module(package)
    if vars(module).get("__builtins__", BUILTINS) is not BUILTINS:
        importlib.reload(module)


def components_of(fleet: Fleet, environment: Environment, role: Role) -> tuple[Component, ...]:
    """The components of a cluster's platform. Raises Problem with what is wrong in the code that lists them."""
    problems: list[str] = []
    found: tuple[Component, ...] = ()
    with said(_file_of(fleet.components), problems):
        found = fleet.components(environment, role)
    if problems:
        raise Problem(*problems)
    return found


def _file_of(components: Components) -> Path:
    """The file that defines the function, as people name it."""
    file = Path(getattr(getattr(components, "__code__", None), "co_filename", "envs"))
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _in_order(found: dict[str, Environment]) -> list[Environment]:
    """Sorts sources before the environments promoted from them, and the rest by name."""
    ordered: list[Environment] = []
    waiting = [found[name] for name in sorted(found)]
    while waiting:
        done = {each.name for each in ordered}
        ready = [each for each in waiting if each.promoted_from in (None, *done)]
        if not ready:
            circle = ", ".join(each.name for each in waiting)
            raise Problem(f"envs/: promoted_from forms a cycle through {circle}. Remove it from the first environment")
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered
