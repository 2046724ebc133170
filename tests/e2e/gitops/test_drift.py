"""What somebody does to the cluster by hand comes back as in Git."""

import pytest

from testbed.api import Object, Ref
from testbed.manifests import objects
from testbed.process import until
from testbed.report import Record
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import SHOP, now

_INTERVAL_SECONDS = 30
_LOOK_SECONDS = 1.1 * _INTERVAL_SECONDS + 10
"""An interval with its jitter, and the time that a look takes."""
_CART = Ref("apps/v1", "Deployment", "cart-blue", SHOP)
_ROUTE = Ref("gateway.networking.k8s.io/v1", "HTTPRoute", "frontend", SHOP)
_CANARY = {"frontend-blue": 60, "frontend-green": 40}


@pytest.fixture(scope="module")
def healed(whole_fleet: Fleet) -> dict[Ref, float]:
    """A Deployment is deleted and a route's weights are edited, at once: seconds until each was as in Git."""
    whole_fleet.settle()
    apps = whole_fleet.apps
    before = apps.deployment("cart-blue")
    apps.api.delete(_CART)
    apps.api.merge(_ROUTE, {"spec": {"rules": _all_to_the_canary(apps.api.get(_ROUTE) or {})}})
    assert apps.weights("frontend") == {"frontend-blue": 0, "frontend-green": 100}
    began, seconds = now(), dict[Ref, float]()

    def both() -> bool:
        if _CART not in seconds and _same_pods(apps.deployment("cart-blue"), before):
            seconds[_CART] = now() - began
        if _ROUTE not in seconds and apps.weights("frontend") == _CANARY:
            seconds[_ROUTE] = now() - began
        return len(seconds) == 2

    until(both, "both are as in Git", _LOOK_SECONDS)
    return seconds


def test_a_deleted_deployment_comes_back(healed: dict[Ref, float], whole_fleet: Fleet, record: Record) -> None:
    record.measure("GitOps", "a deleted Deployment is back", healed[_CART], "s", _LOOK_SECONDS)
    assert whole_fleet.apps.deployment("cart-blue")["metadata"]["uid"]


def test_edited_weights_of_a_route_come_back(healed: dict[Ref, float], whole_fleet: Fleet, record: Record) -> None:
    record.measure("GitOps", "edited weights are as in Git", healed[_ROUTE], "s", _LOOK_SECONDS)
    assert whole_fleet.apps.weights("frontend") == _CANARY


def test_the_deleted_namespace_of_the_applications_comes_back_whole(fleet: Fleet, record: Record) -> None:
    wanted = [item for item in objects(fleet.manifests(fleet.apps)) if item["metadata"].get("namespace") == SHOP]
    before = (fleet.apps.api.get(Ref("v1", "Namespace", SHOP)) or {})["metadata"]["uid"]
    fleet.apps.api.delete(Ref("v1", "Namespace", SHOP))
    began = now()
    until(lambda: _namespace(fleet) not in ("", before), "the namespace is a new one", 3 * _LOOK_SECONDS)
    until(lambda: len(fleet.apps.present(wanted)) == len(wanted), "all is there again", 3 * _LOOK_SECONDS, pause=1)
    until(lambda: fleet.apps.weights("frontend") == _CANARY, "the canary is where it was")
    name = f"a deleted namespace is back whole, {len(wanted)} objects"
    record.measure("GitOps", name, now() - began, "s", 3 * _LOOK_SECONDS)


def _all_to_the_canary(route: Object) -> list[Object]:
    rules: list[Object] = route["spec"]["rules"]
    for rule in rules:
        for backend in rule["backendRefs"]:
            backend["weight"] = 100 if backend["name"].endswith("-green") else 0
    return rules


def _same_pods(deployment: Object, before: Object) -> bool:
    return bool(deployment) and all(
        deployment["metadata"]["uid"] != before["metadata"]["uid"] and deployment["spec"][part] == before["spec"][part]
        for part in ("template", "selector", "strategy")
    )


def _namespace(fleet: Fleet) -> str:
    found = fleet.apps.api.get(Ref("v1", "Namespace", SHOP))
    return str(found["metadata"]["uid"]) if found else ""
