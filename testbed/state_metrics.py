"""kube-state-metrics for one cluster: turns the status of custom resources into metrics, as it is configured."""

from typing import Any

import httpx
import yaml

from .bed import BedCluster
from .process import Process
from .programs.build import program

_PORT, _TELEMETRY_PORT = 8084, 8085


class StateMetrics:
    """The process; `configuration` is what its chart calls `customResourceState.config`."""

    def __init__(self, cluster: BedCluster, configuration: dict[str, Any]) -> None:
        file = cluster.folder / "state-metrics.yaml"
        file.write_text(yaml.safe_dump({"kind": "CustomResourceStateMetrics", **configuration}), encoding="utf-8")
        self._address = cluster.address
        options = [
            f"--kubeconfig={cluster.kubeconfig}",
            "--custom-resource-state-only",
            f"--custom-resource-state-config-file={file}",
            f"--host={self._address}",
            f"--port={_PORT}",
            f"--telemetry-host={self._address}",
            f"--telemetry-port={_TELEMETRY_PORT}",
        ]
        log = cluster.folder / "logs" / "kube-state-metrics.log"
        self._process = Process([program("kube-state-metrics"), *options], log)
        self._process.ready(lambda: self.metrics() != "")

    def metrics(self) -> str:
        """Its metrics; empty before it listens."""
        try:
            return httpx.get(f"http://{self._address}:{_PORT}/metrics", trust_env=False).text
        except httpx.TransportError:
            return ""

    def stop(self) -> None:
        """Stops it."""
        self._process.stop(gently=False)
