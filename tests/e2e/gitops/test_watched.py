"""Flux itself is watched: its own failure to reconcile is an alert.

helm-controller does not run here, so that its one rule is seen by promtool alone.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.api import Ref, read
from testbed.flux import CONTROLLERS, NAMESPACE
from testbed.process import until
from testbed.programs.build import program
from testbed.state_metrics import StateMetrics
from tests.e2e.gitops import rules
from tests.e2e.gitops.conftest import Fleet
from tests.e2e.gitops.following import KUSTOMIZATION

_NOT_HERE = {"controller": "helmrelease"}


@pytest.fixture
def spec(fleet: Fleet) -> dict[str, Any]:
    """The rules as the cluster has them."""
    found = fleet.apps.api.get(Ref("monitoring.coreos.com/v1", "PrometheusRule", "flux", "monitoring"))
    assert found, "they came with all the rest"
    return dict(found["spec"])


@pytest.fixture
def shipped(spec: dict[str, Any]) -> list[rules.Rule]:
    return [rule for group in spec["groups"] for rule in group["rules"]]


@pytest.fixture
def state_metrics(fleet: Fleet) -> Iterator[StateMetrics]:
    """With the configuration that its chart gets from our HelmRelease."""
    file = fleet.manifests(fleet.apps) / "platform" / "operators" / "helmrelease-prometheus-operator.yaml"
    (release,) = read([file])
    values = release["spec"]["values"]["kube-state-metrics"]
    running = StateMetrics(fleet.apps.cluster, values["customResourceState"]["config"])
    yield running
    running.stop()


def test_each_way_in_which_flux_fails_to_reconcile_is_an_alert_and_health_is_none(
    spec: dict[str, Any], shipped: list[rules.Rule], tmp_path: Path
) -> None:
    assert {trouble.alert for trouble in rules.TROUBLES.values()} == {rule["alert"] for rule in shipped}
    file, tests = rules.rule_file(tmp_path, spec), tmp_path / "tests.yaml"
    tests.write_text(rules.unit_tests(shipped, rules.TROUBLES, file), encoding="utf-8")
    commands: list[list[str | Path]] = [
        ["check", "rules", "--lint=all", "--lint-fatal", file],
        ["test", "rules", tests],
    ]
    for words in commands:
        done = subprocess.run([program("promtool"), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_metrics_that_the_alerts_read_are_those_that_running_controllers_expose(
    fleet: Fleet, shipped: list[rules.Rule], state_metrics: StateMetrics
) -> None:
    suspended = Ref(KUSTOMIZATION, "Kustomization", "apps-llm", NAMESPACE)
    wanted = [each for each in rules.selectors(shipped) if each[1] != _NOT_HERE]
    assert len(wanted) >= len(shipped) - 1

    def all_seen() -> bool | str:
        texts = [fleet.apps.flux.metrics(name) for name in CONTROLLERS]
        series = [each for text in (*texts, state_metrics.metrics()) for each in rules.exposed(text)]
        missing = [f"{metric}{asked}" for metric, asked in wanted if not _among(series, metric, asked)]
        return ", ".join(missing) or True

    fleet.apps.api.merge(suspended, {"spec": {"suspend": True}})
    try:
        until(all_seen, "the metrics are there", 30)
    finally:
        fleet.apps.api.merge(suspended, {"spec": {"suspend": None}})


def _among(series: list[tuple[str, dict[str, str]]], metric: str, asked: dict[str, str]) -> bool:
    return any(name == metric and asked.items() <= labels.items() for name, labels in series)
