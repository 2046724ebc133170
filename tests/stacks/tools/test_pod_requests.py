"""What the pods of a cluster request."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import DatabaseClass, Pooler
from constructs_lib.values import Problem, Resources
from desired.render.fleet import load_environments
from stacks.tools.pod_requests import ClusterRequests, PodRequests, read, requests
from tests.support.repository import ROOT

GI = 1024**3
NONE = DatabaseClass(resources=Resources(cpu="1m", memory="1Mi"))
ONE = PodRequests(1, Decimal("0.001"), Decimal(1024**2))
"""The one instance of the smallest database, which is always there."""


def of(pods: int, cpu: str, gi: str) -> PodRequests:
    return PodRequests(pods, Decimal(cpu), Decimal(gi) * GI)


def workload(kind: str = "Deployment", name: str = "a", slot: str = "", **spec: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "a"} | ({"desired.dev/slot": slot} if slot else {})
    container = {"name": "a", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {"kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": {"template": template, **spec}}


def autoscaler(name: str, low: int, high: int) -> dict[str, Any]:
    target = {"kind": "Deployment", "name": name}
    spec = {"minReplicas": low, "maxReplicas": high, "scaleTargetRef": target}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def proxy(**kubernetes: Any) -> dict[str, Any]:
    provider = {"type": "Kubernetes", "kubernetes": kubernetes}
    return {"kind": "EnvoyProxy", "metadata": {"name": "external"}, "spec": {"provider": provider}}


@pytest.mark.parametrize(
    ("objects", "least", "peak"),
    [
        pytest.param([], of(0, "0", "0"), of(0, "0", "0"), id="nothing"),
        pytest.param([workload(replicas=3)], of(3, "1.5", "3"), of(3, "1.5", "3"), id="replicas"),
        pytest.param([workload("StatefulSet", replicas=2)], of(2, "1", "2"), of(2, "1", "2"), id="stateful"),
        pytest.param([workload(), autoscaler("a", 2, 6)], of(2, "1", "2"), of(6, "3", "6"), id="autoscaler"),
        pytest.param(
            [workload(slot="blue", replicas=2)], of(2, "1", "2"), of(4, "2", "4"), id="a-slot-alone-counts-as-both"
        ),
        pytest.param(
            [workload(name="a-blue", slot="blue", replicas=2), workload(name="a-green", slot="green", replicas=3)],
            of(5, "2.5", "5"),
            of(5, "2.5", "5"),
            id="both-slots-of-a-rollout",
        ),
        pytest.param(
            [proxy(envoyHpa={"minReplicas": 3, "maxReplicas": 9})],
            of(3, "0.3", "1.5"),
            of(9, "0.9", "4.5"),
            id="proxies-that-grow",
        ),
        pytest.param([proxy(envoyDeployment={"replicas": 2})], of(2, "0.2", "1"), of(2, "0.2", "1"), id="proxies"),
    ],
)
def test_requests_of_pods_are_added_up(objects: list[dict[str, Any]], least: PodRequests, peak: PodRequests) -> None:
    assert requests(objects, NONE) == ClusterRequests(least + ONE, peak + ONE)


def test_a_database_requests_its_instances_and_its_pooler() -> None:
    database = DatabaseClass(instances=3, resources=Resources(cpu="1", memory="4Gi"), pooler=Pooler(instances=2))
    assert requests([], database).least == of(5, "3", "12")


def test_a_cluster_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="manifests/test-apps has no objects that make pods; run `make synth`"):
        read(tmp_path, "test-apps")


def test_all_objects_that_make_pods_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in (each.cluster_name(role) for each in load_environments("envs").values() for role in ("apps", "ops")):
        texts = [file.read_text(encoding="utf-8") for file in (ROOT / "manifests" / name).rglob("*.yaml")]
        making = [text for text in texts if "\n  template:\n" in text and "\n      containers:\n" in text]
        kinds = [each["kind"] for each in read(ROOT, name)]
        assert len(making) == sum(kind in ("Deployment", "StatefulSet", "Job", "CronJob") for kind in kinds)
        assert sum("kind: DaemonSet\n" in text for text in texts) == 0
