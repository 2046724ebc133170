"""Probes that ask different questions, of ports that there are."""

from __future__ import annotations

from .index import Found, Index


def probes_differ(index: Index) -> Found:
    """Liveness is not readiness: else a busy pod is restarted instead of spared."""
    for workload in index.workloads:
        for container in workload.containers:
            live = container.get("livenessProbe")
            if live is not None and live == container.get("readinessProbe"):
                yield (
                    workload.subject,
                    f"the container {container['name']} has the same liveness and readiness probe; "
                    f"give liveness more failures, or leave it out",
                )


def probe_port_exists(index: Index) -> Found:
    """A probe asks a port that its container declares."""
    for workload in index.workloads:
        for container in workload.containers:
            ports = container.get("ports") or ()
            known = {port.get("name") for port in ports} | {port["containerPort"] for port in ports}
            for what in ("startup", "readiness", "liveness"):
                probe = container.get(f"{what}Probe") or {}
                for way in ("httpGet", "tcpSocket", "grpc"):
                    if way in probe and probe[way]["port"] not in known:
                        yield (
                            workload.subject,
                            f"the {what} probe of the container {container['name']} asks the port "
                            f"{probe[way]['port']!r}, which is not one of its ports; name one of them",
                        )
