"""How many pods run, who decides it, and how many a node drain may take."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .facts import Object
from .index import Found, Index, Workload, namespace_of, subject

_SCALED = ("Deployment", "StatefulSet", "ReplicaSet")


def replicas_or_autoscaler(index: Index) -> Found:
    """A number of replicas and an autoscaler never fight over the same pods."""
    for each in index.kinds("HorizontalPodAutoscaler"):
        target = _target(index, each)
        if target and "replicas" in target["spec"]:
            yield (
                subject(each),
                f"{target['kind']} {target['metadata']['name']} has {target['spec']['replicas']} replicas and an "
                f"autoscaler, which would undo each other; take one of them out",
            )


def autoscaler_fits(index: Index) -> Found:
    """An autoscaler has bounds, something to measure, and one target that exists and that no other one has."""
    seen: dict[tuple[str, str], str] = {}
    for each in index.kinds("HorizontalPodAutoscaler"):
        name, spec = each["metadata"]["name"], each["spec"]
        reference = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        if not 1 <= low <= high:
            yield (
                subject(each),
                f"the autoscaler {name} has the bounds {low} to {high}; let min be at least 1 and at most max",
            )
        if not spec.get("metrics"):
            yield subject(each), f"the autoscaler {name} measures nothing; give it a metric"
        if not _target(index, each):
            yield subject(each), f"the autoscaler {name} scales {' '.join(reference)}, which does not exist; name one"
        if reference in seen:
            yield (
                subject(each),
                f"the autoscalers {seen[reference]} and {name} both scale {reference[1]}; take one out",
            )
        seen[reference] = name


def _target(index: Index, autoscaler: Object) -> Object | None:
    reference = autoscaler["spec"]["scaleTargetRef"]
    return index.get(reference["kind"], namespace_of(autoscaler), reference["name"])


def budget_fits(index: Index) -> Found:
    """A disruption budget says one thing, about pods that exist, and lets a node be drained."""
    seen: dict[Workload, str] = {}
    for each in index.kinds("PodDisruptionBudget"):
        name = each["metadata"]["name"]
        pods = index.pods(namespace_of(each), each["spec"].get("selector"))
        if not pods:
            yield subject(each), f"the disruption budget {name} selects no pod of its unit; correct its selector"
        for workload in pods:
            if workload in seen:
                yield (
                    subject(each),
                    f"the disruption budgets {seen[workload]} and {name} select the same pods, which no drain can "
                    f"end; take one out",
                )
            seen[workload] = name
            for wrong in _blocks(each, fewest(index, workload)):
                yield subject(each), f"the disruption budget {name} {wrong}"


def _blocks(budget: Object, replicas: int) -> Iterator[str]:
    least, most = budget["spec"].get("minAvailable"), budget["spec"].get("maxUnavailable")
    if (least is None) == (most is None):
        yield "must have one of minAvailable and maxUnavailable; take one out, or add one"
    elif least is not None and _count(least, replicas) >= replicas:
        yield f"keeps {least} of {replicas} pods, so that no node can be drained; keep fewer, or run more"
    elif most is not None and _count(most, replicas) == 0:
        yield "lets no pod go, so that no node can be drained; let maxUnavailable be at least 1"


def _count(said: int | str, replicas: int) -> int:
    if isinstance(said, int):
        return said
    share = said.removesuffix("%")
    return math.ceil(int(share) * replicas / 100) if share.isdigit() else 0


def _autoscaled(index: Index, workload: Workload) -> Object | None:
    return next(
        (
            each
            for each in index.autoscalers.get((workload.namespace, workload.name), ())
            if each["spec"]["scaleTargetRef"]["kind"] == workload.kind
        ),
        None,
    )


def fewest(index: Index, workload: Workload) -> int:
    """The pods of a workload when it is calm."""
    autoscaler = _autoscaled(index, workload)
    replicas: int = workload.object["spec"].get("replicas", 1) if workload.kind in _SCALED else 1
    return autoscaler["spec"].get("minReplicas", 1) if autoscaler else replicas


def most(index: Index, workload: Workload) -> int:
    """The pods of a workload at its peak."""
    autoscaler = _autoscaled(index, workload)
    return autoscaler["spec"]["maxReplicas"] if autoscaler else fewest(index, workload)
