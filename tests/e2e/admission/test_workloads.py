"""Applied for real: every workload becomes Available, and budgets and autoscalers hold the pods that they mean."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from testbed.api import Object, Ref
from testbed.bed import Bed
from testbed.process import until
from tests.e2e.admission.running import WORKLOADS, Running, condition, folder, unavailable


def test_every_deployment_and_statefulset_becomes_available(running: Running) -> None:
    assert unavailable(running.api, running.of(*WORKLOADS)) is True
    empty = [folder for folder, pods in running.pods.items() if not pods]
    assert empty == []


def test_pods_of_one_workload_are_spread_over_nodes(running: Running) -> None:
    nodes = {each["metadata"]["name"]: each["spec"]["nodeName"] for each in running.api.list("v1", "Pod")}
    several = {folder: pods for folder, pods in running.pods.items() if len(pods) > 1}
    assert [folder for folder, pods in several.items() if len({nodes[each] for each in pods}) < 2] == []


def test_every_disruption_budget_counts_exactly_the_pods_of_its_slot(running: Running) -> None:
    found, meant = {}, {}
    for path, budget in running.of("PodDisruptionBudget"):
        live = running.api.get(Ref.of(budget))
        assert live
        pods = running.pods[folder(path)]
        meant[path] = (pods, len(pods), len(pods))
        selected = running.selected(budget["metadata"]["namespace"], budget["spec"]["selector"])
        found[path] = (selected, live["status"]["expectedPods"], live["status"]["currentHealthy"])
    assert found == meant


def test_every_disruption_budget_lets_a_node_be_drained(running: Running) -> None:
    budgets = running.api.list("policy/v1", "PodDisruptionBudget")
    assert [each["metadata"]["name"] for each in budgets if each["status"]["disruptionsAllowed"] < 1] == []


def test_every_autoscaler_holds_exactly_the_pods_of_its_slot(running: Running) -> None:
    """There is no metrics server here, so it cannot measure; it finds its target and keeps its minimum."""
    found, meant = {}, {}
    for path, autoscaler in running.of("HorizontalPodAutoscaler"):
        live, reference = running.api.get(Ref.of(autoscaler)), autoscaler["spec"]["scaleTargetRef"]
        assert live
        assert condition(live, "AbleToScale"), live["status"]
        namespace = autoscaler["metadata"]["namespace"]
        target = running.api.get(Ref(reference["apiVersion"], reference["kind"], reference["name"], namespace))
        assert target
        counted = len(running.pods[folder(path)])
        meant[path] = (counted, counted)
        found[path] = (target["spec"]["replicas"], autoscaler["spec"]["minReplicas"])
    assert found == meant


@pytest.fixture(scope="module")
def own(bed: Bed) -> Iterator[Running]:
    """A cluster with the reference service only, to be changed."""
    running = Running.start(bed, "prod-ops")
    with running.cluster:
        yield running


@pytest.fixture(scope="module")
def stuck(own: Running) -> Object:
    """Its Deployment, some time after it got an image that never becomes ready."""
    (_, deployment), *_ = own.of("Deployment")
    broken = copy.deepcopy(deployment)
    broken["spec"]["progressDeadlineSeconds"] = 3
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/never-ready@sha256:" + "0" * 64
    own.api.apply(broken)
    until(lambda: _gave_up(own.api.get(Ref.of(deployment))), "the Deployment says that it makes no progress")
    live = own.api.get(Ref.of(deployment))
    assert live
    return live


def _gave_up(live: Object | None) -> bool:
    assert live
    conditions = live["status"]["conditions"]
    return any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions)


def test_a_version_that_never_becomes_ready_is_not_available_and_says_so(own: Running, stuck: Object) -> None:
    told = {each["type"]: each for each in stuck["status"]["conditions"]}
    assert told["Progressing"]["status"] == "False"
    assert "has timed out progressing" in told["Progressing"]["message"]
    pods = own.api.list("v1", "Pod", stuck["metadata"]["namespace"])
    new = [each for each in pods if "never-ready" in each["spec"]["containers"][0]["image"]]
    assert [condition(each, "Ready") for each in new] == [False] * stuck["status"]["updatedReplicas"] != []


def test_the_old_pods_stay_while_a_new_version_does_not_become_ready(stuck: Object) -> None:
    assert stuck["status"]["availableReplicas"] == stuck["spec"]["replicas"]
    assert condition(stuck, "Available")


def test_a_service_whose_first_version_never_becomes_ready_is_unavailable(own: Running, stuck: Object) -> None:
    first = copy.deepcopy(own.of("Deployment")[0][1])
    first["metadata"]["name"] = "first"
    template = stuck["spec"]["template"]["spec"]["containers"]
    first["spec"]["template"]["spec"]["containers"] = [{**template[0]}]
    for labels in (first["spec"]["selector"]["matchLabels"], first["spec"]["template"]["metadata"]["labels"]):
        labels["app.kubernetes.io/name"] = "first"
    first["spec"]["progressDeadlineSeconds"] = 3
    own.api.apply(first)
    until(lambda: _gave_up_or_new(own.api.get(Ref.of(first))), "the Deployment says that it makes no progress")
    live = own.api.get(Ref.of(first))
    assert live
    told = {each["type"]: each for each in live["status"]["conditions"]}
    assert (told["Available"]["status"], told["Available"]["reason"]) == ("False", "MinimumReplicasUnavailable")
    assert (told["Progressing"]["status"], told["Progressing"]["reason"]) == ("False", "ProgressDeadlineExceeded")


def _gave_up_or_new(live: Object | None) -> bool:
    return bool(live and live.get("status", {}).get("conditions")) and _gave_up(live)
