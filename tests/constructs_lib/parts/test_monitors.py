"""Monitors: Prometheus finds every pod of a measured service once, and no target that is none."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Container, Metrics, Port, Service
from constructs_lib.testing import Object, one, render
from tests.support.fleet import IMAGE, service, worker
from tests.support.rendered import ENV, labels_of, main_container, names

_ASIDE = Metrics(port=9464)
_AT_THE_PORT = Metrics(port=8080, path="/stats", interval_seconds=15)


@pytest.mark.parametrize(
    ("given", "kind", "endpoint"),
    [
        pytest.param(service(metrics=_AT_THE_PORT), "ServiceMonitor", {"port": "http"}, id="at a port of its Service"),
        pytest.param(
            service(metrics=_AT_THE_PORT, route=None), "ServiceMonitor", {"port": "http"}, id="the same without a route"
        ),
        pytest.param(
            service(ports=(Port.tcp(8080),), claims=(Claim(name="d", path="/d", size="1Gi"),), metrics=_AT_THE_PORT),
            "ServiceMonitor",
            {"port": "tcp"},
            id="a stateful one",
        ),
        pytest.param(
            service(metrics=Metrics(port=9464, path="/stats", interval_seconds=15)),
            "PodMonitor",
            {"portNumber": 9464},
            id="at a port that its Service does not have",
        ),
        pytest.param(worker("greeter", metrics=_AT_THE_PORT), "PodMonitor", {"portNumber": 8080}, id="a worker"),
    ],
)
def test_the_kind_of_the_monitor_is_that_which_finds_the_port(
    given: Service, kind: str, endpoint: dict[str, Any]
) -> None:
    objects = render(given, ENV)
    spec = one(objects, kind, "greeter")["spec"]
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "greeter"}}
    endpoints = spec["endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"]
    assert endpoints == [{**endpoint, "path": "/stats", "interval": "15s"}]
    assert len(names(objects, "ServiceMonitor") + names(objects, "PodMonitor")) == 1


def test_a_service_without_metrics_has_no_monitor() -> None:
    objects = render(service(), ENV)
    assert names(objects, "ServiceMonitor") + names(objects, "PodMonitor") == []


def selected(objects: list[Object]) -> list[Object]:
    """The Services that the ServiceMonitor finds by their labels."""
    wanted = one(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    return [each for each in objects if each["kind"] == "Service" and wanted <= labels_of(each).items()]


@pytest.mark.parametrize(
    ("given", "scraped"),
    [
        pytest.param(service(metrics=_AT_THE_PORT), ["greeter-blue", "greeter-green"], id="routed"),
        pytest.param(
            service(metrics=_AT_THE_PORT, ports=(Port.http(8080), Port.grpc(5000))),
            ["greeter-blue", "greeter-green"],
            id="routed by two ports",
        ),
        pytest.param(service(metrics=_AT_THE_PORT, route=None), ["greeter"], id="called directly"),
    ],
)
def test_a_service_monitor_finds_every_slot_and_beside_them_only_aliases_which_have_no_endpoints(
    given: Service, scraped: list[str]
) -> None:
    found = selected(render(given, ENV, candidate=given, share=40))
    assert sorted(each["metadata"]["name"] for each in found if "selector" in each["spec"]) == scraped
    assert all(each["spec"]["type"] == "ExternalName" for each in found if "selector" not in each["spec"])


def test_every_service_that_is_scraped_has_the_port_of_the_monitor() -> None:
    objects = render(service(metrics=_AT_THE_PORT), ENV, candidate=service(metrics=_AT_THE_PORT), share=40)
    (endpoint,) = one(objects, "ServiceMonitor")["spec"]["endpoints"]
    found = [each["spec"] for each in selected(objects) if "selector" in each["spec"]]
    assert [endpoint["port"] in [port["name"] for port in each["ports"]] for each in found] == [True, True]


@pytest.mark.parametrize(
    ("given", "ports"),
    [
        pytest.param(service(metrics=_ASIDE), [8080, 9464], id="a port of its own"),
        pytest.param(service(metrics=Metrics(port=8080)), [8080], id="the port that it has already"),
        pytest.param(worker("greeter", metrics=_ASIDE), [9464], id="a worker"),
        pytest.param(
            service(
                metrics=_ASIDE, sidecars=(Container(name="meter", image=IMAGE, ports=(Port.http(9464, "meter"),)),)
            ),
            [8080],
            id="the port of a sidecar",
        ),
    ],
)
def test_the_port_of_the_metrics_is_declared_once_as_a_pod_monitor_finds_no_other(
    given: Service, ports: list[int]
) -> None:
    container = main_container(render(given, ENV))
    assert [each["containerPort"] for each in container["ports"]] == ports


@pytest.mark.parametrize(
    ("before", "after", "kind", "endpoints"),
    [
        pytest.param(_AT_THE_PORT, _AT_THE_PORT, "ServiceMonitor", 1, id="both alike"),
        pytest.param(None, _AT_THE_PORT, "ServiceMonitor", 1, id="the new version alone"),
        pytest.param(_AT_THE_PORT, None, "ServiceMonitor", 1, id="the old version alone"),
        pytest.param(_AT_THE_PORT, Metrics(port=8080), "ServiceMonitor", 2, id="at two paths"),
        pytest.param(_AT_THE_PORT, _ASIDE, "PodMonitor", 2, id="one of them aside"),
    ],
)
def test_during_a_rollout_one_monitor_finds_both_versions(
    before: Metrics | None, after: Metrics | None, kind: str, endpoints: int
) -> None:
    objects = render(service(metrics=before), ENV, candidate=service(metrics=after), share=40)
    spec = one(objects, kind)["spec"]
    assert len(spec["endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"]) == endpoints
    assert len(names(objects, "ServiceMonitor") + names(objects, "PodMonitor")) == 1
