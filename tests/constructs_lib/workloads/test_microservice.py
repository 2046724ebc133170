"""A microservice: one complete set of objects in a slot, and a second, separate one during a rollout."""

from __future__ import annotations

import pytest

from constructs_lib import Config, Permission, Port, Scale, Secret, Service
from constructs_lib.testing import Object, one, render
from tests.support.fleet import environment, service
from tests.support.rendered import ENV, labels_of, pod, rules

_FULL = service(
    scale=Scale.between(2, 6),
    configs=(Config(name="main", data={"a": "1"}),),
    secrets=(Secret(name="api", keys={"token": "api#token"}),),
    permissions=(Permission(resources=("configmaps",), verbs=("get",)),),
    recommend_resources=True,
)
_NEXT = _FULL.model_copy(update={"size": "L", "env": {"NEW": "1"}})
_PER_SLOT = {
    "ConfigMap",
    "Deployment",
    "ExternalSecret",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
    "Service",
    "ServiceAccount",
    "VerticalPodAutoscaler",
}


@pytest.fixture(scope="module")
def alone() -> list[Object]:
    return render(_FULL, ENV)


@pytest.fixture(scope="module")
def moving() -> list[Object]:
    return render(_FULL, ENV, candidate=_NEXT, share=40)


def of_slot(objects: list[Object], slot: str) -> list[Object]:
    return [each for each in objects if labels_of(each).get("desired.dev/slot") == slot]


def kinds(objects: list[Object]) -> list[str]:
    return sorted(each["kind"] for each in objects)


def test_a_first_version_runs_in_blue(alone: list[Object]) -> None:
    assert kinds(of_slot(alone, "blue")) == sorted(_PER_SLOT)
    assert of_slot(alone, "green") == []


def test_there_is_never_a_deployment_without_a_slot(moving: list[Object]) -> None:
    found = [each["metadata"]["name"] for each in moving if each["kind"] == "Deployment"]
    assert found == ["greeter-blue", "greeter-green"]


@pytest.mark.parametrize("slot", ["blue", "green"])
def test_every_object_of_a_slot_carries_its_name(moving: list[Object], slot: str) -> None:
    names = [each["metadata"]["name"] for each in of_slot(moving, slot)]
    assert names
    assert all(name == f"greeter-{slot}" or name.startswith(f"greeter-{slot}-") for name in names)


def test_during_a_rollout_both_sets_are_complete(moving: list[Object]) -> None:
    assert kinds(of_slot(moving, "blue")) == kinds(of_slot(moving, "green")) == sorted(_PER_SLOT)


def test_the_stable_set_does_not_change_when_a_rollout_begins_but_for_its_peak(
    alone: list[Object], moving: list[Object]
) -> None:
    def settled(objects: list[Object]) -> list[Object]:
        return [each for each in of_slot(objects, "blue") if each["kind"] != "HorizontalPodAutoscaler"]

    assert settled(moving) == settled(alone)


def test_each_set_comes_from_its_own_spec(moving: list[Object]) -> None:
    cpu = [
        pod(moving, f"greeter-{slot}")["spec"]["containers"][0]["resources"]["requests"]["cpu"]
        for slot in ("blue", "green")
    ]
    assert cpu == ["50m", "200m"]


@pytest.mark.parametrize("kind", ["Deployment", "PodDisruptionBudget", "Service"])
def test_the_selectors_of_the_slots_are_disjoint(moving: list[Object], kind: str) -> None:
    def chosen(slot: str) -> dict[str, str]:
        selector = one(moving, kind, f"greeter-{slot}")["spec"]["selector"]
        found: dict[str, str] = selector.get("matchLabels", selector)
        return found

    blue, green = labels_of(pod(moving, "greeter-blue")), labels_of(pod(moving, "greeter-green"))
    assert chosen("blue").items() <= blue.items()
    assert not chosen("blue").items() <= green.items()
    assert chosen("green").items() <= green.items()
    assert not chosen("green").items() <= blue.items()


def test_the_pods_of_a_slot_refer_to_the_objects_of_their_slot_only(moving: list[Object]) -> None:
    assert "green" not in str(pod(moving, "greeter-blue"))
    assert "blue" not in str(pod(moving, "greeter-green"))


def test_a_rolling_update_takes_no_pod_away_before_a_new_one_is_ready(alone: list[Object]) -> None:
    assert one(alone, "Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0},
    }


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(service(), id="http"),
        pytest.param(service(ports=(Port.grpc(5000),)), id="grpc"),
        pytest.param(service(ports=(Port.tcp(9092),)), id="tcp"),
    ],
)
def test_every_kind_of_server_runs_in_a_slot(given: Service) -> None:
    assert one(render(given, ENV), "Deployment")["metadata"]["name"] == "greeter-blue"


def test_the_routes_point_to_services_and_ports_that_are_there(moving: list[Object]) -> None:
    for backend in rules(moving)[0]["backendRefs"]:
        ports = one(moving, "Service", backend["name"])["spec"]["ports"]
        assert backend["port"] in [port["port"] for port in ports]


def test_everything_lies_in_the_namespace_of_the_environment() -> None:
    objects = render(_FULL, environment(namespace="shop"), candidate=_NEXT, share=40)
    assert {each["metadata"]["namespace"] for each in objects} == {"shop", "flux-system"}


def test_each_folder_is_synced_by_itself(moving: list[Object]) -> None:
    paths = [each["spec"]["path"] for each in moving if each["kind"] == "Kustomization"]
    assert paths == [
        "./manifests/test-apps/apps/greeter",
        "./manifests/test-apps/apps/greeter-blue",
        "./manifests/test-apps/apps/greeter-green",
    ]
