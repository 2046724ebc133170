"""Services: of a slot, of the whole, of each stateful pod, and the alias that leads through the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Port, Service
from constructs_lib.testing import one, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, names

_BOTH = (Port.http(8080), Port.grpc(5000))
_CLAIM = (Claim(name="data", path="/data", size="1Gi"),)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(service(), ["greeter", "greeter-blue"], id="routed: an alias and a slot"),
        pytest.param(service(ports=_BOTH), ["greeter", "greeter-blue", "greeter-grpc"], id="two ports: two aliases"),
        pytest.param(service(ports=(Port.grpc(5000),)), ["greeter", "greeter-blue"], id="grpc alone: one alias"),
        pytest.param(service(route=None), ["greeter"], id="without a route: one"),
        pytest.param(service(ports=(Port.tcp(9092),)), ["greeter"], id="tcp: one"),
        pytest.param(service(ports=(Port.tcp(9092),), claims=_CLAIM), ["greeter"], id="stateful: one"),
        pytest.param(worker("greeter"), [], id="a worker: none"),
    ],
)
def test_the_services_of_a_service(given: Service, expected: list[str]) -> None:
    assert names(render(given, ENV), "Service") == expected


@pytest.mark.parametrize("name", ["greeter", "greeter-grpc"])
def test_an_alias_leads_to_the_internal_gateway(name: str) -> None:
    assert one(render(service(ports=_BOTH), ENV), "Service", name)["spec"] == {
        "type": "ExternalName",
        "externalName": "internal.envoy-gateway-system.svc.cluster.local",
        "ports": [{"name": "http", "port": 8080}],
    }


def test_the_service_of_a_slot_selects_its_pods_alone() -> None:
    objects = render(service(), ENV, candidate=service(), share=0)
    for slot in ("blue", "green"):
        spec = one(objects, "Service", f"greeter-{slot}")["spec"]
        assert spec["selector"] == {"app.kubernetes.io/name": "greeter", "desired.dev/slot": slot}
        assert spec["ports"] == [{"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}]


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        pytest.param(Port.http(80), None, id="http"),
        pytest.param(Port.h2c(80), "kubernetes.io/h2c", id="http/2, which an HTTPRoute must be told"),
        pytest.param(Port.grpc(80), None, id="grpc, which a GRPCRoute knows"),
    ],
)
def test_the_gateway_is_told_of_http_2(port: Port, protocol: str | None) -> None:
    (made,) = one(render(service(ports=(port,)), ENV), "Service", "greeter-blue")["spec"]["ports"]
    assert made.get("appProtocol") == protocol


@pytest.mark.parametrize(
    ("way", "slot"), [({}, "blue"), ({"finalized": True}, "green")], ids=["while open", "once finalized"]
)
def test_callers_of_a_service_without_a_route_reach_the_stable_slot(way: dict[str, Any], slot: str) -> None:
    given = service(ports=(Port.tcp(9092), Port.tcp(9093, "admin")))
    spec = one(render(given, ENV, candidate=given, **way), "Service", "greeter")["spec"]
    assert spec["selector"] == {"app.kubernetes.io/name": "greeter", "desired.dev/slot": slot}
    assert [each["port"] for each in spec["ports"]] == [9092, 9093]
    assert "type" not in spec


def test_each_pod_of_a_stateful_service_has_a_name() -> None:
    spec = one(render(service("store", ports=(Port.tcp(6379),), claims=_CLAIM), ENV), "Service", "store")["spec"]
    assert spec["clusterIP"] == "None"
    assert spec["selector"] == {"app.kubernetes.io/name": "store"}
