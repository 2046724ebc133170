"""Probes: which questions make sense, and which do not."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Probe
from tests.support.mistakes import by_sentence, mistake


@pytest.mark.parametrize(
    ("probe", "written"),
    [
        (Probe.http("/ready"), {"kind": "http", "path": "/ready"}),
        (Probe.http("/ready?deep=1", "admin"), {"kind": "http", "path": "/ready?deep=1", "port": "admin"}),
        (Probe.grpc(), {"kind": "grpc"}),
        (Probe.grpc("shop.Cart"), {"kind": "grpc", "service": "shop.Cart"}),
        (Probe.tcp(period_seconds=5), {"kind": "tcp", "period_seconds": 5}),
        (Probe.exec("check", "-q", failures=2), {"kind": "exec", "command": ["check", "-q"], "failures": 2}),
    ],
    ids=["http", "http with a query", "grpc", "grpc of a service", "tcp", "exec"],
)
def test_a_probe_says_only_what_was_said(probe: Probe, written: dict[str, Any]) -> None:
    assert probe.written() == written


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "http"}, "Probe: a path belongs to an http probe, and only to it: Probe.http('/ready')"),
        ({"kind": "tcp", "path": "/a"}, "Probe: a path belongs to an http probe, and only to it: Probe.http('/ready')"),
        ({"kind": "exec"}, "Probe: a command belongs to an exec probe, and only to it: Probe.exec('check')"),
        ({"kind": "tcp", "command": ["a"]},
         "Probe: a command belongs to an exec probe, and only to it: Probe.exec('check')"),
        ({"kind": "tcp", "service": "a"}, "Probe: a service belongs to a grpc probe only: Probe.grpc('name')"),
        ({"kind": "exec", "command": ["a"], "port": "http"},
         "Probe: an exec probe has no port, got port 'http'; leave it out"),
        ({"kind": "udp"}, "Probe.kind must be 'http', 'grpc', 'tcp' or 'exec', got 'udp'"),
        ({"kind": "http", "path": "ready"},
         "Probe.path must be a URL path that begins with '/', such as '/ready', got 'ready'"),
        ({"kind": "tcp", "period_seconds": 0}, "Probe.period_seconds must be at least 1, got 0"),
        ({"kind": "tcp", "failures": 601}, "Probe.failures must be at most 600, got 601"),
        ({"kind": "tcp", "delay_seconds": -1}, "Probe.delay_seconds must be at least 0, got -1"),
        ({"kind": "exec", "command": "check -q"}, "Probe.command must be a list, got a string of 8 characters"),
    ],
    ids=by_sentence,
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert mistake(Probe, fields) == sentence


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Probe.http("/ready"), True),
        (Probe.http("/live"), False),
        (Probe.http("/ready", failures=6), False),
        (Probe.tcp(), False),
    ],
    ids=["the same", "another path", "more patience", "another kind"],
)
def test_two_probes_are_compared_by_what_they_ask(other: Probe, same: bool) -> None:
    assert Probe.http("/ready").asks_the_same(other) is same
