"""PodDisruptionBudgets that fit the replicas."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Claim, Port, Scale
from constructs_lib.testing import one, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, names

_CLAIM = (Claim(name="data", path="/data", size="1Gi"),)


@pytest.mark.parametrize(
    ("scale", "budgets"),
    [
        pytest.param(Scale.fixed(1), [], id="one pod, whose node could never be drained"),
        pytest.param(Scale.between(1, 5), [], id="sometimes one pod"),
        pytest.param(Scale.fixed(2), ["greeter-blue"], id="two"),
        pytest.param(Scale.between(2, 5), ["greeter-blue"], id="never fewer than two"),
    ],
)
def test_there_is_a_budget_where_more_than_one_pod_always_runs(scale: Scale, budgets: list[str]) -> None:
    assert names(render(service(scale=scale), ENV), "PodDisruptionBudget") == budgets


@pytest.mark.parametrize(
    ("given", "name", "selected"),
    [
        pytest.param(
            service(), "greeter-blue", {"app.kubernetes.io/name": "greeter", "desired.dev/slot": "blue"}, id="a slot"
        ),
        pytest.param(worker(), "mailer", {"app.kubernetes.io/name": "mailer"}, id="a worker"),
        pytest.param(
            service("store", ports=(Port.tcp(6379),), claims=_CLAIM),
            "store",
            {"app.kubernetes.io/name": "store"},
            id="a stateful one",
        ),
    ],
)
def test_one_pod_at_a_time_may_go(given: Any, name: str, selected: dict[str, str]) -> None:
    assert one(render(given, ENV), "PodDisruptionBudget")["metadata"]["name"] == name
    assert one(render(given, ENV), "PodDisruptionBudget")["spec"] == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": selected},
        # A pod that is broken already does not hold up the drain of its node.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
