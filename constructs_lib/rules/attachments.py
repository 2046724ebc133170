"""Which listeners of which gateways accept a route, and for which host names.

Source: https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..parts.names import ENVOY_SYSTEM, PRIVILEGED_PORT_SHIFT, proxy_labels
from ..values.data import Json, Object
from .lookups import Lookups
from .objects import namespace_of
from .selectors import selects
from .workloads import Pods

Listener = Json
_KINDS = {"HTTP": ("HTTPRoute", "GRPCRoute"), "HTTPS": ("HTTPRoute", "GRPCRoute"), "TLS": ("TLSRoute",)}
ROUTES = ("HTTPRoute", "GRPCRoute")


class Attachment(NamedTuple):
    """A route and a listener that it names and that accepts it."""

    route: Object
    gateway: Object
    listener: Listener

    @property
    def hosts(self) -> list[str]:
        """The host names for which the listener sends requests to the route."""
        return self.route["spec"].get("hostnames") or [self.listener.get("hostname", "*")]


def attachments_of(look: Lookups, route: Object) -> Iterator[Attachment]:
    """A route with each listener that accepts it."""
    for parent in route["spec"].get("parentRefs") or ():
        gateway = gateway_of(look, route, parent)
        for listener in listeners_of(gateway, parent) if gateway else ():
            if gateway and not refusal(look, route, gateway, listener):
                yield Attachment(route, gateway, listener)


def gateway_of(look: Lookups, route: Object, parent: Json) -> Object | None:
    """The Gateway that a route names as its parent, or None."""
    return look.get("Gateway", parent.get("namespace") or namespace_of(route), parent["name"])


def listeners_of(gateway: Object, parent: Json) -> list[Listener]:
    """The listeners of a gateway that a parent reference names; all of them where it names none."""
    return [
        listener
        for listener in gateway["spec"]["listeners"]
        if parent.get("sectionName") in (None, listener["name"]) and parent.get("port") in (None, listener["port"])
    ]


def refusal(look: Lookups, route: Object, gateway: Object, listener: Listener) -> str | None:
    """Why a listener does not accept a route, or None where it does."""
    if route["kind"] not in _kinds(listener):
        return f"does not accept {route['kind']} objects"
    if not _admits_namespace(look, listener, namespace_of(gateway), namespace_of(route)):
        return f"does not accept routes from namespace {namespace_of(route)}"
    for host in route["spec"].get("hostnames") or ():
        if not _covers(listener.get("hostname"), host):
            return f"does not accept host {host}, only {listener['hostname']}"
    return None


def _kinds(listener: Listener) -> tuple[str, ...]:
    said = (listener.get("allowedRoutes") or {}).get("kinds")
    return tuple(each["kind"] for each in said) if said else _KINDS.get(listener["protocol"], ())


def _admits_namespace(look: Lookups, listener: Listener, own: str, namespace: str) -> bool:
    allowed = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    match allowed.get("from", "Same"):
        case "All":
            return True
        case "Same":
            return namespace == own
        case "Selector":
            return selects(allowed.get("selector"), look.namespace_labels(namespace))
    return False


def _covers(pattern: str | None, host: str) -> bool:
    if pattern is None or pattern == host:
        return True
    return pattern.startswith("*.") and host.removeprefix("*").endswith(pattern[1:]) and host != pattern[2:]


def proxies(gateway: str, listeners: list[Listener]) -> Pods:
    """The pods that Envoy Gateway runs for a Gateway. Source: Envoy Gateway's proxy infrastructure."""
    labels = {
        "app.kubernetes.io/name": "envoy",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/managed-by": "envoy-gateway",
        **proxy_labels(gateway),
    }
    ports = {listener["name"]: pod_port(listener) for listener in listeners}
    return Pods(f"the {gateway} gateway", ENVOY_SYSTEM, labels, ports)


def pod_port(listener: Listener) -> int:
    """The port on which the proxies serve a listener."""
    port: int = listener["port"]
    return port + PRIVILEGED_PORT_SHIFT if port < 1024 else port
