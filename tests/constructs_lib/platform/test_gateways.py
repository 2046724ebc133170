"""The external and the internal Gateway, and their proxies."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import ExternalRoute, Role
from constructs_lib.testing import Object, one, render
from tests.support.fleet import service
from tests.support.platform import PAIR, component


@pytest.fixture(scope="module")
def made() -> list[Object]:
    return component("gateways")


def listener(made: list[Object], gateway: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in one(made, "Gateway", gateway)["spec"]["listeners"] if each["name"] == name]
    return dict(found)


_FROM_SERVICES = {
    "namespaces": {"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
}


def test_the_internal_gateway_listens_for_plain_http(made: list[Object]) -> None:
    assert one(made, "Gateway", "internal")["metadata"]["namespace"] == "gateways"
    assert one(made, "Gateway", "internal")["spec"]["listeners"] == [
        {"name": "http", "port": 8080, "protocol": "HTTP", "allowedRoutes": _FROM_SERVICES}
    ]


def test_the_external_gateway_ends_tls_for_the_domain_of_the_environment(made: list[Object]) -> None:
    assert listener(made, "external", "https") == {
        "name": "https",
        "port": 443,
        "protocol": "HTTPS",
        "hostname": "*.green-field.example.com",
        "tls": {"mode": "Terminate", "certificateRefs": [{"name": "gateway-certificate"}]},
        "allowedRoutes": _FROM_SERVICES,
    }


def test_plain_http_from_outside_is_only_redirected(made: list[Object]) -> None:
    assert listener(made, "external", "http")["allowedRoutes"] == {"namespaces": {"from": "Same"}}
    spec = one(made, "HTTPRoute", "redirect-to-https")["spec"]
    assert spec["parentRefs"] == [{"name": "external", "sectionName": "http"}]
    assert spec["rules"] == [
        {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
    ]


def test_the_certificate_comes_from_the_secret_store(made: list[Object]) -> None:
    spec = one(made, "ExternalSecret", "gateway-certificate")["spec"]
    assert spec["target"]["template"] == {"type": "kubernetes.io/tls"}
    assert spec["data"] == [
        {"secretKey": key, "remoteRef": {"key": "gateways/green-field", "property": key}}
        for key in ("tls.crt", "tls.key")
    ]


@pytest.mark.parametrize(("gateway", "kind"), [("internal", "ClusterIP"), ("external", "LoadBalancer")])
def test_the_service_of_the_proxies_has_a_fixed_name(made: list[Object], gateway: str, kind: str) -> None:
    infrastructure = one(made, "Gateway", gateway)["spec"]["infrastructure"]
    assert infrastructure == {
        "parametersRef": {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": gateway}
    }
    proxies = one(made, "EnvoyProxy", gateway)["spec"]["provider"]["kubernetes"]
    assert proxies["envoyService"] == {"name": gateway, "type": kind}


def test_the_alias_of_a_service_names_the_service_of_the_internal_proxies(made: list[Object]) -> None:
    proxies = one(made, "EnvoyProxy", "internal")["spec"]["provider"]["kubernetes"]["envoyService"]["name"]
    alias = one(render(service(), PAIR), "Service", "greeter")["spec"]
    assert alias["externalName"] == f"{proxies}.envoy-gateway-system.svc.cluster.local"
    assert [each["port"] for each in alias["ports"]] == [listener(made, "internal", "http")["port"]]


@pytest.mark.parametrize(
    ("role", "key", "scaled"),
    [
        pytest.param("apps", "envoyHpa", {"minReplicas": 3, "maxReplicas": 9}, id="apps, between bounds"),
        pytest.param("ops", "envoyDeployment", {"replicas": 1}, id="ops, fixed"),
    ],
)
@pytest.mark.parametrize("gateway", ["internal", "external"])
def test_the_proxies_are_as_many_as_the_cluster_says(
    role: Role, gateway: str, key: str, scaled: dict[str, int]
) -> None:
    proxies = one(component("gateways", role), "EnvoyProxy", gateway)["spec"]["provider"]["kubernetes"]
    assert proxies[key] == scaled
    assert len({"envoyHpa", "envoyDeployment"} & set(proxies)) == 1
    assert proxies["envoyPDB"] == {"maxUnavailable": 1}


def test_the_routes_of_a_service_attach_to_gateways_and_listeners_that_are_there(made: list[Object]) -> None:
    routes = [
        each for each in render(service(external=ExternalRoute(hosts=("shop",))), PAIR) if each["kind"] == "HTTPRoute"
    ]
    assert len(routes) == 2
    for each in routes:
        (parent,) = each["spec"]["parentRefs"]
        gateway = one(made, "Gateway", parent["name"])
        assert gateway["metadata"]["namespace"] == parent["namespace"]
        selector = listener(made, parent["name"], parent["sectionName"])["allowedRoutes"]["namespaces"]["selector"]
        assert selector["matchLabels"]["kubernetes.io/metadata.name"] == each["metadata"]["namespace"]
