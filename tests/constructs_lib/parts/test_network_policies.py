"""Network policies: exactly what was declared is open, in both directions, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Container, Database, Dependency, ExternalRoute, Metrics, Outside, Port, Service
from constructs_lib.testing import Object, one, render
from tests.support.fleet import IMAGE, environment, service, worker
from tests.support.rendered import ENV, labels_of, names, pod

_HTTP = service("web")
_TCP = service("queue", ports=(Port.tcp(9092), Port.tcp(9093, "admin")))
_UNROUTED = service("flags", ports=(Port.grpc(8013),), route=None)
_STATEFUL = service("store", ports=(Port.tcp(6379),), claims=(Claim(name="data", path="/data", size="1Gi"),))
_COLLECTOR = service("collector", ports=(Port.grpc(4317), Port.http(4318)), route=None, telemetry=False)
_EVERYONE = (_HTTP, _TCP, _UNROUTED, _STATEFUL)

Opening = tuple[str, str, tuple[str, ...]]
"""Namespace or address range, the pods in it, and the ports."""
_DNS = ("kube-system", "kube-dns", ("UDP/53", "TCP/53"))
_GATEWAY = ("envoy-gateway-system", "internal", ("TCP/8080",))
_EXTERNAL = ("envoy-gateway-system", "external")
_POSTGRES = ("databases", "postgres", ("TCP/5432",))
_LABELS = ("app.kubernetes.io/name", "gateway.envoyproxy.io/owning-gateway-name", "k8s-app", "cnpg.io/cluster")


def openings(policies: list[Object], direction: str, of: str | None = None) -> list[Opening]:
    """What the policies open for the pods of a service, each rule in short, exactly."""
    found: list[Opening] = []
    for policy in policies:
        selected = policy["spec"]["podSelector"]["matchLabels"]
        if policy["kind"] != "NetworkPolicy" or selected != {
            "app.kubernetes.io/name": of or policies[0]["metadata"]["name"]
        }:
            continue
        for rule in policy["spec"].get(direction, []):
            assert sorted(rule) == sorted([{"egress": "to", "ingress": "from"}[direction], "ports"])
            ports = tuple(f"{each['protocol']}/{each['port']}" for each in rule["ports"])
            found += [(*_peer(peer), ports) for peer in rule.get("to", rule.get("from"))]
    return sorted(found)


def _peer(peer: dict[str, Any]) -> tuple[str, str]:
    if "ipBlock" in peer:
        return peer["ipBlock"]["cidr"], ""
    (label,) = [peer["podSelector"]["matchLabels"][key] for key in _LABELS if key in peer["podSelector"]["matchLabels"]]
    return peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], label


def policies(given: Service, *among: Service, **fields: Any) -> list[Object]:
    return [each for each in render(given, ENV, among=among, **fields) if each["kind"] == "NetworkPolicy"]


@pytest.mark.parametrize(
    ("declared", "egress"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"depends_on": ("web",)}, [_GATEWAY], id="a routed dependency"),
        pytest.param(
            {"depends_on": ("queue",)}, [("apps", "queue", ("TCP/9092",))], id="a direct one, at its first port"
        ),
        pytest.param(
            {"depends_on": (Dependency(service="queue", port="admin"),)},
            [("apps", "queue", ("TCP/9093",))],
            id="a direct one, at a named port",
        ),
        pytest.param(
            {"depends_on": ("queue", Dependency(service="queue", port="admin"))},
            [("apps", "queue", ("TCP/9092", "TCP/9093"))],
            id="two ports of one",
        ),
        pytest.param({"depends_on": ("flags",)}, [("apps", "flags", ("TCP/8013",))], id="one without a route"),
        pytest.param({"depends_on": ("store",)}, [("apps", "store", ("TCP/6379",))], id="a stateful one"),
        pytest.param(
            {"depends_on": ("web", "store")},
            [("apps", "store", ("TCP/6379",)), _GATEWAY],
            id="a routed and a direct one",
        ),
        pytest.param({"depends_on": ("absent",)}, [], id="one that does not run here"),
        pytest.param({"database": Database(name="shop", owner="shop")}, [_POSTGRES], id="a database"),
        pytest.param(
            {"outside": (Outside(name="bank", cidrs=("203.0.113.0/24", "198.51.100.7/32"), ports=(443, 8443)),)},
            [("198.51.100.7/32", "", ("TCP/443", "TCP/8443")), ("203.0.113.0/24", "", ("TCP/443", "TCP/8443"))],
            id="destinations outside",
        ),
        pytest.param({"metrics": Metrics(port=9464)}, [], id="metrics"),
    ],
)
def test_a_service_reaches_dns_and_what_it_declared(declared: dict[str, Any], egress: list[Opening]) -> None:
    found = openings(policies(service(**declared), *_EVERYONE), "egress")
    assert found == sorted([_DNS, *egress])


@pytest.mark.parametrize(
    ("given", "ingress"),
    [
        pytest.param(service(), [("envoy-gateway-system", "internal", ("TCP/8080",))], id="a routed service"),
        pytest.param(
            service(ports=(Port.http(8080), Port.grpc(5000))),
            [("envoy-gateway-system", "internal", ("TCP/5000", "TCP/8080"))],
            id="two routed ports",
        ),
        pytest.param(
            service(external=ExternalRoute(hosts=("shop",))),
            [(*_EXTERNAL, ("TCP/8080",)), ("envoy-gateway-system", "internal", ("TCP/8080",))],
            id="reached from outside",
        ),
        pytest.param(service(route=None), [], id="called directly"),
        pytest.param(worker("greeter"), [], id="a worker"),
        pytest.param(
            worker("greeter", metrics=Metrics(port=9464)), [("monitoring", "prometheus", ("TCP/9464",))], id="measured"
        ),
        pytest.param(
            service(metrics=Metrics(port=8080)),
            [("envoy-gateway-system", "internal", ("TCP/8080",)), ("monitoring", "prometheus", ("TCP/8080",))],
            id="routed and measured",
        ),
    ],
)
def test_a_service_admits_gateways_and_prometheus_where_they_must(given: Service, ingress: list[Opening]) -> None:
    assert openings(policies(given, *_EVERYONE), "ingress") == ingress


def test_the_policy_of_a_service_closes_both_directions() -> None:
    policy = one(policies(worker()), "NetworkPolicy", "mailer")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy["spec"]


def test_both_directions_of_a_direct_call_lie_with_the_caller() -> None:
    found = policies(service(depends_on=("queue",)), _TCP)
    assert names(found, "NetworkPolicy") == ["greeter", "greeter-to-queue", "queue-from-greeter"]
    admitted = one(found, "NetworkPolicy", "queue-from-greeter")["spec"]
    assert admitted["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "queue"}
    assert admitted["policyTypes"] == ["Ingress"]
    assert openings(found, "ingress", "queue") == [("apps", "greeter", ("TCP/9092",))]


def test_the_folder_of_the_one_that_is_called_does_not_change_with_its_callers() -> None:
    assert policies(_TCP, service(depends_on=("queue",))) == policies(_TCP)


@pytest.mark.parametrize(
    ("depends_on", "label"),
    [
        pytest.param(("web",), "internal", id="a routed dependency"),
        pytest.param(("queue",), None, id="a direct one"),
        pytest.param((), None, id="none"),
        pytest.param(("absent",), None, id="one that does not run here"),
    ],
)
def test_only_callers_of_routed_services_carry_the_label_that_the_gateway_admits(
    depends_on: tuple[str, ...], label: str | None
) -> None:
    template = pod(render(service(depends_on=depends_on), ENV, among=_EVERYONE))
    assert labels_of(template).get("desired.dev/calls-gateway") == label


_COLLECTED = environment(collector="collector")


@pytest.mark.parametrize(
    ("given", "collector", "egress"),
    [
        pytest.param(service(), _COLLECTOR, [("apps", "collector", ("TCP/4317",))], id="directly"),
        pytest.param(service(telemetry=False), _COLLECTOR, [], id="not without telemetry"),
        pytest.param(service(), None, [], id="not where none runs"),
        pytest.param(service(), service("collector", ports=(Port.grpc(4317),)), [_GATEWAY], id="through the gateway"),
    ],
)
def test_the_collector_is_reached(given: Service, collector: Service | None, egress: list[Opening]) -> None:
    objects = render(given, _COLLECTED, among=[collector] if collector else [])
    found = [each for each in objects if each["kind"] == "NetworkPolicy"]
    assert openings(found, "egress") == sorted([_DNS, *egress])
    assert ("desired.dev/calls-gateway" in labels_of(pod(objects))) == (_GATEWAY in egress)


def test_the_collector_does_not_reach_itself() -> None:
    found = [each for each in render(_COLLECTOR, _COLLECTED) if each["kind"] == "NetworkPolicy"]
    assert names(found, "NetworkPolicy") == ["collector"]


_BEFORE = service(
    depends_on=("queue",), metrics=Metrics(port=9464), outside=(Outside(name="bank", cidrs=("203.0.113.0/24",)),)
)
_AFTER = service(
    ports=(Port.http(9090),),
    depends_on=(Dependency(service="queue", port="admin"), "web"),
    database=Database(name="shop", owner="shop"),
    external=ExternalRoute(hosts=("shop",)),
    outside=(Outside(name="bank", cidrs=("198.51.100.0/24",)),),
)


@pytest.mark.parametrize("way", [{"share": 0}, {"share": 40}, {"finalized": True}], ids=["0", "40", "finalized"])
def test_during_a_rollout_both_versions_may_do_what_they_need(way: dict[str, Any]) -> None:
    found = policies(_BEFORE, *_EVERYONE, candidate=_AFTER, **way)
    assert openings(found, "egress") == sorted(
        [
            _DNS,
            _GATEWAY,
            _POSTGRES,
            ("apps", "queue", ("TCP/9092", "TCP/9093")),
            ("203.0.113.0/24", "", ("TCP/443",)),
            ("198.51.100.0/24", "", ("TCP/443",)),
        ]
    )
    assert openings(found, "ingress") == [
        (*_EXTERNAL, ("TCP/8080", "TCP/9090")),
        ("envoy-gateway-system", "internal", ("TCP/8080", "TCP/9090")),
        ("monitoring", "prometheus", ("TCP/9464",)),
    ]


def test_a_port_of_a_sidecar_is_not_open_by_itself() -> None:
    beside = Container(name="proxy", image=IMAGE, ports=(Port.http(15000, "admin"),))
    assert openings(policies(service(sidecars=(beside,))), "ingress") == openings(policies(service()), "ingress")
