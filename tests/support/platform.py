"""The platform of both clusters of an environment whose name ours do not have."""

from __future__ import annotations

from constructs_lib import Cluster, Component, Environment, Git, Quota, Reference, Role, Scale
from constructs_lib.testing import Object, render_platform
from envs.compose import components
from tests.support.fleet import IMAGE, environment, service

ROLES: tuple[Role, ...] = ("apps", "ops")
PAIR = environment(
    "green-field",
    namespace="shop",
    git=Git(url="https://git.example.com/fleet.git", interval_seconds=30, signers="keys"),
    certificate="gateways/green-field",
    alert_address="pager",
    apps=Cluster(quota=Quota(cpu="64", memory="128Gi", pods=400), gateway_replicas=Scale.between(3, 9)),
    ops=Cluster(
        quota=Quota(cpu="2", memory="4Gi", pods=20, storage="10Gi"),
        gateway_replicas=Scale.fixed(1),
        reference=Reference(service=service("probe"), image=IMAGE),
    ),
)


def component(name: str, role: Role = "apps", env: Environment = PAIR) -> list[Object]:
    """The objects of one component of a cluster, without those that sync it."""

    def only(environment: Environment, role: Role) -> tuple[Component, ...]:
        return tuple(each for each in components(environment, role) if each.name == name)

    return [each for each in render_platform(env, role, only) if each["kind"] != "Kustomization"]


def whole(role: Role, env: Environment = PAIR) -> list[Object]:
    """All objects of a cluster's platform."""
    return render_platform(env, role, components)
