"""Probes differ from each other, and use ports that their containers declare."""

from __future__ import annotations

from .rule import Found
from .unit import UnitView


def probes_differ(unit: UnitView) -> Found:
    """Liveness and readiness differ: otherwise a busy pod is restarted instead of relieved."""
    for workload in unit.workloads:
        for container in workload.containers:
            live = container.get("livenessProbe")
            if live is not None and live == container.get("readinessProbe"):
                yield (
                    workload.subject,
                    f"container {container['name']} has the same liveness and readiness probe; "
                    f"raise the failures of liveness, or remove it",
                )


def probe_port_exists(unit: UnitView) -> Found:
    """Every probe uses a port that its container declares."""
    for workload in unit.workloads:
        for container in workload.containers:
            ports = container.get("ports") or ()
            known = {port.get("name") for port in ports} | {port["containerPort"] for port in ports}
            for what in ("startup", "readiness", "liveness"):
                probe = container.get(f"{what}Probe") or {}
                for way in ("httpGet", "tcpSocket", "grpc"):
                    if way in probe and probe[way]["port"] not in known:
                        yield (
                            workload.subject,
                            f"the {what} probe of container {container['name']} uses port {probe[way]['port']!r}, "
                            f"which the container does not declare; use one of its ports",
                        )
