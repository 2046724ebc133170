"""What the rules know of a cluster: its rendered objects, and what its services declared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .plan import FrontInputs, PlatformInputs, SlotInputs

Object = dict[str, Any]


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


def service_facts(inputs: PlatformInputs | SlotInputs | FrontInputs) -> list[dict[str, Any]]:
    """What a service declared, as its front says it once for all slots."""
    if not isinstance(inputs, FrontInputs):
        return []
    service = inputs.stable.service
    specs = [inputs.stable, *([inputs.candidate] if inputs.candidate else [])]
    return [
        {
            "name": service.name,
            "kind": service.kind,
            "external": service.external is not None,
            "depends_on": [each.model_dump(mode="json") for placed in specs for each in placed.service.depends_on],
            "ports": [port.name for port in service.ports],
            "database": service.database.name if service.database else None,
            "secrets": sorted({entry for secret in service.secrets for entry in secret.keys.values()}),
        }
    ]
