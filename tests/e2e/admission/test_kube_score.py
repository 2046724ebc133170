"""kube-score over every manifest that we ship: it finds nothing that is not excepted here, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

from testbed.programs.build import program
from tests.support.kube_score import Finding, kube_score
from tests.support.shipped import CLUSTERS, objects

Object = dict[str, Any]


class Shown(NamedTuple):
    """A finding, and the object that it is about."""

    cluster: str
    finding: Finding
    object: Object

    def pod(self) -> Object:
        found: Object = self.object["spec"]["template"]["spec"]
        return found


class Excepted(NamedTuple):
    """Findings of one check that we want so: which ones, and why."""

    check: str
    where: Callable[[Shown], bool]
    why: str


def by_digest(it: Shown) -> bool:
    return all("@sha256:" in each["image"] for each in it.pod()["containers"])


def only_cpu(it: Shown) -> bool:
    return set(it.finding.said) == {"CPU limit is not set"}


def writes_within_limits(it: Shown) -> bool:
    containers = [*it.pod()["containers"], *it.pod().get("initContainers", ())]
    scratch = [each["emptyDir"] for each in it.pod().get("volumes", ()) if "emptyDir" in each]
    read_only = [each["securityContext"]["readOnlyRootFilesystem"] for each in containers]
    return all(read_only) and all("sizeLimit" in each for each in scratch)


def liveness_is_more_patient(it: Shown) -> bool:
    def seconds(probe: Object) -> int:
        return int(probe["periodSeconds"]) * int(probe["failureThreshold"])

    probed = [each for each in it.pod()["containers"] if "livenessProbe" in each]
    return all(seconds(each["livenessProbe"]) > 2 * seconds(each["readinessProbe"]) for each in probed)


def without_a_port(it: Shown) -> bool:
    return not any("ports" in each for each in it.pod()["containers"])


def of_proxies(it: Shown) -> bool:
    return it.finding.namespace == "envoy-gateway-system"


def without_customers(it: Shown) -> bool:
    return it.cluster.partition("-")[0] in ("staging", "preprod")


def may_run_alone(it: Shown) -> bool:
    return it.cluster == "staging-apps" and it.finding.name.removesuffix("-blue") in ("frontend", "frontend-proxy")


def called(*names: str) -> Callable[[Shown], bool]:
    return lambda it: it.finding.name.removesuffix("-blue") in names


EXCEPTED = (
    Excepted("container-image-pull-policy", by_digest, "An image by digest is the same wherever it was pulled."),
    Excepted(
        "container-resources",
        only_cpu,
        "A CPU limit throttles a pod while its node idles; requests share the CPU out. Memory has a limit.",
    ),
    Excepted(
        "container-ephemeral-storage-request-and-limit",
        writes_within_limits,
        "The root file system is read-only and every scratch volume has a size limit: there is nothing else to fill.",
    ),
    Excepted(
        "pod-probes-identical",
        liveness_is_more_patient,
        "Both ask the same port, and liveness waits more than twice as long: a busy pod is spared first.",
    ),
    Excepted("pod-probes", without_a_port, "A worker has no port to ask; nobody sends requests to it."),
    Excepted("networkpolicy-targets-pod", of_proxies, "Envoy Gateway makes these pods when it sees the Gateways."),
    Excepted("deployment-replicas", without_customers, "Nobody is hurt when a service of this environment pauses."),
    Excepted("deployment-replicas", called("valkey-cart"), "Its data are in memory: two would hold two truths."),
    Excepted("deployment-replicas", called("load-generator"), "Nobody calls it, and two would double the load."),
    Excepted(
        "deployment-replicas",
        called("flagd"),
        "Each pod has its own flags: a second would answer otherwise.",
    ),
    Excepted(
        "horizontalpodautoscaler-replicas", may_run_alone, "One pod is enough here until somebody tries it under load."
    ),
    Excepted(
        "deployment-has-poddisruptionbudget",
        may_run_alone,
        "A budget for one pod could only block the drain of its node.",
    ),
)


@cache
def shown() -> list[Shown]:
    return [each for cluster in CLUSTERS for each in _of(cluster)]


def _of(cluster: str) -> Iterator[Shown]:
    shipped = {_key(each): each for _, each in objects(cluster)}
    for finding in kube_score(program("kube-score"), shipped.values()):
        yield Shown(cluster, finding, shipped[finding.kind, finding.namespace, finding.name])


def _key(item: Object) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def excepted(it: Shown) -> bool:
    return any(each.check == it.finding.check and each.where(it) for each in EXCEPTED)


def test_kube_score_finds_nothing_that_is_not_excepted() -> None:
    assert [f"{it.cluster}: {it.finding}" for it in shown() if not excepted(it)] == []


@pytest.mark.parametrize("exception", EXCEPTED, ids=lambda each: f"{each.check}: {each.why[:40]}")
def test_no_exception_of_kube_score_is_stale(exception: Excepted) -> None:
    assert any(it.finding.check == exception.check and exception.where(it) for it in shown())


def test_kube_score_looks_at_every_workload() -> None:
    """It has something to say about each: nothing that we ship has a CPU limit."""
    workloads = {
        (cluster, each["metadata"]["name"])
        for cluster in CLUSTERS
        for _, each in objects(cluster)
        if each["kind"] in ("Deployment", "StatefulSet")
    }
    found = {(it.cluster, it.finding.name) for it in shown() if it.finding.check == "container-resources"}
    assert found == workloads
