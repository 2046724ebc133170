"""Everything is closed, and the gateways are opened: for callers inside, and for people outside."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.testing import Object, one, render
from tests.support.fleet import service
from tests.support.platform import PAIR, component
from tests.support.rendered import labels_of, pod


@pytest.fixture(scope="module")
def policies() -> list[Object]:
    return component("closed")


def policy(policies: list[Object], name: str) -> dict[str, Any]:
    spec: dict[str, Any] = one(policies, "NetworkPolicy", name)["spec"]
    return spec


@pytest.mark.parametrize(
    ("name", "namespace", "pods"),
    [
        pytest.param("deny-services", "shop", {}, id="every pod of the services"),
        pytest.param(
            "deny-proxies",
            "envoy-gateway-system",
            {"matchLabels": {"app.kubernetes.io/managed-by": "envoy-gateway"}},
            id="every proxy",
        ),
    ],
)
def test_what_nobody_opens_is_closed_in_both_directions(
    policies: list[Object], name: str, namespace: str, pods: dict[str, Any]
) -> None:
    assert one(policies, "NetworkPolicy", name)["metadata"]["namespace"] == namespace
    assert policy(policies, name) == {"podSelector": pods, "policyTypes": ["Ingress", "Egress"]}


def ports(rule: dict[str, Any]) -> list[int]:
    return [each["port"] for each in rule["ports"]]


def test_the_internal_gateway_admits_only_pods_that_call_a_routed_service(policies: list[Object]) -> None:
    callers, prometheus = policy(policies, "proxies-internal")["ingress"]
    assert ports(callers) == [8080]
    (peer,) = callers["from"]
    caller = render(service(depends_on=("web",)), PAIR, among=[service("web")])
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "shop"}
    assert peer["podSelector"]["matchLabels"].items() <= labels_of(pod(caller)).items()
    assert not peer["podSelector"]["matchLabels"].items() <= labels_of(pod(render(service(), PAIR))).items()
    assert prometheus["from"][0]["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}


def test_the_external_gateway_admits_everybody_at_the_ports_that_its_pods_have(policies: list[Object]) -> None:
    everybody, _ = policy(policies, "proxies-external")["ingress"]
    assert "from" not in everybody
    # Envoy Gateway moves listener ports below 1024 up by 10000 in the pod.
    assert ports(everybody) == [10080, 10443]


@pytest.mark.parametrize("gateway", ["internal", "external"])
def test_a_proxy_reaches_the_services_its_controller_and_dns_and_nothing_else(
    policies: list[Object], gateway: str
) -> None:
    spec = policy(policies, f"proxies-{gateway}")
    assert spec["podSelector"]["matchLabels"] == {
        "gateway.envoyproxy.io/owning-gateway-name": gateway,
        "gateway.envoyproxy.io/owning-gateway-namespace": "gateways",
    }
    reached = [
        (
            peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
            ports(rule) if "ports" in rule else [],
        )
        for rule in spec["egress"]
        for peer in rule["to"]
    ]
    assert reached == [("shop", []), ("envoy-gateway-system", [18000]), ("kube-system", [53, 53])]


def test_the_gateway_that_a_service_admits_is_the_one_that_is_opened(policies: list[Object]) -> None:
    (rule,) = one(render(service(), PAIR), "NetworkPolicy")["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"] == policy(policies, "proxies-internal")["podSelector"]
    namespace = one(policies, "NetworkPolicy", "proxies-internal")["metadata"]["namespace"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": namespace}
