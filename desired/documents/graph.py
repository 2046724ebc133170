"""Draws which service calls which, as a Mermaid flowchart. It reads data only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from constructs_lib.plan import Plan
from constructs_lib.units import SharedInputs
from constructs_lib.values import Dependency, Problem, Service

from ..core.facts import unknown_environment
from ..render.fleet import Fleet
from ..render.inputs import inputs_of
from ..render.work_tree import WorkTree

Running = Mapping[str, Sequence[Service]]
"""Services by name; the spec of each, and after it that of a rollout's second slot."""

_SHAPES = {
    "microservice": ("[", "]"),
    "worker": ("([", "])"),
    "scheduled-job": ("{{", "}}"),
    "stateful": ("[[", "]]"),
}
_STYLES = (
    "classDef tier1 stroke-width:3px",
    "classDef tier2 stroke-width:1px",
    "classDef tier3 stroke-width:1px,stroke-dasharray:4 3",
    "classDef absent stroke:#c00,stroke-dasharray:2 2",
)
_LEGEND = (
    "subgraph legend [Legend]",
    "  legend_a[microservice] -->|direct| legend_b([worker])",
    "  legend_c{{scheduled job}} -.->|through the gateway| legend_d[[stateful]]",
    "  legend_e[tier 1]:::tier1 ~~~ legend_f[tier 2]:::tier2 ~~~ legend_g[tier 3]:::tier3",
    "  legend_h[(database)] ~~~ legend_i[/outside the cluster/] ~~~ legend_j[does not run]:::absent",
    "end",
)


def running_in(fleet: Fleet, root: Path, environment: str | None) -> Running:
    """The services that have a release in an environment, as it has them; all of the repository where none is named.

    Raises Problem.
    """
    tree = WorkTree(fleet, root)
    if environment is None:
        return {name: [service] for name, service in tree.renderer.services.items()}
    if environment not in tree.environments:
        raise Problem(unknown_environment(environment, tree.environments))
    found, files = tree.environments[environment], tree.releases[environment]
    inputs = inputs_of(found, "apps", files.services, files.rollouts, tree.renderer.specs if found.follows_apps else {})
    shared = [unit.inputs for unit in Plan(found, "apps", inputs.request(), ()).units()]
    return {
        each.stable.service.name: [one.service for one in (each.stable, each.candidate) if one]
        for each in shared
        if isinstance(each, SharedInputs)
    }


def draw(running: Running) -> str:
    """A flowchart: services by owner, their databases, whom they call, and how people reach them."""
    lines = ["flowchart LR", *(f"  {line}" for line in (*_LEGEND, *_body(running), *_STYLES))]
    return "\n".join(lines) + "\n"


def _body(running: Running) -> Iterator[str]:
    services = [running[name][0] for name in sorted(running)]
    for owner in sorted({service.owner for service in services}):
        yield f"subgraph {_id('owner', owner)} [{_quoted(owner)}]"
        for service in services:
            if service.owner == owner:
                yield from (f"  {line}" for line in _nodes(service))
        yield "end"
    called = {each.service for specs in running.values() for spec in specs for each in spec.depends_on}
    for name in sorted(called - running.keys()):
        yield f"{_id('service', name)}[{_quoted(name)}]:::absent"
    yield from _from_outside(services)
    for service in services:
        yield from _edges(running[service.name], running)


def _nodes(service: Service) -> Iterator[str]:
    begin, end = _SHAPES[service.kind]
    yield f"{_id('service', service.name)}{begin}{_quoted(service.name)}{end}:::tier{service.tier}"
    if service.database:
        yield f"{_id('database', service.name)}[({_quoted(service.database.name)})]"


def _from_outside(services: Iterable[Service]) -> Iterator[str]:
    external = [(service, service.external) for service in services if service.external]
    if external:
        yield f"people(({_quoted('people outside')}))"
    for service, route in external:
        yield f"people -.->|{_quoted(', '.join(route.hosts))}| {_id('service', service.name)}"


def _edges(specs: Sequence[Service], running: Running) -> Iterator[str]:
    """Of all specs that run; what several of them say is drawn once."""
    caller = _id("service", specs[0].name)
    lines = [line for spec in specs for line in _edges_of(spec, caller, running)]
    yield from dict.fromkeys(lines)


def _edges_of(spec: Service, caller: str, running: Running) -> Iterator[str]:
    for each in sorted(spec.depends_on, key=lambda each: (each.service, each.port or "")):
        arrow = "-.->" if _through_gateway(each, running) else "-->"
        yield f"{caller} {arrow} {_id('service', each.service)}"
    if spec.database:
        yield f"{caller} --> {_id('database', spec.name)}"
    for outside in sorted(spec.outside, key=lambda each: each.name):
        yield f"{caller} --> {_id('outside', outside.name)}[/{_quoted(outside.name)}/]"


def _through_gateway(dependency: Dependency, running: Running) -> bool:
    callee = running.get(dependency.service, [None])[0]
    return callee is not None and callee.port(dependency.port) in callee.routed


def _id(what: str, name: str) -> str:
    """An identifier that is not a Mermaid keyword such as `end`. Names have no underscore, so all are unique."""
    return f"{what}_{name.replace('-', '_')}"


def _quoted(text: str) -> str:
    """Text that Mermaid shows unchanged. Source: Mermaid, Flowcharts, entity codes to escape characters."""
    return '"' + "".join(f"#{ord(ch)};" if ch in '"#<>&`\\' else ch for ch in text) + '"'
