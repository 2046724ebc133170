"""What the slots of a service share lies in one set, once, whatever slots there are."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Database, ExternalRoute, Metrics, Port, Problem, Retries, Route, Schedule, Service
from constructs_lib.testing import Object, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, labels_of

_FULL = service(
    ports=(Port.http(8080), Port.grpc(5000)),
    route=Route(retries=Retries()),
    external=ExternalRoute(hosts=("shop",)),
    metrics=Metrics(port=8080),
    database=Database(name="shop", owner="shop"),
    depends_on=("queue",),
)
_QUEUE = service("queue", ports=(Port.tcp(9092),))


def shared(given: Service, **way: Any) -> list[tuple[str, str]]:
    """The kind and name of every object without a slot."""
    objects: list[Object] = render(given, ENV, among=[_QUEUE], **way)
    return sorted(
        (each["kind"], each["metadata"]["name"])
        for each in objects
        if "desired.dev/slot" not in labels_of(each) and each["kind"] != "Kustomization"
    )


_EVERYTHING = [
    ("BackendTrafficPolicy", "greeter"),
    ("BackendTrafficPolicy", "greeter-grpc"),
    ("ExternalSecret", "greeter-database"),
    ("GRPCRoute", "greeter-grpc"),
    ("HTTPRoute", "greeter"),
    ("HTTPRoute", "greeter-external"),
    ("NetworkPolicy", "greeter"),
    ("NetworkPolicy", "greeter-to-queue"),
    ("NetworkPolicy", "queue-from-greeter"),
    ("Service", "greeter"),
    ("Service", "greeter-grpc"),
    ("ServiceMonitor", "greeter"),
]


@pytest.mark.parametrize(
    "way",
    [
        pytest.param({}, id="one version"),
        pytest.param({"candidate": _FULL, "share": 0}, id="share 0"),
        pytest.param({"candidate": _FULL, "share": 40}, id="share 40"),
        pytest.param({"candidate": _FULL, "share": 100}, id="share 100"),
        pytest.param({"candidate": _FULL, "finalized": True}, id="finalized"),
    ],
)
def test_the_slots_share_the_same_objects_at_every_step(way: dict[str, Any]) -> None:
    assert shared(_FULL, **way) == _EVERYTHING


def test_a_rollback_changes_nothing_but_the_routes() -> None:
    def but_routes(share: int) -> list[Object]:
        objects = render(_FULL, ENV, among=[_QUEUE], candidate=_FULL, share=share)
        return [each for each in objects if each["kind"] not in ("HTTPRoute", "GRPCRoute")]

    assert but_routes(40) == but_routes(0)


def test_finalize_changes_no_object_of_a_slot() -> None:
    def slotted(**way: Any) -> list[Object]:
        objects = render(_FULL, ENV, among=[_QUEUE], candidate=_FULL, **way)
        found = [each for each in objects if "desired.dev/slot" in labels_of(each)]
        return sorted(found, key=lambda each: (each["kind"], each["metadata"]["name"]))

    assert slotted(finalized=True) == slotted(share=100)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            service(),
            [("HTTPRoute", "greeter"), ("NetworkPolicy", "greeter"), ("Service", "greeter")],
            id="a plain service",
        ),
        pytest.param(service(route=None), [("NetworkPolicy", "greeter"), ("Service", "greeter")], id="called directly"),
    ],
)
def test_there_is_nothing_that_was_not_asked_for(given: Service, expected: list[tuple[str, str]]) -> None:
    assert shared(given) == expected


def test_a_worker_is_only_closed() -> None:
    kinds = {kind for kind, _ in shared(worker())} - {"Deployment", "ServiceAccount", "PodDisruptionBudget"}
    assert kinds == {"NetworkPolicy"}


@pytest.mark.parametrize(
    ("candidate", "kind"),
    [
        pytest.param(worker("greeter"), "worker", id="a worker"),
        pytest.param(worker("greeter", schedule=Schedule(cron="@daily")), "scheduled-job", id="a job"),
    ],
)
def test_a_service_does_not_change_its_kind_in_a_rollout(candidate: Service, kind: str) -> None:
    with pytest.raises(Problem) as refused:
        render(service(), ENV, candidate=candidate, share=0)
    assert refused.value.sentences == (
        f"greeter is a microservice and would become a {kind} in a rollout. Retire the service first, then deploy it",
    )
