"""Pods have the time to finish their work when they are stopped."""

from __future__ import annotations

from .rule import Found
from .unit import UnitView

_DEFAULT_GRACE = 30


def shutdown_fits(unit: UnitView) -> Found:
    """The preStop pause and the time to finish fit into the grace period."""
    finish = unit.spec.get("finish_seconds", 1)
    for workload in unit.workloads:
        if workload.kind in ("CronJob", "Job"):
            continue
        grace = workload.pod.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)
        for container in workload.containers:
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            if pause + finish > grace:
                yield (
                    workload.subject,
                    f"container {container['name']} drains for {pause} s and finishes for {finish} s, but its pod is "
                    f"killed after {grace} s; set terminationGracePeriodSeconds to at least {pause + finish}",
                )
