"""How many pods run, what decides it, and how many of them a node drain may stop."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..values.data import Object
from .lookups import Lookups
from .objects import namespace_of, subject
from .rule import Found
from .selectors import selects
from .unit import UnitView
from .workloads import Workload

_SCALED = ("Deployment", "StatefulSet", "ReplicaSet")


def replicas_or_autoscaler(unit: UnitView) -> Found:
    """No workload has both a number of replicas and an autoscaler."""
    for each in unit.kinds("HorizontalPodAutoscaler"):
        target = _target(unit, each)
        if target and "replicas" in target["spec"]:
            yield (
                subject(each),
                f"{target['kind']} {target['metadata']['name']} has {target['spec']['replicas']} replicas and an "
                f"autoscaler, which undo each other; remove one of them",
            )


def autoscaler_fits(unit: UnitView) -> Found:
    """Every autoscaler has valid bounds, a metric, and a target that exists and that no other autoscaler has."""
    seen: dict[tuple[str, str], str] = {}
    for each in unit.kinds("HorizontalPodAutoscaler"):
        name, spec = each["metadata"]["name"], each["spec"]
        reference = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        if not 1 <= low <= high:
            yield (
                subject(each),
                f"autoscaler {name} has the bounds {low} to {high}; set min to at least 1 and at most max",
            )
        if not spec.get("metrics"):
            yield subject(each), f"autoscaler {name} has no metrics; add one"
        if not _target(unit, each):
            yield (
                subject(each),
                f"autoscaler {name} scales {' '.join(reference)}, which does not exist; correct its target",
            )
        if reference in seen:
            yield (
                subject(each),
                f"autoscalers {seen[reference]} and {name} both scale {reference[1]}; remove one of them",
            )
        seen[reference] = name


def _target(unit: UnitView, autoscaler: Object) -> Object | None:
    reference = autoscaler["spec"]["scaleTargetRef"]
    return unit.get(reference["kind"], namespace_of(autoscaler), reference["name"])


def budget_fits(unit: UnitView) -> Found:
    """Every disruption budget has one limit, selects pods, and allows a node to be drained."""
    seen: dict[Workload, str] = {}
    for each in unit.kinds("PodDisruptionBudget"):
        name = each["metadata"]["name"]
        workloads = list(_selected(unit, each))
        if not workloads:
            yield subject(each), f"disruption budget {name} selects none of the pods beside it; correct its selector"
        for workload in workloads:
            if workload in seen:
                yield (
                    subject(each),
                    f"disruption budgets {seen[workload]} and {name} select the same pods, so that no node can be "
                    f"drained; remove one of them",
                )
            seen[workload] = name
            for wrong in _blocks(each, fewest(unit, workload)):
                yield subject(each), f"disruption budget {name} {wrong}"


def _selected(unit: UnitView, budget: Object) -> Iterator[Workload]:
    for workload in unit.workloads:
        if workload.namespace == namespace_of(budget) and selects(budget["spec"].get("selector"), workload.pods.labels):
            yield workload


def _blocks(budget: Object, replicas: int) -> Iterator[str]:
    least, most = budget["spec"].get("minAvailable"), budget["spec"].get("maxUnavailable")
    if (least is None) == (most is None):
        yield "must have exactly one of minAvailable and maxUnavailable; remove or add one"
    elif least is not None and _count(least, replicas) >= replicas:
        yield f"keeps {least} of {replicas} pods, so that no node can be drained; keep fewer, or run more pods"
    elif most is not None and _count(most, replicas) == 0:
        yield "allows no pod to stop, so that no node can be drained; set maxUnavailable to at least 1"


def _count(said: int | str, replicas: int) -> int:
    if isinstance(said, int):
        return said
    share = said.removesuffix("%")
    return math.ceil(int(share) * replicas / 100) if share.isdigit() else 0


def fewest(look: Lookups, workload: Workload) -> int:
    """The number of pods of a workload at its lowest."""
    autoscalers = look.autoscalers(workload)
    replicas: int = workload.object["spec"].get("replicas", 1) if workload.kind in _SCALED else 1
    return autoscalers[0]["spec"].get("minReplicas", 1) if autoscalers else replicas


def most(look: Lookups, workload: Workload) -> int:
    """The number of pods of a workload at its peak."""
    autoscalers = look.autoscalers(workload)
    return autoscalers[0]["spec"]["maxReplicas"] if autoscalers else fewest(look, workload)
