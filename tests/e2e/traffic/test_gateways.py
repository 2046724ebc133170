"""The gateways that we ship, as Envoy Gateway and Envoy take them."""

from collections.abc import Iterator

import httpx

from constructs_lib import Port, Service
from constructs_lib.testing import render
from envs.prod import ENV
from testbed.api import Object, Ref
from testbed.gateway import NAMESPACE, Proxy
from testbed.load import LoadTarget
from testbed.process import until
from tests.e2e.traffic.shop import DOMAIN, HTTP_PORT, HTTPS_PORT, INTERNAL_PORT, Shop

_GATEWAY_API = "gateway.networking.k8s.io/v1"
_ENVOY_API = "gateway.envoyproxy.io/v1alpha1"


def _routes(shop: Shop) -> list[Object]:
    return shop.api.list(_GATEWAY_API, "HTTPRoute") + shop.api.list(_GATEWAY_API, "GRPCRoute")


def _conditions(item: Object) -> Iterator[Object]:
    """Those of a route are told by each parent, those of a policy by each ancestor."""
    status = item.get("status", {})
    for told in (status, *status.get("parents", []), *status.get("ancestors", []), *status.get("listeners", [])):
        yield from told.get("conditions", [])


def _holds(item: Object, *kinds: str) -> bool | str:
    """Whether each of these conditions is there, and all that are there are true."""
    found = list(_conditions(item))
    false = [f"{c['type']}: {c['message']}" for c in found if c["status"] != "True"]
    missing = set(kinds) - {condition["type"] for condition in found}
    return ("; ".join([*false, *missing]) and f"{Ref.of(item)}: {false} {missing}") or True


def _ports(proxy: Proxy) -> set[int]:
    return {port["targetPort"] for port in _service(proxy)["spec"]["ports"]}


def _service(proxy: Proxy) -> Object:
    service = proxy.cluster.api.get(proxy.service)
    assert service is not None
    return service


def test_every_route_and_policy_is_accepted_and_every_gateway_programmed(shop: Shop) -> None:
    def refused() -> bool | str:
        found = [_holds(route, "Accepted", "ResolvedRefs") for route in _routes(shop)]
        found += [_holds(p, "Accepted") for p in shop.api.list(_ENVOY_API, "BackendTrafficPolicy")]
        found += [_holds(g, "Accepted", "Programmed") for g in shop.api.list(_GATEWAY_API, "Gateway")]
        found += [_holds(g, "Accepted") for g in shop.api.list(_GATEWAY_API, "GatewayClass")]
        return "\n".join(each for each in found if isinstance(each, str)) or True

    until(refused, "all conditions are true")
    assert len(_routes(shop)) == sum("route-" in path for path in shop.fleet.rendered()) + 1  # the redirect


def test_the_proxies_services_have_the_names_that_aliases_point_to(shop: Shop) -> None:
    assert shop.internal.service == Ref("v1", "Service", "internal", NAMESPACE)
    assert shop.external.service == Ref("v1", "Service", "external", NAMESPACE)
    aliases = {s["spec"]["externalName"] for s in shop.api.list("v1", "Service", "shop") if "externalName" in s["spec"]}
    assert aliases == {f"internal.{NAMESPACE}.svc.cluster.local"}


def test_ports_below_1024_are_10000_higher_in_the_pod_and_network_policies_open_those(shop: Shop) -> None:
    assert _ports(shop.internal) == {INTERNAL_PORT}
    assert _ports(shop.external) == {HTTP_PORT, HTTPS_PORT}
    for name, proxy in (("internal", shop.internal), ("external", shop.external)):
        policy = shop.api.get(Ref("networking.k8s.io/v1", "NetworkPolicy", f"proxies-{name}", NAMESPACE))
        assert policy is not None
        opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        assert opened == _ports(proxy) | {19001}, "and Prometheus reads the metrics of the proxies"


def test_network_policies_select_the_proxies_pods(shop: Shop) -> None:
    for name, proxy in (("internal", shop.internal), ("external", shop.external)):
        labels = proxy.deployment["spec"]["template"]["metadata"]["labels"].items()
        for policy in (f"proxies-{name}", "deny-proxies"):
            found = shop.api.get(Ref("networking.k8s.io/v1", "NetworkPolicy", policy, NAMESPACE))
            assert found is not None
            assert found["spec"]["podSelector"]["matchLabels"].items() <= labels


def test_every_route_answers_from_its_own_service_under_each_of_its_hosts(shop: Shop) -> None:
    wanted: dict[LoadTarget, str] = {}
    for route in _routes(shop):
        service = route["metadata"].get("labels", {}).get("app.kubernetes.io/name", "")
        kind = "grpc" if route["kind"] == "GRPCRoute" else "http"
        for host in route["spec"].get("hostnames", []):
            if host.endswith(DOMAIN):
                wanted[shop.outside(host.removesuffix(f".{DOMAIN}"), kind)] = service
            else:
                plain = shop.inside(service, kind)
                wanted |= {plain._replace(host=name): service for name in (host, f"{host}:{INTERNAL_PORT}")}
    samples = shop.load(100, *wanted, limit=len(wanted)).wait()
    assert [s for s in samples if s.failure] == []
    assert [s.service for s in samples] == list(wanted.values())
    assert len(set(wanted.values())) == len(_routes(shop)) - 2, "frontend-proxy has two; one only redirects"


def test_an_http_route_speaks_http_2_with_a_backend_whose_port_says_so(shop: Shop) -> None:
    """gRPC answers, which need HTTP/2 all the way, though the route is one for HTTP."""
    port = Port.h2c(8080, name="grpc")  # by this name our kubelet starts a server that knows HTTP/2 alone
    service = Service(name="two", owner="team-a", image="registry.example.com/two", ports=(port,))
    objects = render(service, ENV)
    assert "HTTPRoute" in {item["kind"] for item in objects}
    try:
        for item in objects:
            shop.api.apply(item)
        shop.await_slot("two-blue")
        samples = shop.load(100, shop.inside("two", "grpc"), limit=10).wait()
        assert [(s.failure, s.service) for s in samples] == [("", "two")] * 10
    finally:
        for item in objects:
            shop.api.delete(Ref.of(item))


def test_a_host_that_no_route_has_is_not_found(shop: Shop) -> None:
    samples = shop.load(100, shop.inside("nobody"), limit=1).wait()
    assert [s.failure for s in samples] == ["status 404"]


def test_plain_http_from_outside_is_redirected_to_https(shop: Shop) -> None:
    url = f"http://{shop.external.address}:{HTTP_PORT}/cart?id=1"
    answer = httpx.get(url, headers={"Host": f"shop.{DOMAIN}"}, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://shop.{DOMAIN}/cart?id=1")


def test_a_call_ends_at_its_time_out_and_one_without_end_does_not(shop: Shop) -> None:
    """A gRPC route has 15 s by its policy; that of the shop's pages has none, for WebSocket and event streams."""
    slow = (shop.inside("checkout", "grpc", 16), shop.inside("email", "http", 16))
    endless = (shop.outside("shop", "http", 16), shop.outside("shop", "websocket", 16))
    samples = shop.load(10, *slow, *endless, limit=4).wait()
    failures = [s.failure for s in samples]
    assert failures == ["UNAVAILABLE: upstream request timeout", "status 504", "", ""]
    assert all(15 <= s.latency < 16 for s in samples[:2])
    assert all(s.latency >= 16 for s in samples[2:])
