"""Builds one unit with constructs. This is the only module that starts node."""

from __future__ import annotations

import importlib

import cdk8s
import jsii

from .crossing import UnitChart
from .parts.patches import apply_patches
from .parts.routes import Traffic
from .platform.gitops import FOLDER as GITOPS
from .platform.gitops import sync
from .units import PlatformInputs, SharedInputs, SlotInputs, Unit
from .values import Problem
from .values.data import Json
from .workloads.microservice import Microservice
from .workloads.scheduled_job import ScheduledJob
from .workloads.shared_objects import SharedObjects
from .workloads.stateful_service import StatefulService
from .workloads.worker import Worker

_WORKLOADS = {"worker": Worker, "scheduled-job": ScheduledJob, "stateful": StatefulService}


def build(unit: Unit, cluster: str) -> dict[str, Json]:
    """Return the objects of a unit by file path, relative to the folder of the cluster. Raises Problem."""
    chart = UnitChart()
    inputs = unit.inputs
    if isinstance(inputs, PlatformInputs):
        _component(chart, inputs)
    elif isinstance(inputs, SlotInputs):
        _slot(chart, inputs)
    else:
        _shared_objects(chart, inputs)
    # Without a slot, a service has one folder, and the Kustomization among its shared objects applies it.
    if not isinstance(inputs, SlotInputs) or inputs.slot:
        sync(chart, cluster, unit.folder, _interval_seconds(inputs))
    return _by_path(_objects(chart, unit), unit)


def _component(chart: cdk8s.Chart, inputs: PlatformInputs) -> None:
    module, _, name = inputs.component.made_by.partition(":")
    construct = getattr(importlib.import_module(module), name)
    construct(chart, inputs.environment, inputs.role)


def _slot(chart: cdk8s.Chart, inputs: SlotInputs) -> None:
    resolved = inputs.resolved
    workload = _WORKLOADS.get(resolved.service.kind)
    if workload:
        workload(chart, resolved, inputs.version)
    else:
        Microservice(chart, resolved, inputs.version, slot=inputs.slot, at_peak=inputs.at_peak)
    apply_patches(chart, resolved.service.name, resolved.service.patches)


def _shared_objects(chart: cdk8s.Chart, inputs: SharedInputs) -> None:
    SharedObjects(chart, Traffic(inputs.stable, inputs.stable_slot, inputs.weights, inputs.candidate))
    service = inputs.stable.service
    apply_patches(chart, service.name, service.patches)


def _interval_seconds(inputs: PlatformInputs | SlotInputs | SharedInputs) -> int:
    if isinstance(inputs, PlatformInputs):
        return inputs.environment.git.interval_seconds
    resolved = inputs.resolved if isinstance(inputs, SlotInputs) else inputs.stable
    return resolved.placement.revision_interval_seconds


def _objects(chart: UnitChart, unit: Unit) -> list[Json]:
    try:
        return chart.objects()
    except (jsii.errors.JSIIError, RuntimeError) as error:
        said = str(error).strip().splitlines()[0].removeprefix("Error: ")
        raise Problem(f"{unit.id}: cdk8s rejected an object: {said}; fix the construct that adds it") from None


def _by_path(objects: list[Json], unit: Unit) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for each in objects:
        # A Kustomization cannot lie in the folder that it applies: Flux would need it before it exists.
        folder = GITOPS if each["kind"] == "Kustomization" else unit.folder
        path = f"{folder}/{each['kind'].lower()}-{each['metadata']['name']}.yaml"
        if path in found:
            raise Problem(
                f"{unit.id}: two objects would be written to {path}; give one another name or a component of its own"
            )
        found[path] = each
    return found
