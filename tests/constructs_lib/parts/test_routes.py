"""Routes: hosts, listeners, matches, time-outs, retries, and which slot gets which share."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import ExternalRoute, Match, Port, Problem, Retries, Route, Service
from constructs_lib.testing import Object, one, render
from tests.support.fleet import environment, service, worker
from tests.support.rendered import ENV, names, rules, weights

_BOTH = (Port.http(8080), Port.grpc(5000))
_GRPC = (Port.grpc(5000),)


def inside(name: str) -> list[str]:
    return [f"{name}.apps", f"{name}.apps.svc", f"{name}.apps.svc.cluster.local"]


def rollout(share: int, candidate: Service | None = None, stable: Service | None = None) -> list[Object]:
    return render(stable or service(), ENV, candidate=candidate or service(), share=share)


@pytest.mark.parametrize(
    ("given", "routes"),
    [
        pytest.param(service(), {"HTTPRoute": ["greeter"]}, id="http"),
        pytest.param(service(ports=(Port.h2c(8080),)), {"HTTPRoute": ["greeter"]}, id="http/2"),
        pytest.param(service(ports=_GRPC), {"GRPCRoute": ["greeter"]}, id="grpc"),
        pytest.param(service(ports=_BOTH), {"HTTPRoute": ["greeter"], "GRPCRoute": ["greeter-grpc"]}, id="both"),
        pytest.param(
            service(ports=_BOTH[::-1]), {"HTTPRoute": ["greeter"], "GRPCRoute": ["greeter-grpc"]}, id="both, grpc first"
        ),
        pytest.param(service(ports=_BOTH, route=None), {}, id="called directly"),
        pytest.param(service(ports=(Port.tcp(9092),)), {}, id="tcp"),
        pytest.param(worker("greeter"), {}, id="a worker"),
        pytest.param(
            service(external=ExternalRoute(hosts=("shop",))),
            {"HTTPRoute": ["greeter", "greeter-external"]},
            id="from outside",
        ),
    ],
)
def test_each_routed_port_has_a_route_of_its_kind(given: Service, routes: dict[str, list[str]]) -> None:
    objects = render(given, ENV)
    found = {kind: names(objects, kind) for kind in ("HTTPRoute", "GRPCRoute") if names(objects, kind)}
    assert found == routes


@pytest.mark.parametrize(
    ("kind", "name", "hosts"),
    [
        pytest.param("HTTPRoute", "greeter", inside("greeter"), id="http"),
        pytest.param(
            "GRPCRoute", "greeter-grpc", inside("greeter-grpc"), id="grpc, as no host has two kinds of routes"
        ),
    ],
)
def test_the_hosts_inside_are_the_names_that_callers_resolve(kind: str, name: str, hosts: list[str]) -> None:
    spec = one(render(service(ports=_BOTH), ENV), kind, name)["spec"]
    assert spec["hostnames"] == hosts
    assert spec["parentRefs"] == [{"name": "internal", "namespace": "gateways", "sectionName": "http"}]


def test_the_hosts_outside_end_in_the_domain_of_the_environment() -> None:
    given = service(external=ExternalRoute(hosts=("shop", "www.shop")))
    spec = one(render(given, environment("green-field")), "HTTPRoute", "greeter-external")["spec"]
    assert spec["hostnames"] == ["shop.green-field.example.com", "www.shop.green-field.example.com"]
    assert spec["parentRefs"] == [{"name": "external", "namespace": "gateways", "sectionName": "https"}]


@pytest.mark.parametrize(
    ("port", "kind", "number"),
    [
        pytest.param(None, "HTTPRoute", 8080, id="the first port"),
        pytest.param("grpc", "GRPCRoute", 5000, id="a named one"),
    ],
)
def test_the_route_from_outside_reaches(port: str | None, kind: str, number: int) -> None:
    given = service(ports=_BOTH, external=ExternalRoute(hosts=("shop",), port=port))
    (rule,) = rules(render(given, ENV), kind, "greeter-external")
    assert rule["backendRefs"] == [{"name": "greeter-blue", "port": number, "weight": 100}]


@pytest.mark.parametrize(
    ("ports", "match", "rendered"),
    [
        pytest.param(None, Match(), {"path": {"type": "PathPrefix", "value": "/"}}, id="every path"),
        pytest.param(None, Match(path="/v1"), {"path": {"type": "PathPrefix", "value": "/v1"}}, id="below a path"),
        pytest.param(None, Match(path="/v1", exact=True), {"path": {"type": "Exact", "value": "/v1"}}, id="one path"),
        pytest.param(
            None,
            Match(headers={"x-team": "a"}),
            {
                "path": {"type": "PathPrefix", "value": "/"},
                "headers": [{"type": "Exact", "name": "x-team", "value": "a"}],
            },
            id="a header",
        ),
        pytest.param(
            None, Match(method="POST"), {"path": {"type": "PathPrefix", "value": "/"}, "method": "POST"}, id="a method"
        ),
        pytest.param(_GRPC, Match(), {}, id="every gRPC method"),
        pytest.param(
            _GRPC, Match(path="/shop.Cart"), {"method": {"type": "Exact", "service": "shop.Cart"}}, id="a gRPC service"
        ),
        pytest.param(
            _GRPC,
            Match(path="/shop.Cart/Add", headers={"x-team": "a"}),
            {
                "method": {"type": "Exact", "service": "shop.Cart", "method": "Add"},
                "headers": [{"type": "Exact", "name": "x-team", "value": "a"}],
            },
            id="a gRPC method and a header",
        ),
    ],
)
def test_a_match_is_said_in_the_words_of_its_route(ports: Any, match: Match, rendered: dict[str, Any]) -> None:
    fields = {"ports": ports} if ports else {}
    objects = render(service(route=Route(matches=(match,)), **fields), ENV)
    (rule,) = rules(objects, "GRPCRoute" if ports else "HTTPRoute")
    assert rule["matches"] == [rendered]


@pytest.mark.parametrize(
    "match",
    [
        pytest.param(Match(path="/a/b/c"), id="three parts"),
        pytest.param(Match(path="/a/b/"), id="a slash at the end"),
        pytest.param(Match(path="/a", method="GET"), id="an HTTP method"),
    ],
)
def test_what_no_grpc_route_can_match_is_refused(match: Match) -> None:
    with pytest.raises(
        Problem, match=r"^greeter: a match of gRPC is the path .*; correct it, or make a service of each"
    ):
        render(service(ports=_GRPC, route=Route(matches=(match,))), ENV)


@pytest.mark.parametrize("seconds", [0, 15, 300])
def test_the_time_out_of_http_stands_in_its_route(seconds: int) -> None:
    objects = render(service(route=Route(timeout_seconds=seconds)), ENV)
    assert rules(objects)[0]["timeouts"] == {"request": f"{seconds}s"}
    assert names(objects, "BackendTrafficPolicy") == []


@pytest.mark.parametrize("seconds", [0, 15, 300])
def test_the_time_out_of_grpc_stands_in_a_policy_as_its_route_has_no_field_for_it(seconds: int) -> None:
    objects = render(service(ports=_GRPC, route=Route(timeout_seconds=seconds)), ENV)
    assert "timeouts" not in rules(objects, "GRPCRoute")[0]
    assert one(objects, "BackendTrafficPolicy")["spec"] == {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "name": "greeter"}],
        "timeout": {"http": {"requestTimeout": f"{seconds}s"}},
    }


def test_retries_stand_in_a_policy_for_the_route() -> None:
    route = Route(retries=Retries(attempts=3, statuses=(502, 503), per_try_seconds=2))
    assert one(render(service(route=route), ENV), "BackendTrafficPolicy")["spec"] == {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "greeter"}],
        "retry": {
            "numRetries": 3,
            "retryOn": {
                "triggers": ["connect-failure", "refused-stream", "retriable-status-codes"],
                "httpStatusCodes": [502, 503],
            },
            "perRetry": {"timeout": "2s"},
        },
    }


@pytest.mark.parametrize(
    ("statuses", "triggers"),
    [
        pytest.param((503,), ["connect-failure", "refused-stream", "unavailable"], id="503 is called unavailable"),
        pytest.param((500,), ["connect-failure", "refused-stream"], id="500 has no such name"),
    ],
)
def test_grpc_is_asked_again_by_its_own_status_as_its_http_status_is_always_200(
    statuses: tuple[int, ...], triggers: list[str]
) -> None:
    objects = render(service(ports=_GRPC, route=Route(retries=Retries(statuses=statuses))), ENV)
    assert one(objects, "BackendTrafficPolicy")["spec"]["retry"]["retryOn"] == {"triggers": triggers}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0, {"greeter-blue": 100}, id="0"),
        pytest.param(1, {"greeter-blue": 99, "greeter-green": 1}, id="1"),
        pytest.param(40, {"greeter-blue": 60, "greeter-green": 40}, id="40"),
        pytest.param(100, {"greeter-green": 100}, id="100"),
    ],
)
def test_the_share_is_the_weight_of_the_new_slot(share: int, expected: dict[str, int]) -> None:
    (rule,) = rules(rollout(share))
    assert weights(rule) == expected


def test_once_finalized_the_new_slot_has_everything() -> None:
    (rule,) = rules(render(service(), ENV, candidate=service(), finalized=True))
    assert weights(rule) == {"greeter-green": 100}


def test_the_share_holds_on_every_route_of_the_service() -> None:
    both = service(ports=_BOTH, external=ExternalRoute(hosts=("shop",)))
    objects = rollout(40, both, both)
    routes = [each for each in objects if each["kind"] in ("HTTPRoute", "GRPCRoute")]
    assert [weights(rule) for each in routes for rule in each["spec"]["rules"]] == [
        {"greeter-blue": 60, "greeter-green": 40}
    ] * 3


_MORE = service(route=Route(matches=(Match(), Match(path="/v2")), timeout_seconds=60))


@pytest.mark.parametrize("share", [1, 40, 100])
def test_a_new_path_goes_to_the_new_slot_alone(share: int) -> None:
    old, new = rules(rollout(share, _MORE))
    assert [each["path"]["value"] for each in old["matches"]] == ["/"]
    assert [each["path"]["value"] for each in new["matches"]] == ["/v2"]
    assert weights(new) == {"greeter-green": 100}
    assert (old["timeouts"], new["timeouts"]) == ({"request": "15s"}, {"request": "60s"})


def test_a_new_path_does_not_exist_while_the_share_is_0() -> None:
    (rule,) = rules(rollout(0, _MORE))
    assert [each["path"]["value"] for each in rule["matches"]] == ["/"]


def test_a_new_path_is_like_any_other_once_finalized() -> None:
    (rule,) = rules(render(service(), ENV, candidate=_MORE, finalized=True))
    assert [each["path"]["value"] for each in rule["matches"]] == ["/", "/v2"]


def test_a_path_that_the_new_version_drops_stays_until_finalize() -> None:
    (rule,) = rules(rollout(40, service(), _MORE))
    assert [each["path"]["value"] for each in rule["matches"]] == ["/", "/v2"]


def test_a_port_that_the_new_version_moves_is_reached_where_each_slot_has_it() -> None:
    (rule,) = rules(rollout(40, service(ports=(Port.http(9090, "web"),))))
    assert rule["backendRefs"] == [
        {"name": "greeter-blue", "port": 8080, "weight": 60},
        {"name": "greeter-green", "port": 9090, "weight": 40},
    ]


@pytest.mark.parametrize(
    "candidate",
    [
        pytest.param(service(), id="the port is gone"),
        pytest.param(service(ports=_BOTH, route=None), id="it is called directly now"),
    ],
)
def test_requests_are_not_sent_to_a_port_that_the_new_version_lacks(candidate: Service) -> None:
    with pytest.raises(Problem) as refused:
        rollout(40, candidate, service(ports=_BOTH))
    assert "greeter: the version in green has no " in refused.value.sentences[0]
    assert refused.value.sentences[0].endswith("keep the port until the rollout is closed")


def test_a_version_that_lacks_a_port_may_wait_at_share_0() -> None:
    (rule,) = rules(rollout(0, service(), service(ports=_BOTH)), "GRPCRoute")
    assert weights(rule) == {"greeter-blue": 100}
