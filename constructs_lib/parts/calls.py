"""Whom a service calls: the one list from which addresses, network policies and labels are made."""

from __future__ import annotations

from typing import NamedTuple

from ..values.resolved_service import Callee, ResolvedService


class Call(NamedTuple):
    """One port of another service that runs in this cluster."""

    callee: Callee
    port: int
    routed: bool
    """Whether it is reached through the internal gateway."""


def calls(resolved: ResolvedService) -> list[Call]:
    """The ports that a service calls: those of its dependencies, and the collector's where it sends telemetry."""
    named = [(each.service, each.port) for each in resolved.service.depends_on]
    collector = resolved.placement.collector
    if resolved.service.telemetry and collector and collector != resolved.service.name:
        named.append((collector, "grpc"))
    found = []
    for name, port_name in named:
        callee = resolved.callees.get(name)
        port = next((each for each in callee.ports if port_name in (None, each[0])), None) if callee else None
        if callee and port:
            found.append(Call(callee, port[1], port[0] in callee.routed))
    return found
