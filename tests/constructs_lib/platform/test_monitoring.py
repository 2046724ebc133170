"""Who watches Flux: Prometheus finds it, takes our rules and monitors, and tells people."""

from __future__ import annotations

import re
from typing import Any

import pytest

from constructs_lib.testing import Object, one
from tests.support.platform import component


@pytest.fixture(scope="module")
def rules() -> list[Object]:
    (group,) = one(component("monitoring"), "PrometheusRule")["spec"]["groups"]
    return list(group["rules"])


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return dict(one(component("operators"), "HelmRelease", "prometheus-operator")["spec"]["values"])


def test_every_controller_that_goes_away_is_an_alert(rules: list[Object]) -> None:
    gone = [rule["labels"]["flux_controller"] for rule in rules if rule["alert"] == "FluxControllerIsDown"]
    assert gone == ["source-controller", "kustomize-controller", "helm-controller", "notification-controller"]


def test_an_alert_says_which_cluster_it_is_about(rules: list[Object]) -> None:
    for rule in rules:
        assert rule["labels"]["cluster"] == "green-field-apps"
        assert rule["annotations"]["summary"].startswith("green-field-apps: ")


def test_what_a_summary_names_is_a_label_that_the_expression_keeps(rules: list[Object]) -> None:
    named = {rule["alert"]: re.findall(r"\{\{ \$labels\.(\w+) \}\}", rule["annotations"]["summary"]) for rule in rules}
    assert named["FluxCannotReconcile"] == ["customresource_kind", "name"]
    for rule in rules:
        for label in named[rule["alert"]]:
            assert re.search(rf"by \([^)]*\b{label}\b", rule["expr"])


def test_prometheus_takes_rules_and_monitors_without_the_label_of_its_chart(values: dict[str, Any]) -> None:
    assert values["prometheus"]["prometheusSpec"] == {
        f"{kind}SelectorNilUsesHelmValues": False for kind in ("podMonitor", "rule", "serviceMonitor")
    }


def test_prometheus_reads_every_controller_of_flux(values: dict[str, Any]) -> None:
    (monitor,) = values["prometheus"]["additionalPodMonitors"]
    assert monitor["namespaceSelector"] == {"matchNames": ["flux-system"]}
    (chosen,) = monitor["selector"]["matchExpressions"]
    assert len(chosen["values"]) == 4


def test_the_state_of_all_that_flux_reconciles_is_a_metric_that_may_be_read(values: dict[str, Any]) -> None:
    states = values["kube-state-metrics"]["customResourceState"]["config"]["spec"]["resources"]
    watched = [source["kind"] for source in one(component("gitops"), "Alert")["spec"]["eventSources"]]
    kinds = [state["groupVersionKind"] for state in states]
    assert sorted(kind["kind"] for kind in kinds) == sorted(watched)
    allowed = {group for rule in values["kube-state-metrics"]["rbac"]["extraRules"] for group in rule["apiGroups"]}
    assert {kind["group"] for kind in kinds} == allowed
