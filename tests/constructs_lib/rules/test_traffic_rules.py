"""Rules about traffic bite: each defect, planted in routes and Services that break no rule, is found by one alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib.testing import Object
from tests.support.planted import Planted, found_by, rules_of

Plant = Callable[[Planted], object]


def spec(it: Planted, name: str = "api", kind: str = "HTTPRoute") -> Object:
    found: Object = it.one(kind, name)["spec"]
    return found


def parent(it: Planted) -> Object:
    found: Object = spec(it)["parentRefs"][0]
    return found


def backend(it: Planted) -> Object:
    found: Object = spec(it)["rules"][0]["backendRefs"][0]
    return found


def listener(it: Planted, gateway: str) -> Object:
    found: Object = it.one("Gateway", gateway)["spec"]["listeners"][-1]
    return found


def ports(it: Planted, service: str) -> list[Object]:
    found: list[Object] = spec(it, service, "Service")["ports"]
    return found


def copy_of_external(it: Planted, **match: object) -> None:
    made = it.twin("HTTPRoute", "web-external", "web-again")
    made["spec"]["rules"][0]["matches"][0].update(match)


def both_slots(it: Planted) -> None:
    """A green twin, and a Service that leads to both slots."""
    green = it.twin("Deployment", "api-blue", "api-green")
    for labels in (green["spec"]["selector"]["matchLabels"], green["spec"]["template"]["metadata"]["labels"]):
        labels["desired.dev/slot"] = "green"
    del spec(it, "api-blue", "Service")["selector"]["desired.dev/slot"]


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "a gateway that is not there": (
        "route-has-listener", "web", "gateway other",
        lambda it: spec(it, "web-external")["parentRefs"][0].update(name="other"),
    ),
    "a listener that is not there": (
        "route-has-listener", "web", "'tls'",
        lambda it: spec(it, "web-external")["parentRefs"][0].update(sectionName="tls"),
    ),
    "no gateway at all": (
        "route-has-listener", "web", "names no gateway", lambda it: spec(it, "web-external").pop("parentRefs"),
    ),
    "a host of another domain": (
        "route-has-listener", "web", "shop.example.org",
        lambda it: spec(it, "web-external").update(hostnames=["shop.example.org"]),
    ),
    "the domain itself, which the wildcard does not hold": (
        "route-has-listener", "web", "only *.test.example.com",
        lambda it: spec(it, "web-external").update(hostnames=["test.example.com"]),
    ),
    "a listener that admits other namespaces": (
        "route-has-listener", "web", "namespace apps",
        lambda it: listener(it, "external")["allowedRoutes"]["namespaces"]["selector"].update(matchLabels={"a": "b"}),
    ),
    "a listener that admits its own namespace": (
        "route-has-listener", "web", "namespace apps", lambda it: listener(it, "external").pop("allowedRoutes"),
    ),
    "a listener that takes no HTTP": (
        "route-has-listener", "web", "does not accept HTTPRoute objects",
        lambda it: listener(it, "external")["allowedRoutes"].update(kinds=[{"kind": "GRPCRoute"}]),
    ),
    "a backend that is not there": (
        "backend-exists", "api", "no Service of that name", lambda it: backend(it).update(name="gone"),
    ),
    "a backend at another port": (
        "backend-exists", "api", "does not have that port", lambda it: backend(it).update(port=81),
    ),
    "a mirror that is not there": (
        "backend-exists", "api", "mirror:1",
        lambda it: spec(it)["rules"][0].update(
            filters=[{"requestMirror": {"backendRef": {"name": "mirror", "port": 1}}}]
        ),
    ),
    "a backend that is no Service": (
        "backend-exists", "api", "api-blue", lambda it: backend(it).update(kind="Backend"),
    ),
    "weights below 100": ("weights-sum-to-100", "api", "sum to 60", lambda it: backend(it).update(weight=60)),
    "weights above 100": (
        "weights-sum-to-100", "api", "sum to 101",
        lambda it: spec(it)["rules"][0]["backendRefs"].append({**backend(it), "weight": 1}),
    ),
    "two routes for one path": ("claims-are-distinct", "web", "shop.test.example.com/", copy_of_external),
    "one route for one path twice": (
        "claims-are-distinct", "web", "already claims",
        lambda it: spec(it, "web-external")["rules"].append(spec(it, "web-external")["rules"][0]),
    ),
    "an HTTPRoute at the host of a GRPCRoute": (
        "host-has-one-kind", "rpc", "share host rpc.apps",
        lambda it: spec(it, "web")["hostnames"].append("rpc.apps"),
    ),
    "an alias to nowhere": (
        "alias-leads-to-its-route", "api", "not the address of a gateway",
        lambda it: spec(it, "api", "Service").update(externalName="internal.example.com"),
    ),
    "an alias at another port": (
        "alias-leads-to-its-route", "api", "port 80", lambda it: ports(it, "api")[0].update(port=80),
    ),
    "an alias without a route": (
        "alias-leads-to-its-route", "api", "no route accepts the host", lambda it: it.take_out("HTTPRoute", "api"),
    ),
    "a selector of nobody": (
        "service-has-pods", "rpc", "selects no pod",
        lambda it: spec(it, "rpc-blue", "Service")["selector"].update({"desired.dev/slot": "green"}),
    ),
    "a target port that no pod has": (
        "service-port-exists", "rpc", "port admin", lambda it: ports(it, "rpc-blue")[0].update(targetPort="admin"),
    ),
    "a target number that no pod has": (
        "service-port-exists", "rpc", "port 9001", lambda it: ports(it, "rpc-blue")[0].update(targetPort=9001),
    ),
    "a headless Service with an address": (
        "headless-service-exists", "store", "clusterIP: None",
        lambda it: spec(it, "store", "Service").pop("clusterIP"),
    ),
    "a StatefulSet without its Service": (
        "headless-service-exists", "store", "'other'",
        lambda it: spec(it, "store", "StatefulSet").update(serviceName="other"),
    ),
    "a workload that selects others' pods": (
        "selector-is-its-own", "mailer", "does not select its own",
        lambda it: spec(it, "mailer", "Deployment")["selector"].update(matchLabels={"a": "b"}),
    ),
    "a monitor of an unknown port": (
        "monitor-has-targets", "web", "no port",
        lambda it: spec(it, "web", "ServiceMonitor")["endpoints"][0].update(port="x"),
    ),
    "a monitor of nobody": (
        "monitor-has-targets", "collector", "no port",
        lambda it: spec(it, "collector", "PodMonitor")["selector"].update(matchLabels={"a": "b"}),
    ),
    "a Service of two slots": (
        "service-has-one-slot", "api", "api blue, api green", both_slots,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_traffic_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("traffic")


def test_two_slots_with_the_same_labels_are_found(planted: Planted) -> None:
    planted.twin("Deployment", "mailer", "mailer-again")
    assert found_by(planted, "also selects the pods of mailer-again") == {("selector-is-its-own", "mailer")}


ALLOWED: dict[str, Plant] = {
    "another path of the same host": lambda it: copy_of_external(it, path={"type": "PathPrefix", "value": "/other"}),
    "the same path with a header": lambda it: copy_of_external(it, headers=[{"name": "x-test", "value": "1"}]),
    "the same path with another method": lambda it: copy_of_external(it, method="POST"),
    "one backend without a weight": lambda it: backend(it).pop("weight"),
    "a parent without a listener's name": lambda it: parent(it).pop("sectionName"),
    "a listener that admits all namespaces": lambda it: listener(it, "external").update(
        allowedRoutes={"namespaces": {"from": "All"}}
    ),
    "a deeper host": lambda it: spec(it, "web-external").update(hostnames=["a.b.test.example.com"]),
    "a target by number": lambda it: ports(it, "rpc-blue")[0].update(targetPort=9000),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_an_allowed_change_breaks_no_rule(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []
