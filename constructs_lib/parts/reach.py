"""Services: of a slot, of the whole, and the alias that leads callers through the internal gateway."""

from __future__ import annotations

from collections.abc import Iterable

from constructs import Construct

from ..kubernetes import ServicePort, ServiceSpec
from ..values import Port
from ..values.resolved_service import ResolvedService
from .labels import meta, selector
from .names import ENVOY_SYSTEM, INTERNAL, INTERNAL_PORT, slot_name
from .objects import Manifest, Meta


def slot_service(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """What a route's weights point to: the pods of one slot."""
    if resolved.service.routed:
        about = meta(resolved, slot_name(resolved.service.name, slot), slot)
        _service(scope, about, resolved.service.routed, selector(resolved.service.name, slot))


def stable_service(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """What callers of a service without a route point to: the pods of the stable slot."""
    service = resolved.service
    if service.ports and not service.routed and service.kind != "stateful":
        _service(scope, meta(resolved, service.name), service.ports, selector(service.name, slot))


def headless_service(scope: Construct, resolved: ResolvedService) -> None:
    """Gives each pod of a stateful service a name, and callers all of them."""
    service = resolved.service
    _service(scope, meta(resolved, service.name), service.ports, selector(service.name), headless=True)


def gateway_aliases(scope: Construct, resolved: ResolvedService) -> None:
    """`<service>` leads callers to the internal gateway, so that a share holds for calls inside too."""
    routed = resolved.service.routed
    suffixes = ["", "-grpc"] if len(routed) > 1 else [""][: len(routed)]
    for suffix in suffixes:
        about = meta(resolved, resolved.service.name + suffix)
        spec = ServiceSpec(
            externalName=f"{INTERNAL}.{ENVOY_SYSTEM}.svc.cluster.local",
            ports=[ServicePort(name="http", port=INTERNAL_PORT)],
            type="ExternalName",
        )
        Manifest(scope, "v1", "Service", about, spec=spec)


def _service(
    scope: Construct, about: Meta, ports: Iterable[Port], selected: dict[str, str], headless: bool = False
) -> None:
    spec = ServiceSpec(ports=[_port(port) for port in ports], selector=selected)
    Manifest(scope, "v1", "Service", about, spec={"clusterIP": "None", **spec} if headless else spec)


def _port(port: Port) -> ServicePort:
    target = ServicePort(name=port.name, port=port.number, protocol="TCP", targetPort=port.name)
    return {"appProtocol": "kubernetes.io/h2c", **target} if port.protocol == "h2c" else target
