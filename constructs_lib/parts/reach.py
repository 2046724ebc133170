"""Creates the Services of a service, and the alias that sends callers through the internal gateway."""

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
    """Add the Service of one slot, to which routes send traffic."""
    if resolved.service.routed:
        about = meta(resolved, slot_name(resolved.service.name, slot), slot)
        _service(scope, about, resolved.service.routed, selector(resolved.service.name, slot))


def stable_service(scope: Construct, resolved: ResolvedService, slot: str) -> None:
    """Add the Service of the stable slot, for callers of a service without a route."""
    service = resolved.service
    if service.ports and not service.routed and service.kind != "stateful":
        _service(scope, meta(resolved, service.name), service.ports, selector(service.name, slot))


def headless_service(scope: Construct, resolved: ResolvedService) -> None:
    """Add a headless Service. It gives each pod of a stateful service a name, and callers the addresses of all pods."""
    service = resolved.service
    _service(scope, meta(resolved, service.name), service.ports, selector(service.name), headless=True)


def gateway_aliases(scope: Construct, resolved: ResolvedService) -> None:
    """Add the alias `<service>` for the internal gateway, so that a share applies to calls in the cluster too."""
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
