"""What the rules know of a cluster: its rendered objects, and what its services declared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..units import PlatformInputs, SharedInputs, SlotInputs, Unit
from ..values import Public
from ..values.resolved_service import ResolvedService

Object = dict[str, Any]
Inputs = PlatformInputs | SlotInputs | SharedInputs


class Finding(NamedTuple):
    """What a rule found: the rule, the service or `kind/name` that it is about, and a sentence with the remedy."""

    rule: str
    subject: str
    sentence: str


@dataclass(frozen=True)
class Facts:
    """Objects of one unit, or of a whole cluster; and the declarations of the services among them."""

    services: list[dict[str, Any]] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """What was found while looking at each unit alone."""
    unit: dict[str, Any] = field(default_factory=dict)
    """What the spec behind one unit of a service declared; empty for the platform, and for a whole cluster."""

    @classmethod
    def of(cls, unit: Unit, objects: list[Object]) -> Facts:
        """The facts of one unit, without findings."""
        return cls(service_facts(unit.inputs), objects, unit=unit_facts(unit.inputs))

    def with_findings(self, findings: list[Finding]) -> Facts:
        """The same, with what was found."""
        return replace(self, findings=findings)

    def as_json(self) -> dict[str, Any]:
        """For the cache and the renderer's answers."""
        return {"services": self.services, "objects": self.objects, "findings": self.findings}

    @classmethod
    def joined(cls, parts: list[dict[str, Any]]) -> Facts:
        """The facts of a cluster from those of its units."""
        return cls(
            [service for part in parts for service in part["services"]],
            [each for part in parts for each in part["objects"]],
            [Finding(*finding) for part in parts for finding in part["findings"]],
        )

    def kinds(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [each for each in self.objects if each["kind"] in kinds]


def unit_facts(inputs: Inputs) -> dict[str, Any]:
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


def service_facts(inputs: Inputs) -> list[dict[str, Any]]:
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
