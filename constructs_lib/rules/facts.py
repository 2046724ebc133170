"""What the rules know: the rendered objects of a unit, and what the services behind them declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypedDict

from ..values.data import Json, Object


class Finding(NamedTuple):
    """What a rule found: the rule, the service or `Kind/name` that it is about, and a sentence with the remedy."""

    rule: str
    subject: str
    sentence: str


class DeclaredService(TypedDict):
    """What a service declared, once for all of its slots."""

    name: str
    kind: str
    external: bool
    """Whether it is reached from outside the cluster."""
    depends_on: list[Json]
    """The dependencies of all slots, as the spec holds them."""
    ports: dict[str, int]
    routed: list[str]
    """The names of the ports that are behind a gateway."""
    calls: dict[str, list[list[str | None]]]
    """By slot: the services that it calls, each with the name of the port or null."""
    patches: list[list[str | None]]
    """Kind, name or null, and path of each patch."""
    databases: list[str]


@dataclass(frozen=True)
class RuleFacts:
    """Objects of one unit, or of a whole cluster; and the declarations of the services among them."""

    services: list[DeclaredService] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    """What was found while looking at each unit alone."""
    unit: Json = field(default_factory=dict)
    """What the spec behind one unit of a service declared; empty for the platform, and for a whole cluster."""

    def with_findings(self, findings: list[Finding]) -> RuleFacts:
        """The same, with what was found."""
        return replace(self, findings=findings)

    def as_json(self) -> Json:
        """For the cache and the renderer's answers."""
        return {"services": self.services, "objects": self.objects, "findings": self.findings}

    @classmethod
    def of_json(cls, data: Json) -> RuleFacts:
        """The facts that `as_json` wrote."""
        return cls.joined([data])

    @classmethod
    def joined(cls, parts: Iterable[Json]) -> RuleFacts:
        """The facts of a cluster from those of its units."""
        parts = list(parts)
        return cls(
            [service for part in parts for service in part["services"]],
            [each for part in parts for each in part["objects"]],
            [Finding(*finding) for part in parts for finding in part["findings"]],
        )

    def kinds(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [each for each in self.objects if each["kind"] in kinds]
