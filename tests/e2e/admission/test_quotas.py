"""Quotas hold two sets of every service at its peak, while all are updated too, and no pod above what they say."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal

import pytest

from constructs_lib.rules.resources import quantity
from testbed.api import ApiError, Object, Ref
from testbed.bed import Bed
from testbed.process import until
from testbed.report import Record
from tests.e2e.admission.running import WORKLOADS, Running, unavailable
from tests.e2e.admission.two_sets import two_sets


@pytest.fixture(scope="module")
def rollout(bed: Bed) -> Iterator[Running]:
    """prod-apps with both slots of every service, each at its peak."""
    with bed.cluster("prod-two-sets") as cluster:
        running = Running(cluster, two_sets("prod"))
        running.settle()
        yield running


def test_both_slots_of_every_routed_service_run_at_their_peak(rollout: Running) -> None:
    routed = {each["metadata"]["name"] for _, each in rollout.of("Service") if each["spec"].get("externalName")}
    slots = {name.rpartition("-")[0] for name in rollout.pods if name.endswith("-green")}
    assert {name.removesuffix("-grpc") for name in routed} <= slots
    for _, autoscaler in rollout.of("HorizontalPodAutoscaler"):
        deployment = rollout.api.get(Ref("apps/v1", "Deployment", autoscaler["metadata"]["name"], _namespace(rollout)))
        assert deployment
        assert deployment["status"]["availableReplicas"] == autoscaler["spec"]["maxReplicas"]


def test_the_quota_admits_all_pods_of_two_sets(rollout: Running, record: Record) -> None:
    status, pods = _quota(rollout)["status"], sum(map(len, rollout.pods.values()))
    refused = [each["message"] for each in rollout.api.list("v1", "Event") if "exceeded quota" in each["message"]]
    assert refused == []
    assert _left(status).keys() == {"pods", "requests.cpu", "requests.memory", "requests.storage", "limits.memory"}
    assert [name for name, left in _left(status).items() if left < 0] == []
    record.measure("Admission", "prod-apps: pods of two sets at their peak", pods, "pods")


def test_the_quota_admits_the_update_of_all_pods_at_once(rollout: Running) -> None:
    """Two sets, and the pods that a rolling update of each Deployment adds."""
    for _, deployment in rollout.of("Deployment"):
        change = {"spec": {"template": {"metadata": {"annotations": {"desired.dev/updated": "once"}}}}}
        rollout.api.merge(Ref.of(deployment), change)
    until(lambda: unavailable(rollout.api, rollout.of(*WORKLOADS)), "everything is updated", seconds=180, pause=0.25)
    exceeded = [each["message"] for each in rollout.api.list("v1", "Event") if "exceeded quota" in each["message"]]
    assert exceeded == []


@pytest.mark.parametrize("resource", ["memory", "cpu"])
def test_a_pod_over_the_quota_is_refused_and_one_that_just_fits_is_not(rollout: Running, resource: str) -> None:
    until(lambda: _counted(rollout), "the quota has counted the pods of the update")
    left = min(left for name, left in _left(_quota(rollout)["status"]).items() if name.endswith(resource))
    unit = Decimal(2**20) if resource == "memory" else Decimal("0.001")
    rollout.api.apply(_pod(rollout, resource, left), dry_run=True)
    with pytest.raises(ApiError, match="exceeded quota: services"):
        rollout.api.apply(_pod(rollout, resource, left + unit), dry_run=True)


def _counted(rollout: Running) -> bool | str:
    pods, used = rollout.api.list("v1", "Pod", _namespace(rollout)), _quota(rollout)["status"]["used"]["pods"]
    alive = [each for each in pods if "deletionTimestamp" not in each["metadata"]]
    return len(alive) == len(pods) == int(used) or f"{len(pods)} pods, {len(alive)} to stay, {used} counted"


def _namespace(rollout: Running) -> str:
    namespace: str = _quota(rollout)["metadata"]["namespace"]
    return namespace


def _quota(rollout: Running) -> Object:
    (found,) = rollout.api.list("v1", "ResourceQuota")
    return found


def _left(status: Object) -> dict[str, Decimal]:
    """What is not used yet of each resource that the quota names."""
    return {name: _amount(hard) - _amount(status["used"][name]) for name, hard in status["hard"].items()}


def _amount(text: str) -> Decimal:
    found = quantity(text)
    assert found is not None, text
    return found


def _pod(rollout: Running, resource: str, amount: Decimal) -> Object:
    """A pod as a service's, that asks for so much."""
    template = copy.deepcopy(rollout.of("Deployment")[0][1]["spec"]["template"])
    template["spec"]["containers"] = template["spec"]["containers"][:1]
    template["spec"].pop("initContainers", None)
    reserved = template["spec"]["containers"][0]["resources"]
    asked = f"{int(amount)}" if resource == "memory" else f"{int(amount * 1000)}m"
    for part in ("requests", "limits") if resource == "memory" else ("requests",):
        reserved[part][resource] = asked
    meta = {**template["metadata"], "name": "one-more", "namespace": _namespace(rollout)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
