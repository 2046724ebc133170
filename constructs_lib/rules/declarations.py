"""What the spec behind a unit declared, as far as the rules ask for it."""

from __future__ import annotations

from ..units import PlatformInputs, SharedInputs, SlotInputs, Unit
from ..values import Public
from ..values.data import Json, Object
from ..values.resolved_service import ResolvedService
from .facts import DeclaredService, RuleFacts

Inputs = PlatformInputs | SlotInputs | SharedInputs


def facts_of(unit: Unit, objects: list[Object]) -> RuleFacts:
    """The facts of one unit, without findings."""
    return RuleFacts(service_facts(unit.inputs), objects, unit=unit_facts(unit.inputs))


def unit_facts(inputs: Inputs) -> Json:
    """What rules over one unit alone ask of the spec that it was made from."""
    if isinstance(inputs, PlatformInputs):
        return {}
    resolved = inputs.resolved if isinstance(inputs, SlotInputs) else inputs.stable
    service = resolved.service
    envs = (service.env, *(container.env for container in service.containers()))
    return {
        "owner": service.name,
        "namespace": resolved.placement.namespace,
        "public": sorted({name for env in envs for name, value in env.items() if isinstance(value, Public)}),
        "finish_seconds": service.shutdown.finish_seconds,
    }


def service_facts(inputs: Inputs) -> list[DeclaredService]:
    """What a service declared, as its front says it once for all slots."""
    if not isinstance(inputs, SharedInputs):
        return []
    service = inputs.stable.service
    specs = {inputs.stable_slot: inputs.stable}
    if inputs.candidate:
        specs["green" if inputs.stable_slot == "blue" else "blue"] = inputs.candidate
    if not service.slotted:
        specs = {"": inputs.stable}
    return [
        {
            "name": service.name,
            "kind": service.kind,
            "external": service.external is not None,
            "depends_on": [
                each.model_dump(mode="json") for resolved in specs.values() for each in resolved.service.depends_on
            ],
            "ports": {port.name: port.number for port in service.ports},
            "routed": [port.name for port in service.routed],
            "calls": {slot: _calls(resolved) for slot, resolved in specs.items()},
            "patches": [
                [each.kind, each.name, each.path] for resolved in specs.values() for each in resolved.service.patches
            ],
            "databases": sorted({resolved.database.name for resolved in specs.values() if resolved.database}),
        }
    ]


def _calls(resolved: ResolvedService) -> list[list[str | None]]:
    """Names and ports of the services that one slot calls, and of the collector that it sends to."""
    calls = {(each.service, each.port) for each in resolved.service.depends_on}
    collector = resolved.placement.collector
    if resolved.service.telemetry and collector and collector != resolved.service.name:
        calls.add((collector, "grpc"))
    return [[name, port] for name, port in sorted(calls, key=str)]
