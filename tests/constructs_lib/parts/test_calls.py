"""Whom a service calls: its dependencies that run here, and the collector."""

from __future__ import annotations

import pytest

from constructs_lib import Dependency, Port, Service
from constructs_lib.parts.calls import calls
from tests.support.fleet import environment, service
from tests.support.rendered import resolved

_WEB = service("web", ports=(Port.http(8080), Port.grpc(5000)))
_QUEUE = service("queue", ports=(Port.tcp(9092),))
_COLLECTOR = service("collector", ports=(Port.http(4318), Port.grpc(4317)), route=None)
_ENV = environment(collector="collector")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(service(telemetry=False), [], id="nobody"),
        pytest.param(service(), [("collector", 4317, False)], id="the collector"),
        pytest.param(
            service(telemetry=False, depends_on=("web", "queue", "absent")),
            [("web", 8080, True), ("queue", 9092, False)],
            id="those that run here, at their first port",
        ),
        pytest.param(
            service(telemetry=False, depends_on=(Dependency(service="web", port="grpc"),)),
            [("web", 5000, True)],
            id="a named port",
        ),
        pytest.param(
            service(telemetry=False, depends_on=(Dependency(service="web", port="absent"),)), [], id="a port it lacks"
        ),
    ],
)
def test_it_calls(given: Service, expected: list[tuple[str, int, bool]]) -> None:
    found = calls(resolved(given, _WEB, _QUEUE, _COLLECTOR, env=_ENV))
    assert [(call.callee.name, call.port, call.routed) for call in found] == expected
