"""How a service is reached, and what it reaches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib import Dependency, ExternalRoute, Match, Metrics, Outside, Permission, Retries, Route, Shutdown
from constructs_lib.values import Value
from tests.support.mistakes import mistake

RANGE = "must be address ranges such as '203.0.113.0/24'"
TEMPLATE = "may use {host}, {port} and {address} only; write '{{' for a brace"
PATH = "a URL path that begins with '/', such as '/api', without query, '//' and dotted steps"

REFUSED: list[tuple[type[Value], dict[str, Any], str]] = [
    (Match, {"path": "/a//b"}, f"Match.path must be {PATH}, got '/a//b'"),
    (Match, {"path": "/a?b"}, f"Match.path must be {PATH}, got '/a?b'"),
    (Match, {"headers": {"a b": "c"}},
     "each key of Match.headers must be the name of a header: letters, digits and '-', at most 256, got 'a b'"),
    (Match, {"headers": {"a": ""}},
     "Match.headers.a must be the value of a header: printable ASCII, got a string of 0 characters"),
    (Match, {"method": "get"},
     "Match.method must be 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS' or 'PATCH', got 'get'"),
    (Retries, {"attempts": 11}, "Retries.attempts must be at most 10, got 11"),
    (Retries, {"statuses": [200]}, "Retries.statuses.0 must be at least 400, got 200"),
    (Route, {"matches": []}, "Route.matches must hold at least one Match(); the default takes every path"),
    (Route, {"timeout_seconds": -1}, "Route.timeout_seconds must be at least 0, got -1"),
    (ExternalRoute, {"hosts": []}, "ExternalRoute.hosts must name at least one host, as hosts=['shop']"),
    (ExternalRoute, {"hosts": ["a", "a"]}, "ExternalRoute.hosts must differ from each other, got 'a' twice"),
    (ExternalRoute, {"hosts": ["Shop"]},
     "ExternalRoute.hosts.0 must be a host name in lower case, such as 'shop.example.com', got 'Shop'"),
    (Dependency, {"service": "a", "env": {"A": "{name}"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "env": {"A": "{host.__class__}"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "env": {"A": "{port:>9}"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "env": {"A": "{host!r}"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "env": {"A": "{"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "env": {"A": "{}"}}, f"Dependency.env: A {TEMPLATE}"),
    (Dependency, {"service": "a", "cycle": "because"},
     "Dependency.cycle must be one line of 10 to 500 characters that says why, got 'because'"),
    *((Outside, {"name": "a", "cidrs": [cidr]}, f"Outside.cidrs {RANGE}, got '{cidr}'")
      for cidr in ("10.0.0.1/8", "10.0.0.0", "10.0.0.0/255.0.0.0", "10.0.0.0/33", "example.com", "", "2001:DB8::/32",
                   "fe80::%eth0/64")),
    (Outside, {"name": "a", "cidrs": []},
     "Outside.cidrs must name at least one address range, as cidrs=['203.0.113.0/24']"),
    (Outside, {"name": "a", "cidrs": ["::/0"], "ports": [0]}, "Outside.ports.0 must be at least 1, got 0"),
    (Metrics, {"port": 1, "interval_seconds": 1}, "Metrics.interval_seconds must be at least 5, got 1"),
    (Shutdown, {"drain_seconds": 0}, "Shutdown.drain_seconds must be at least 1, got 0"),
    (Permission, {"resources": ["*"], "verbs": ["get"]},
     "Permission must name resources and verbs one by one, never '*'"),
    (Permission, {"resources": [], "verbs": ["get"]},
     "Permission must name resources and verbs one by one, never '*'"),
    (Permission, {"resources": ["pods"], "verbs": {"get", "list"}}, "Permission.verbs must be a list, got a set"),
    (Permission, {"resources": ["pods"], "verbs": ["*"]},
     "Permission.verbs.0 must be 'get', 'list', 'watch', 'create', 'update', 'patch' or 'delete', got '*'"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "fields", "sentence"), REFUSED, ids=[each[2][:70] for each in REFUSED])
def test_what_no_gateway_or_policy_would_take_is_refused(
    model: type[Value], fields: dict[str, Any], sentence: str
) -> None:
    assert mistake(model, fields) == sentence


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "203.0.113.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0"])
def test_an_address_range_is_accepted(cidr: str) -> None:
    assert Outside(name="a", cidrs=[cidr]).cidrs == (cidr,)


@pytest.mark.parametrize(
    ("env", "variables"),
    [
        ({}, {"PRODUCT_CATALOG_ADDR": "h:80"}),
        ({"A": "{host}", "B": "{port}"}, {"A": "h", "B": "80"}),
        ({"A": "http://{address}/x?y={{z}}"}, {"A": "http://h:80/x?y={z}"}),
        ({"A": "plain"}, {"A": "plain"}),
    ],
    ids=["by default", "host and port", "a url", "plain"],
)
def test_an_address_is_written_into_variables(env: dict[str, str], variables: dict[str, str]) -> None:
    assert Dependency(service="product-catalog", env=env).variables("h", 80) == variables


@given(text=st.text("{}hostpraden:!.[]0 ", max_size=15) | st.sampled_from(["{host:>99999999999}", "{address!s:x}"]))
def test_a_template_that_is_accepted_can_be_filled(text: str) -> None:
    try:
        dependency = Dependency(service="a", env={"A": text})
    except ValueError:
        return
    assert len(dependency.variables("h", 80)["A"]) <= len(text)


def test_a_pod_ends_within_both_times() -> None:
    assert Shutdown(drain_seconds=5, finish_seconds=25).grace_seconds == 30
