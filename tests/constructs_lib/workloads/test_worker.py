"""A worker: a Deployment without a port, a slot or a route."""

from __future__ import annotations

import pytest

from constructs_lib import Config, Scale, Secret
from constructs_lib.testing import Object, one, render
from tests.support.fleet import worker
from tests.support.rendered import ENV, labels_of, names, pod

_FULL = worker(
    scale=Scale.between(2, 6),
    configs=(Config(name="main", data={"a": "1"}),),
    secrets=(Secret(name="api", keys={"token": "api#token"}),),
)


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return render(_FULL, ENV)


def test_it_is_a_deployment_under_its_own_name(objects: list[Object]) -> None:
    deployment = one(objects, "Deployment", "mailer")
    assert deployment["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": "mailer"}}
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_it_has_what_a_server_has_except_what_reaches_it(objects: list[Object]) -> None:
    assert sorted(each["kind"] for each in objects) == [
        "ConfigMap",
        "Deployment",
        "ExternalSecret",
        "HorizontalPodAutoscaler",
        "Kustomization",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "ServiceAccount",
    ]


def test_nothing_of_it_carries_a_slot(objects: list[Object]) -> None:
    assert not [each for each in (*objects, pod(objects)) if "desired.dev/slot" in labels_of(each)]
    assert not [each for each in objects if each["metadata"]["name"].endswith(("-blue", "-green"))]


def test_a_rollout_does_not_make_a_second_set_of_it() -> None:
    objects = render(_FULL, ENV, candidate=_FULL, share=0)
    assert names(objects, "Deployment") == ["mailer"]
    assert one(objects, "HorizontalPodAutoscaler")["spec"]["minReplicas"] == 2


def test_it_changes_at_finalize() -> None:
    following = _FULL.model_copy(update={"scale": Scale.fixed(5)})
    before = render(_FULL, ENV, candidate=following, share=100)
    after = render(_FULL, ENV, candidate=following, finalized=True)
    assert [one(each, "Deployment")["spec"].get("replicas") for each in (before, after)] == [None, 5]
