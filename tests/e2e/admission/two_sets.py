"""A cluster of ours in the middle of a rollout of everything: two sets of each service that has slots."""

from __future__ import annotations

import copy
from typing import Any

from constructs_lib.node import use_bundled_node
from constructs_lib.plan import Plan
from constructs_lib.units import Request
from desired.render.fleet import load_environments, load_services
from desired.render.work_tree import load_releases
from envs.compose import components
from tests.e2e.admission.running import Shipped
from tests.support.shipped import ROOT

Files = dict[str, dict[str, Any]]


def two_sets(environment: str) -> Shipped:
    """The objects of `<environment>-apps` with an open rollout of every service into its other slot, at share 0."""
    environments = load_environments("envs")
    env, releases = environments[environment], load_releases(ROOT, environments)[environment].services
    specs = {name: each.written() for name, each in load_services("apps").items() if name in releases}
    request = Request(env.cluster_name("apps"), *_moving(releases, specs), specs if env.follows_apps else {})
    use_bundled_node()
    from constructs_lib.build import build

    found = Plan(env, "apps", request, components(env, "apps")).units()
    made = [(unit, list(build(unit, request.cluster).values())) for unit in found]
    cluster = request.cluster
    return [(f"{cluster}/{unit.folder}/{each['kind']}", each) for unit, objects in made for each in objects]


def _moving(releases: Files, specs: Files) -> tuple[Files, Files]:
    both = copy.deepcopy(releases)
    for name, release in both.items():
        version = release["slots"][release["stable"]]
        release["slots"]["green"] = {**version, "spec": version.get("spec", specs[name])}
    rollout = {"schema": 1, "phase": "open", "share": 0, "members": dict.fromkeys(both, "green")}
    return both, {"everything": rollout}
