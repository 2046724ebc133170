"""Monitors Flux: the metrics that Prometheus reads, and the alerts for a cluster that no longer follows Git.

Flux itself reports objects that it cannot apply (`gitops.py`). These rules cover cases that Flux cannot report.
"""

from __future__ import annotations

from constructs import Construct

from ..parts.names import FLUX, MONITORING
from ..parts.objects import Manifest, Meta
from ..values.data import Json
from ..values.environment import Environment, Role

_CONTROLLERS = {
    "source-controller": "gitrepository",
    "kustomize-controller": "kustomization",
    "helm-controller": "helmrelease",
    "notification-controller": "receiver",
}
"""For each controller, a kind that it reconciles, as its metrics name it."""
_STATES = {
    "GitRepository": ("source.toolkit.fluxcd.io", "v1", "gitrepositories"),
    "OCIRepository": ("source.toolkit.fluxcd.io", "v1", "ocirepositories"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io", "v1", "kustomizations"),
    "HelmRelease": ("helm.toolkit.fluxcd.io", "v2", "helmreleases"),
}
"""The group, version and plural of the kinds whose state is a metric."""
_NAME = {"name": ["metadata", "name"]}
_LABELS = {
    "exported_namespace": ["metadata", "namespace"],
    "ready": ["status", "conditions", "[type=Ready]", "status"],
    "suspended": ["spec", "suspend"],
}


def _state(kind: str) -> Json:
    # No controller has a metric for failing objects. kube-state-metrics reads their status, as Flux recommends:
    # https://fluxcd.io/flux/monitoring/custom-metrics/
    group, version, _ = _STATES[kind]
    # kube-state-metrics exports no Info metric that has no label of its own.
    info = {"type": "Info", "info": {"labelsFromPath": _NAME}}
    metric = {"name": "resource_info", "help": f"The state of a {kind}.", "each": info, "labelsFromPath": _LABELS}
    return {
        "groupVersionKind": {"group": group, "version": version, "kind": kind},
        "metricNamePrefix": "gotk",
        "metrics": [metric],
    }


def _may_read() -> list[Json]:
    groups = [(group, plural) for group, _, plural in _STATES.values()]
    return [{"apiGroups": [group], "resources": [plural], "verbs": ["list", "watch"]} for group, plural in groups]


_STATE_METRICS: Json = {
    "rbac": {"extraRules": _may_read()},
    "customResourceState": {"enabled": True, "config": {"spec": {"resources": [_state(kind) for kind in _STATES]}}},
}
_FLUX_PODS = {
    "name": "flux",
    "namespaceSelector": {"matchNames": [FLUX]},
    "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": list(_CONTROLLERS)}]},
    "podMetricsEndpoints": [{"port": "http-prom"}],
}

VALUES: Json = {
    # Node exporters need host access, which the restricted namespace forbids. Clusters bring their own.
    "nodeExporter": {"enabled": False},
    "grafana": {"enabled": False},
    "prometheus": {
        # By default, the chart's Prometheus reads only monitors and rules with the chart's label. Ours have none.
        "prometheusSpec": {
            "podMonitorSelectorNilUsesHelmValues": False,
            "ruleSelectorNilUsesHelmValues": False,
            "serviceMonitorSelectorNilUsesHelmValues": False,
        },
        "additionalPodMonitors": [_FLUX_PODS],
    },
    "kube-state-metrics": _STATE_METRICS,
}
"""The values of the chart kube-prometheus-stack."""


class Monitoring(Construct):
    """The Prometheus rules that alert when Flux fails."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "monitoring")
        self._cluster = environment.cluster_name(role)
        rules = [self._down(controller) for controller in _CONTROLLERS]
        rules += [self._no_pull(), self._stuck(), self._not_ready(), self._suspended()]
        spec = {"groups": [{"name": "flux", "rules": rules}]}
        Manifest(self, "monitoring.coreos.com/v1", "PrometheusRule", Meta("flux", MONITORING), spec=spec)

    def _down(self, controller: str) -> Json:
        kind = _CONTROLLERS[controller]
        expression = f'absent(controller_runtime_max_concurrent_reconciles{{controller="{kind}"}})'
        said = f"{{cluster}}: nobody hears of Flux's {controller}; look at its pod in {FLUX}."
        return self._rule("FluxControllerIsDown", expression, said, flux_controller=controller)

    def _no_pull(self) -> Json:
        # Count successes: they come at every interval, but errors become rarer the longer it fails (backoff).
        pulls = 'controller_runtime_reconcile_total{controller="gitrepository",result="requeue_after"}'
        said = "{cluster}: Flux has not pulled Git for 5 minutes; see `flux get sources git`."
        return self._rule("FluxDoesNotPull", f"sum(increase({pulls}[5m])) == 0", said)

    def _stuck(self) -> Json:
        seen = 'sum by (name) (increase(gotk_reconcile_duration_seconds_count{kind="Kustomization"}[10m])) == 0'
        said = "{cluster}: Flux has not looked at the Kustomization {{{{ $labels.name }}}} for 10 minutes."
        return self._rule("FluxDoesNotReconcile", seen, said)

    def _not_ready(self) -> Json:
        failed = 'sum by (customresource_kind, name) (gotk_resource_info{ready="False"}) > 0'
        said = "{cluster}: {{{{ $labels.customresource_kind }}}} {{{{ $labels.name }}}} fails; see `flux events`."
        return self._rule("FluxCannotReconcile", failed, said)

    def _suspended(self) -> Json:
        paused = 'sum by (customresource_kind, name) (gotk_resource_info{suspended="true"}) > 0'
        said = (
            "{cluster}: {{{{ $labels.customresource_kind }}}} {{{{ $labels.name }}}} is suspended; `flux resume` takes "
            "the cluster back to Git."
        )
        return self._rule("FluxIsSuspended", paused, said, minutes=60)

    def _rule(self, alert: str, expression: str, said: str, minutes: int = 5, **labels: str) -> Json:
        return {
            "alert": alert,
            "expr": expression,
            "for": f"{minutes}m",
            "labels": {"severity": "critical" if minutes == 5 else "warning", "cluster": self._cluster, **labels},
            "annotations": {"summary": said.format(cluster=self._cluster)},
        }
