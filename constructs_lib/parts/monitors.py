"""ServiceMonitor or PodMonitor: where Prometheus reads a service's metrics."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from ..environment import Placed
from ..objects import Manifest
from .labels import meta, selector


def monitor(scope: Construct, specs: Sequence[Placed]) -> None:
    """One monitor for all slots. A PodMonitor where the metrics' port is not one that a Service of it has."""
    measured = [placed for placed in specs if placed.service.metrics]
    if not measured:
        return
    placed = measured[0]
    name = placed.service.name
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
    Manifest(scope, "monitoring.coreos.com/v1", kind, meta(placed, name), spec=spec)
