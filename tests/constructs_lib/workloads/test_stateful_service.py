"""A stateful service: a StatefulSet whose claims stay."""

from __future__ import annotations

import pytest

from constructs_lib import Claim, Port, Scale
from constructs_lib.testing import Object, one, render
from tests.support.fleet import environment, service
from tests.support.rendered import ENV, labels_of, pod

_STORE = service(
    "store",
    ports=(Port.tcp(6379),),
    claims=(
        Claim(name="data", path="/data", size="10Gi"),
        Claim(name="log", path="/log", size="1Gi", storage_class="fast"),
    ),
    scale=Scale.fixed(3),
    recommend_resources=True,
)


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return render(_STORE, environment(storage_class="premium"))


def test_it_is_a_stateful_set_under_its_own_name(objects: list[Object]) -> None:
    spec = one(objects, "StatefulSet", "store")["spec"]
    assert (spec["serviceName"], spec["replicas"]) == ("store", 3)
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "store"}}
    assert one(objects, "Service", "store")["spec"]["clusterIP"] == "None"


def test_its_claims_stay_when_it_shrinks_or_goes(objects: list[Object]) -> None:
    policy = one(objects, "StatefulSet")["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert policy == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_each_pod_has_its_own_claims(objects: list[Object]) -> None:
    claims = one(objects, "StatefulSet")["spec"]["volumeClaimTemplates"]
    assert [(each["metadata"]["name"], each["spec"]) for each in claims] == [
        (
            "data",
            {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "premium",
                "resources": {"requests": {"storage": "10Gi"}},
            },
        ),
        (
            "log",
            {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        ),
    ]
    mounts = pod(objects)["spec"]["containers"][0]["volumeMounts"]
    assert [each for each in mounts if each["name"] in ("data", "log")] == [
        {"name": "data", "mountPath": "/data"},
        {"name": "log", "mountPath": "/log"},
    ]


def test_nothing_of_it_carries_a_slot(objects: list[Object]) -> None:
    assert not [each for each in (*objects, pod(objects)) if "desired.dev/slot" in labels_of(each)]


def test_it_is_never_scaled_by_itself_and_never_routed(objects: list[Object]) -> None:
    kinds = {each["kind"] for each in objects}
    assert not {"HorizontalPodAutoscaler", "HTTPRoute", "GRPCRoute", "Deployment"} & kinds
    assert one(objects, "VerticalPodAutoscaler")["spec"]["targetRef"]["kind"] == "StatefulSet"


@pytest.mark.parametrize(("size", "replicas"), [("S", 2), ("M", 2), ("L", 3)])
def test_a_size_that_is_a_range_elsewhere_is_its_smaller_number_here(size: str, replicas: int) -> None:
    given = _STORE.model_copy(update={"scale": size})
    assert one(render(given, ENV), "StatefulSet")["spec"]["replicas"] == replicas


def test_a_rollout_does_not_make_a_second_set_of_it() -> None:
    found = [each for each in render(_STORE, ENV, candidate=_STORE, share=0) if each["kind"] == "StatefulSet"]
    assert [each["metadata"]["name"] for each in found] == ["store"]
