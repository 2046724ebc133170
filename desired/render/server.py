"""The renderer: answers requests about one code with plans, files and findings. `python -m envs.render` runs it.

The contract, version 1. A request is one line of JSON:

    {"contract": 1, "do": "plan" | "render" | "check", "cluster": …, "releases": …, "rollouts": …, "specs": …}
    {"contract": 1, "do": "describe"}
    {"contract": 1, "do": "start"}

`render` adds `"units": [id, …]`. `plan` may add `"changed": [service, …]`, to hear only of what a change of these
services' releases and rollouts can touch. `check` adds `"keys": [key of each unit]` and `"facts": {key: facts}`; a
renderer keeps the facts that it was given, and asks for those that it lacks. `start` has no answer: it imports the
constructs while the caller does other work. Only the code of the work tree gets it. Answers are lines, the last one
`{"done": true}` or `{"problems": [sentence, …]}`:

    plan    {"touched": [service, …]}, where it was told what changed
            {"unit": id, "key": digest, "folder": …, "sources": […]}
    render  {"unit": id, "key": digest, "files": {path: text}, "facts": {…}}
    describe    {"environments": [environment, …], "specs": {service: spec}}, in the order of promotion
    check   {"findings": [[rule, subject, sentence], …]}, or {"missing": [key, …]}

A pinned commit's code answers with that commit's rules and constructs, so head never needs to know them.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from constructs_lib.node import use_bundled_node
from constructs_lib.plan import Plan
from constructs_lib.units import Component, PlatformInputs, Request
from constructs_lib.values import Environment, Problem, Role, Service
from constructs_lib.values.data import Json
from constructs_lib.values.environment import ROLES

from . import yaml
from .fingerprint import file_of, is_own, library_digest, own_digest, require_own_modules
from .fleet import Fleet, components_of, load_environments, load_fleet, load_services
from .own_code import said

if TYPE_CHECKING:
    from constructs_lib.rules.check import ClusterCheck
    from constructs_lib.rules.facts import RuleFacts
    from constructs_lib.units import Unit

    Build = Callable[[Unit, str], dict[str, Json]]

CONTRACT = 1


class Renderer:
    """Answers requests about one fleet. It reads the environments once, and keeps the facts."""

    def __init__(self, fleet: Fleet | str, root: Path) -> None:
        self._given, self._root = fleet, root
        self._facts: dict[str, RuleFacts] = {}
        self._checks: dict[str, ClusterCheck] = {}

    @cached_property
    def _fleet(self) -> Fleet:
        return load_fleet(self._given)

    @cached_property
    def environments(self) -> dict[str, Environment]:
        """The environments, in the order of promotion. Raises Problem."""
        return load_environments(self._fleet.environments)

    @cached_property
    def services(self) -> dict[str, Service]:
        """All services, by name. Raises Problem."""
        return load_services(self._fleet.services)

    @cached_property
    def specs(self) -> dict[str, Json]:
        """The services as releases write specs. Raises Problem."""
        return {name: service.written() for name, service in self.services.items()}

    def components(self, environment: Environment, role: Role) -> tuple[Component, ...]:
        """The components of a cluster's platform. Raises Problem."""
        return components_of(self._fleet, environment, role)

    @cached_property
    def _library(self) -> str:
        return library_digest()

    @cached_property
    def _library_and_own(self) -> str:
        return f"{self._library}+{own_digest(self._root)}"

    def library(self, components: Iterable[Component]) -> str:
        """The digest of the library, the tools and, if own components are among these, of the repository's own code."""
        return self._library_and_own if any(map(is_own, components)) else self._library

    def key(self, unit: Unit) -> str:
        """The digest of everything that a unit's output is made from."""
        made_by = [unit.inputs.component] if isinstance(unit.inputs, PlatformInputs) else []
        return unit.key(self.library(made_by))

    def answers(self, request: Json) -> Iterator[Json]:
        """The answers to one request, without the closing line. Raises Problem."""
        if request.get("contract") != CONTRACT:
            raise Problem(
                f"the renderer speaks version {CONTRACT} of its contract, and the request has version "
                f"{request.get('contract')!r}. Move the platform's pin to a newer commit"
            )
        match request["do"]:
            case "describe":
                self.definitions()
                environments = self.environments.values()
                listed = [each.model_dump(mode="json", exclude_defaults=True) for each in environments]
                yield {"environments": listed, "specs": self.specs}
            case "start":
                _import_constructs()
            case "plan":
                yield from self._plan(self._read(request), request)
            case "render":
                yield from self._render(self._read(request), request)
            case "check":
                yield self._check(self._read(request), request)
            case unknown:
                raise Problem(
                    f"the renderer does not know the request {unknown!r}. Move the platform's pin to a newer commit"
                )

    def _read(self, request: Json) -> Plan:
        for environment in self.environments.values():
            for role in ROLES:
                if environment.cluster_name(role) == request["cluster"]:
                    asked = Request(request["cluster"], request["releases"], request["rollouts"], request["specs"])
                    return Plan(environment, role, asked, self.components(environment, role))
        known = ", ".join(sorted(self.environments))
        raise Problem(
            f"no environment has the cluster {request['cluster']!r}. The environments are {known}. "
            f"Add this one to envs/, or remove its releases"
        )

    def definitions(self) -> None:
        """Read environments and services. Raises Problem with all that is wrong in any of them."""
        problems: list[str] = []
        for part in ("environments", "specs"):
            try:
                getattr(self, part)
            except Problem as problem:
                problems.extend(problem.sentences)
        if problems:
            raise Problem(*dict.fromkeys(problems))

    def _plan(self, plan: Plan, request: Json) -> Iterator[Json]:
        touched = plan.touched(request["changed"]) if "changed" in request else None
        if touched is not None:
            yield {"touched": sorted(touched)}
        for unit in plan.units(touched):
            yield {"unit": unit.id, "key": self.key(unit), "folder": unit.folder, "sources": unit.sources}

    def _render(self, plan: Plan, request: Json) -> Iterator[Json]:
        build = _import_constructs()
        from constructs_lib.rules.check import unit_findings  # noqa: PLC0415 - only rendering and checking need rules
        from constructs_lib.rules.declarations import facts_of  # noqa: PLC0415

        for unit in plan.chosen(request["units"]):
            objects, problems = self._built(build, unit, request["cluster"])
            if problems:
                yield {"unit": unit.id, "problems": problems}
                continue
            facts = facts_of(unit, list(objects.values()))
            facts = facts.with_findings(unit_findings(facts))
            header = yaml.header(unit.sources)
            files = {path: header + yaml.dump(each) for path, each in objects.items()}
            yield {"unit": unit.id, "key": self.key(unit), "files": files, "facts": facts.as_json()}

    def _built(self, build: Build, unit: Unit, cluster: str) -> tuple[dict[str, Json], list[str]]:
        """The objects of a unit by path, or what is wrong with it. An own component runs as own code."""
        objects: dict[str, Json] = {}
        problems: list[str] = []
        made_by = unit.inputs.component if isinstance(unit.inputs, PlatformInputs) else None
        own = file_of(made_by) if made_by and is_own(made_by) else None
        try:
            with said(own, problems) if own else nullcontext():
                objects = build(unit, cluster)
            if own:
                require_own_modules(self._root)
        except Problem as problem:
            problems.extend(problem.sentences)
        return objects, problems

    def _check(self, plan: Plan, request: Json) -> Json:
        from constructs_lib.rules.check import ClusterCheck  # noqa: PLC0415 - only rendering and checking need rules
        from constructs_lib.rules.facts import RuleFacts  # noqa: PLC0415

        keys, known = request["keys"], self._facts
        known.update({key: RuleFacts.of_json(facts) for key, facts in request["facts"].items()})
        if missing := [key for key in keys if key not in known]:
            return {"missing": missing}
        if len(known) > 4 * len(keys) + 1000:
            for key in known.keys() - set(keys):
                del known[key]
        check = self._checks.setdefault(request["cluster"], ClusterCheck(plan.environment, plan.role))
        return {"findings": check.findings({key: known[key] for key in keys})}


def _import_constructs() -> Build:
    """The function that builds a unit. The first call starts node, which `plan` and `check` do without."""
    use_bundled_node()
    from constructs_lib.build import build  # noqa: PLC0415

    return build


def serve(fleet: Fleet | str) -> None:
    """Answers requests on standard input until there are no more.

    A fleet that is named by its module, as `serve("envs.compose")`, is read with the first request. What is wrong
    with that module is then answered in a sentence.
    """
    # A first check makes millions of small objects that all stay; looking through them for garbage takes as long
    # as the check. The process is replaced after some units, so that what is garbage stays little.
    gc.disable()
    answer_lines(Renderer(fleet, Path.cwd()), *channel())


def channel() -> tuple[TextIO, TextIO]:
    """Requests and answers. What libraries print goes to standard error, so that it cannot mix in."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    return sys.stdin, out


def answer_lines(renderer: Renderer, requests: TextIO, out: TextIO) -> None:
    """Answer one request a line, each with a closing line."""
    for line in requests:
        try:
            for answer in renderer.answers(json.loads(line)):
                out.write(json.dumps(answer) + "\n")
            last: Json = {"done": True}
        except Problem as problem:
            last = {"problems": list(problem.sentences)}
        out.write(json.dumps(last) + "\n")
        out.flush()
