"""A cluster that breaks no rule, rendered once, and copies of it to plant defects in."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib import (
    Claim,
    Config,
    ConfigKey,
    Container,
    Dependency,
    Environment,
    ExternalRoute,
    Metrics,
    Port,
    Resources,
    Role,
    Scale,
    Secret,
    SecretKey,
    Service,
)
from constructs_lib.node import use_bundled_node
from constructs_lib.plan import Plan
from constructs_lib.rules.all_rules import CLUSTER_RULES, UNIT_RULES, rule_id
from constructs_lib.rules.check import cluster_findings, unit_findings
from constructs_lib.rules.declarations import facts_of
from constructs_lib.rules.facts import DeclaredService, Finding, RuleFacts
from constructs_lib.testing import Object, one
from constructs_lib.units import Request
from constructs_lib.values import Database, Permission, Schedule
from desired.render.fleet import load_environments, load_services
from desired.render.work_tree import load_releases
from envs.compose import components
from tests.support.fleet import IMAGE, environment, service, worker
from tests.support.shipped import ROOT

ENV = environment(collector="collector")
WEB = service(
    "web",
    external=ExternalRoute(hosts=("shop",)),
    scale="M",
    metrics=Metrics(port=8080),
    depends_on=("api", "rpc", "store"),
)
API = service(
    "api",
    configs=(Config(name="files", data={"a.yaml": "a: 1"}, mount="/etc/api"),),
    secrets=(Secret(name="token", keys={"token": "api/token#value"}, mount="/etc/token"),),
    env={"MODE": ConfigKey(config="files", key="a.yaml"), "KEY": SecretKey(secret="token", key="token")},
    init=(Container(name="first", image=IMAGE, size=Resources(cpu="1", memory="1Gi")),),
    sidecars=(Container(name="beside", image=IMAGE),),
    database=Database(name="api", owner="api"),
    permissions=(Permission(resources=("configmaps",), verbs=("get",)),),
)
RPC = service("rpc", ports=(Port.grpc(9000),))
STORE = service(
    "store", ports=(Port.tcp(6379),), claims=(Claim(name="data", path="/data", size="1Gi"),), scale=Scale.fixed(2)
)
COLLECTOR = service("collector", ports=(Port.grpc(4317),), route=None, metrics=Metrics(port=8888), telemetry=False)
MAILER = worker("mailer", depends_on=("store",))
NIGHTLY = worker("nightly", schedule=Schedule(cron="0 3 * * *"), depends_on=(Dependency(service="api"),))
SERVICES = (WEB, API, RPC, STORE, COLLECTOR, MAILER, NIGHTLY)
GROUPS = {
    "pods": ("images", "resources", "shutdown", "probes", "security", "plain_secrets"),
    "objects": ("names", "scaling"),
    "traffic": ("traffic", "backends"),
    "references": ("references", "ownership"),
    "network": ("network",),
    "fleet": ("dependencies", "capacity", "patches"),
}
"""The modules of rules that one module of tests plants defects for."""
_SINCE = "2026-01-01T00:00:00Z"


@dataclass
class Planted:
    """The facts of a cluster's units, to be changed at will."""

    parts: list[RuleFacts]
    environment: Environment = ENV
    role: Role = "apps"

    def __repr__(self) -> str:
        return f"Planted({self.environment.name}-{self.role})"

    def copy(self) -> Planted:
        """The same, for one test to change."""
        return Planted(copy.deepcopy(self.parts), self.environment, self.role)

    def objects(self) -> Iterator[Object]:
        """All objects."""
        return (each for part in self.parts for each in part.objects)

    def one(self, kind: str, name: str | None = None) -> Object:
        """The object of a kind and a name."""
        return one(self.objects(), kind, name)

    def pod(self, name: str, kind: str = "Deployment") -> Object:
        """The specification of the pods of a workload."""
        spec = self.one(kind, name)["spec"]
        found: Object = (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]["spec"]
        return found

    def main(self, name: str) -> Object:
        """The main container of a Deployment."""
        found: Object = self.pod(name)["containers"][0]
        return found

    def unit_of(self, kind: str, name: str) -> RuleFacts:
        """The unit that holds an object."""
        return next(
            part
            for part in self.parts
            for each in part.objects
            if (each["kind"], each["metadata"]["name"]) == (kind, name)
        )

    def take_out(self, kind: str, name: str) -> None:
        """Remove an object."""
        self.unit_of(kind, name).objects.remove(self.one(kind, name))

    def twin(self, kind: str, name: str, called: str) -> Object:
        """Add a copy of an object under another name beside it."""
        made = copy.deepcopy(self.one(kind, name))
        made["metadata"]["name"] = called
        self.unit_of(kind, name).objects.append(made)
        return made

    def declared(self, name: str) -> DeclaredService:
        """What a service declared."""
        return next(each for part in self.parts for each in part.services if each["name"] == name)

    def findings(self) -> list[Finding]:
        """What all rules say."""
        parts = [part.with_findings(unit_findings(part)).as_json() for part in self.parts]
        return cluster_findings(RuleFacts.joined(parts), self.environment, self.role)


def cluster(
    services: Sequence[Service] = SERVICES,
    env: Environment = ENV,
    role: Role = "apps",
    *,
    candidate: Service | None = None,
    share: int = 0,
) -> Planted:
    """A cluster with these services; a `candidate` is the next spec of one, in an open rollout."""
    releases: dict[str, Any] = {
        each.name: {"schema": 1, "stable": "blue", "slots": {"blue": _version(each)}} for each in services
    }
    rollouts = {}
    if candidate:
        releases[candidate.name]["slots"]["green"] = _version(candidate)
        rollouts["next"] = {"schema": 1, "phase": "open", "share": share, "members": {candidate.name: "green"}}
    request = Request(env.cluster_name(role), releases if role == "apps" else {}, rollouts, {})
    return _rendered(env, role, request)


def shipped(name: str, role: Role) -> Planted:
    """One of our own clusters."""
    environments = load_environments("envs")
    releases = load_releases(ROOT, environments)[name]
    specs = {name: each.written() for name, each in load_services("apps").items() if name in releases.services}
    env, apps = environments[name], role == "apps"
    request = Request(
        env.cluster_name(role),
        releases.services if apps else {},
        releases.rollouts if apps else {},
        specs if apps and env.follows_apps else {},
    )
    return _rendered(env, role, request)


def _rendered(env: Environment, role: Role, request: Request) -> Planted:
    use_bundled_node()
    from constructs_lib.build import build

    units = Plan(env, role, request, components(env, role)).units()
    parts = [facts_of(unit, list(build(unit, request.cluster).values())) for unit in units]
    return Planted(parts, env, role)


def _version(service: Service) -> dict[str, Any]:
    return {"image": IMAGE, "since": _SINCE, "spec": service.written()}


def found_by(planted: Planted, words: str) -> set[tuple[str, str]]:
    """The rules that find something, and about whom; one of the sentences must hold the words."""
    found = planted.findings()
    assert any(words in each.sentence for each in found), found
    return {(each.rule, each.subject) for each in found}


def rules_of(group: str) -> set[str]:
    """The ids of the rules of a group."""
    rules = (*UNIT_RULES, *CLUSTER_RULES)
    return {rule_id(rule) for rule in rules if rule.__module__.rpartition(".")[2] in GROUPS[group]}
