"""Whether pods get the time to end what they have begun."""

from __future__ import annotations

from .index import Found, Index

_DEFAULT_GRACE = 30


def shutdown_fits(index: Index) -> Found:
    """The pause before the end and the time to finish add up to no more than the grace period."""
    finish = index.unit.get("finish_seconds", 1)
    for workload in index.workloads:
        if workload.kind in ("CronJob", "Job"):
            continue
        grace = workload.pod.get("terminationGracePeriodSeconds", _DEFAULT_GRACE)
        for container in workload.containers:
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            if pause + finish > grace:
                yield (
                    workload.subject,
                    f"the container {container['name']} drains for {pause} s and finishes for {finish} s, but its pod "
                    f"is killed after {grace} s; give terminationGracePeriodSeconds at least {pause + finish}",
                )
