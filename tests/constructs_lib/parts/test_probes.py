"""Startup, readiness and liveness: what is guessed, every kind, and that two of them never come out the same."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Port, Probe, Problem, Service
from constructs_lib.parts.probes import probes
from tests.support.fleet import service, worker

_TWO_PORTS = (Port.grpc(5000), Port.http(9000, "health"))


def test_without_a_word_readiness_asks_whether_the_first_port_is_open() -> None:
    assert probes(service(ports=_TWO_PORTS))["readinessProbe"] == {
        "tcpSocket": {"port": "grpc"},
        "periodSeconds": 5,
        "timeoutSeconds": 2,
        "failureThreshold": 3,
    }


def test_startup_asks_what_readiness_asks_with_patience() -> None:
    made = probes(service(readiness=Probe.http("/ready")))
    startup, readiness = made["startupProbe"], made["readinessProbe"]
    assert startup["httpGet"] == readiness["httpGet"]
    assert startup["failureThreshold"] * startup["periodSeconds"] >= 60


def test_liveness_never_asks_for_dependencies_unless_told() -> None:
    made = probes(service(readiness=Probe.http("/ready")))
    assert made["livenessProbe"]["tcpSocket"] == {"port": "http"}


def test_a_worker_is_not_asked_without_a_word() -> None:
    assert probes(worker()) == {}


def test_a_worker_is_asked_by_a_program() -> None:
    made = probes(worker(readiness=Probe.exec("check", "--now")))
    assert sorted(made) == ["readinessProbe", "startupProbe"]
    assert made["readinessProbe"]["exec"] == {"command": ["check", "--now"]}


@pytest.mark.parametrize("which", ["startup", "readiness", "liveness"])
@pytest.mark.parametrize(
    ("probe", "question"),
    [
        pytest.param(Probe.http("/h"), {"httpGet": {"path": "/h", "port": "grpc"}}, id="http, first port"),
        pytest.param(Probe.http("/h", port="health"), {"httpGet": {"path": "/h", "port": "health"}}, id="http, a port"),
        pytest.param(Probe.grpc(), {"grpc": {"port": 5000}}, id="grpc, by number"),
        pytest.param(Probe.grpc("shop.Cart"), {"grpc": {"port": 5000, "service": "shop.Cart"}}, id="grpc, a service"),
        pytest.param(Probe.tcp(port="health"), {"tcpSocket": {"port": "health"}}, id="tcp"),
        pytest.param(Probe.exec("test", "-f", "/tmp/up"), {"exec": {"command": ["test", "-f", "/tmp/up"]}}, id="exec"),
    ],
)
def test_every_kind_is_said_in_the_words_of_kubernetes(which: str, probe: Probe, question: dict[str, Any]) -> None:
    (kind,) = question
    fields: dict[str, Any] = {which: probe}
    made = probes(service(ports=_TWO_PORTS, **fields))
    assert made[f"{which}Probe"][kind] == question[kind]


def test_tuning_is_taken_over() -> None:
    probe = Probe.tcp(period_seconds=7, timeout_seconds=4, failures=9, delay_seconds=11)
    assert probes(service(readiness=probe))["readinessProbe"] == {
        "tcpSocket": {"port": "http"},
        "periodSeconds": 7,
        "timeoutSeconds": 4,
        "failureThreshold": 9,
        "initialDelaySeconds": 11,
    }


_SEVERAL = [
    pytest.param(service(), id="nothing said"),
    pytest.param(service(readiness=Probe.tcp()), id="readiness as guessed"),
    pytest.param(service(readiness=Probe.http("/")), id="http readiness"),
    pytest.param(service(ports=_TWO_PORTS, readiness=Probe.grpc()), id="grpc readiness"),
    pytest.param(service(liveness=Probe.http("/live")), id="liveness alone"),
    pytest.param(service(readiness=Probe.http("/h"), liveness=Probe.http("/h", failures=9)), id="one path for both"),
]


@pytest.mark.parametrize("given", _SEVERAL)
def test_liveness_and_readiness_are_never_identical(given: Service) -> None:
    made = probes(given)
    assert made["livenessProbe"] != made["readinessProbe"]


@pytest.mark.parametrize("given", _SEVERAL)
def test_liveness_is_slower_than_readiness(given: Service) -> None:
    def patience(probe: dict[str, Any]) -> int:
        return int(probe["periodSeconds"]) * int(probe["failureThreshold"])

    made = probes(given)
    assert patience(made["livenessProbe"]) > patience(made["readinessProbe"])


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(
            {"readiness": Probe.tcp(period_seconds=20, timeout_seconds=5, failures=6)},
            id="readiness as slow as liveness",
        ),
        pytest.param(
            {
                "readiness": Probe.http("/h"),
                "liveness": Probe.http("/h", period_seconds=5, timeout_seconds=2, failures=3),
            },
            id="liveness as hasty as readiness",
        ),
        pytest.param(
            {
                "readiness": Probe.http("/h", port="http", failures=6, period_seconds=9, timeout_seconds=5),
                "liveness": Probe.http("/h", period_seconds=9),
            },
            id="the first port, named and not",
        ),
    ],
)
def test_what_would_come_out_identical_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Problem, match=r"^greeter: readiness and liveness come out identical, got .*more failures$"):
        probes(service(**given))
