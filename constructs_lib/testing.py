"""Helpers for unit tests of services and environments: they return rendered objects and rule findings.

def test_checkout_reaches_payment():
    objects = render(SERVICE, ENV, among=[payment.SERVICE])
    assert one(objects, "Deployment")["spec"]["replicas"] == 2
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .node import use_bundled_node
from .plan import Plan
from .units import Component, Request, Unit
from .values import Problem, Service
from .values.data import Json, Object
from .values.environment import Environment, Role

IMAGE = "registry.example.com/image@sha256:" + "1" * 64
"""The image of every version in these tests."""
_SINCE = "2026-01-01T00:00:00Z"


def render(
    service: Service,
    environment: Environment,
    *,
    among: Sequence[Service] = (),
    candidate: Service | None = None,
    share: int = 0,
    finalized: bool = False,
) -> list[Object]:
    """Render a service in an environment in which the services of `among` run too, and return its objects.

    `candidate` is the next spec of the same service. With it, an open rollout gives `share` percent of the traffic to
    the slot `green`. If `finalized` is set, `green` is stable and `blue` is kept. Raises Problem if the service cannot
    be rendered.
    """
    plan = _plan(environment, "apps", [service, *among], candidate, share, finalized=finalized)
    return [each for unit in plan.service_units(service.name) for each in _build(unit, plan)]


def render_platform(
    environment: Environment, role: Role, components: Callable[[Environment, Role], tuple[Component, ...]]
) -> list[Object]:
    """Render the platform of a cluster, and return its objects."""
    plan = _plan(environment, role, [], None, 0, components(environment, role))
    return [each for unit in plan.units() if unit.id.startswith("platform/") for each in _build(unit, plan)]


def findings(
    services: Sequence[Service],
    environment: Environment,
    components: Callable[[Environment, Role], tuple[Component, ...]],
    *,
    candidate: Service | None = None,
    share: int = 0,
    role: Role = "apps",
    change: Callable[[list[Object]], None] | None = None,
) -> list[str]:
    """Return the findings of all rules about a cluster with these services, each as `rule: sentence`.

    `candidate` is the next spec of one of the services, in an open rollout with `share` percent. `change` may add a
    defect to the rendered objects of each unit.
    """
    from .rules.check import cluster_findings, unit_findings  # noqa: PLC0415 - the rules are not needed to render
    from .rules.declarations import facts_of  # noqa: PLC0415
    from .rules.facts import RuleFacts  # noqa: PLC0415

    plan = _plan(environment, role, services, candidate, share, components(environment, role))
    parts = []
    for unit in plan.units():
        objects = _build(unit, plan)
        if change:
            change(objects)
        facts = facts_of(unit, objects)
        parts.append(facts.with_findings(unit_findings(facts)).as_json())
    found = cluster_findings(RuleFacts.joined(parts), environment, role)
    return [f"{finding.rule}: {finding.sentence}" for finding in found]


def one(objects: Iterable[Object], kind: str, name: str | None = None) -> Object:
    """Return the only object of a kind, or of a kind and name. Raises LookupError unless there is exactly one."""
    named = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    if len(named) != 1:
        found = ", ".join(each["metadata"]["name"] for each in named) or "none"
        raise LookupError(f"expected one {kind}{f' {name}' if name else ''}, found {found}")
    return named[0]


def _plan(
    environment: Environment,
    role: Role,
    services: Sequence[Service],
    candidate: Service | None,
    share: int,
    components: tuple[Component, ...] = (),
    finalized: bool = False,
) -> Plan:
    releases = {each.name: _release(each) for each in services}
    rollouts: Json = {}
    if candidate:
        releases[candidate.name]["slots"]["green"] = _version(candidate)
        members = {candidate.name: "green"}
        phase = "finalized" if finalized else "open"
        rollouts["test"] = {"schema": 1, "phase": phase, "share": 100 if finalized else share, "members": members}
        releases[candidate.name]["stable"] = "green" if finalized else "blue"
    request = Request(environment.cluster_name(role), releases if role == "apps" else {}, rollouts, {})
    return Plan(environment, role, request, components)


def _release(service: Service) -> Json:
    return {"schema": 1, "stable": "blue", "slots": {"blue": _version(service)}}


def _version(service: Service) -> Json:
    return {"image": IMAGE, "since": _SINCE, "spec": service.written()}


def _build(unit: Unit, plan: Plan) -> list[Object]:
    use_bundled_node()
    from .build import build  # noqa: PLC0415 - starts node

    return list(build(unit, plan.request.cluster).values())


__all__ = ["IMAGE", "Object", "Problem", "findings", "one", "render", "render_platform"]
