"""Lists the calls of a service. Network policies and labels come from this one list."""

from __future__ import annotations

from typing import NamedTuple

from ..values.resolved_service import Callee, ResolvedService


class Call(NamedTuple):
    """One port of another service that runs in this cluster."""

    callee: Callee
    port: int
    routed: bool
    """Whether the call goes through the internal gateway."""


def calls(resolved: ResolvedService) -> list[Call]:
    """Return the ports that a service calls: those of its dependencies, and the collector's if it sends telemetry."""
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
