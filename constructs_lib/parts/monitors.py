"""Creates the ServiceMonitor or PodMonitor, which tells Prometheus where to scrape a service."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from ..values.resolved_service import ResolvedService
from .labels import meta, selector
from .objects import Manifest


def monitor(scope: Construct, specs: Sequence[ResolvedService]) -> None:
    """Add one monitor for all slots: a PodMonitor if a metrics port is not in `ports`, else a ServiceMonitor."""
    measured = [resolved for resolved in specs if resolved.service.metrics]
    if not measured:
        return
    resolved = measured[0]
    name = resolved.service.name
    endpoints, kinds = [], set()
    for each in measured:
        metrics = each.service.metrics
        assert metrics is not None
        port = next((port.name for port in each.service.ports if port.number == metrics.port), None)
        kinds.add("ServiceMonitor" if port else "PodMonitor")
        where = {"port": port} if port else {"portNumber": metrics.port}
        endpoint = {**where, "path": metrics.path, "interval": f"{metrics.interval_seconds}s"}
        if endpoint not in endpoints:
            endpoints.append(endpoint)
    kind = "PodMonitor" if "PodMonitor" in kinds else "ServiceMonitor"
    key = "podMetricsEndpoints" if kind == "PodMonitor" else "endpoints"
    spec = {"selector": {"matchLabels": selector(name)}, key: endpoints}
    Manifest(scope, "monitoring.coreos.com/v1", kind, meta(resolved, name), spec=spec)
