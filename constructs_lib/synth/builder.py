"""Builds a unit with constructs. The only module of this package that starts node."""

from __future__ import annotations

import importlib
from typing import Any

import cdk8s
import jsii

from ..front import ServiceFront
from ..microservice import Microservice
from ..parts.patches import apply_patches
from ..parts.routes import Traffic
from ..platform.gitops import FOLDER as GITOPS
from ..platform.gitops import sync
from ..rules import unit_findings
from ..scheduled_job import ScheduledJob
from ..stateful import Stateful
from ..values import Problem
from ..worker import Worker
from . import yaml
from .facts import Facts, service_facts, unit_facts
from .units import FrontInputs, PlatformInputs, SlotInputs, Unit

_WORKLOADS = {"worker": Worker, "scheduled-job": ScheduledJob, "stateful": Stateful}

_app: cdk8s.App | None = None
_count = 0


def build(unit: Unit, cluster: str) -> tuple[dict[str, str], Facts]:
    """The files of a unit by path below the cluster's folder, and the facts for the rules. Raises Problem."""
    chart = _chart()
    inputs = unit.inputs
    if isinstance(inputs, PlatformInputs):
        _component(chart, inputs)
    elif isinstance(inputs, SlotInputs):
        _slot(chart, inputs)
    else:
        _front(chart, inputs)
    if not isinstance(inputs, SlotInputs) or inputs.slot:  # else its folder is that of its front, which syncs it
        sync(chart, cluster, unit.folder, _interval_seconds(inputs))
    objects = _objects(chart, unit)
    facts = Facts(service_facts(inputs), objects, unit=unit_facts(inputs))
    return _files(objects, unit), facts.with_findings(unit_findings(facts))


def _chart() -> cdk8s.Chart:
    global _app, _count  # noqa: PLW0603 - one node process, one app; a chart for each unit
    if _app is None:
        _app = cdk8s.App(outdir=".scratch", record_construct_metadata=False)
    _count += 1
    return cdk8s.Chart(_app, f"unit-{_count}", disable_resource_name_hashes=True)


def _component(chart: cdk8s.Chart, inputs: PlatformInputs) -> None:
    module, _, name = inputs.component.made_by.partition(":")
    construct = getattr(importlib.import_module(module), name)
    construct(chart, inputs.environment, inputs.role)


def _slot(chart: cdk8s.Chart, inputs: SlotInputs) -> None:
    placed = inputs.placed
    workload = _WORKLOADS.get(placed.service.kind)
    if workload:
        workload(chart, placed, inputs.version)
    else:
        Microservice(chart, placed, inputs.version, slot=inputs.slot, at_peak=inputs.at_peak)
    apply_patches(chart, placed.service.name, placed.service.patches)


def _front(chart: cdk8s.Chart, inputs: FrontInputs) -> None:
    ServiceFront(chart, Traffic(inputs.stable, inputs.stable_slot, inputs.weights, inputs.candidate))
    service = inputs.stable.service
    apply_patches(chart, service.name, service.patches)


def _interval_seconds(inputs: PlatformInputs | SlotInputs | FrontInputs) -> int:
    if isinstance(inputs, PlatformInputs):
        return inputs.environment.git.interval_seconds
    placed = inputs.placed if isinstance(inputs, SlotInputs) else inputs.stable
    return placed.place.revision_interval_seconds


def _objects(chart: cdk8s.Chart, unit: Unit) -> list[dict[str, Any]]:
    try:
        objects: list[dict[str, Any]] = chart.to_json()
    except (jsii.errors.JSIIError, RuntimeError) as error:
        said = str(error).strip().splitlines()[0]
        raise Problem(f"{unit.id}: {said}; correct the patch that names this path, or take it out") from None
    return objects


def _files(objects: list[dict[str, Any]], unit: Unit) -> dict[str, str]:
    header = yaml.header(unit.sources)
    files: dict[str, str] = {}
    for each in objects:
        # What syncs a folder lies with its like, or it would have to be there before it is.
        folder = GITOPS if each["kind"] == "Kustomization" else unit.folder
        path = f"{folder}/{each['kind'].lower()}-{each['metadata']['name']}.yaml"
        if path in files:
            raise Problem(
                f"{unit.id}: two objects would be written to {path}; give one another name or a component of its own"
            )
        files[path] = header + yaml.dump(each)
    return files
