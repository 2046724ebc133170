"""Which routes hang on which listeners of which gateways, and under which host names.

Source: https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..parts.names import ENVOY_SYSTEM, PRIVILEGED_PORT_SHIFT, proxy_labels
from .facts import Object
from .index import Index, namespace_of
from .policies import Pod
from .selectors import selects

Listener = dict[str, Any]
_KINDS = {"HTTP": ("HTTPRoute", "GRPCRoute"), "HTTPS": ("HTTPRoute", "GRPCRoute"), "TLS": ("TLSRoute",)}
ROUTES = ("HTTPRoute", "GRPCRoute")


class Attachment(NamedTuple):
    """A route on a listener that names it and admits it."""

    route: Object
    gateway: Object
    listener: Listener

    @property
    def hosts(self) -> list[str]:
        """The host names that the route takes there."""
        return self.route["spec"].get("hostnames") or [self.listener.get("hostname", "*")]


def attachments(index: Index) -> Iterator[Attachment]:
    """Every route on every listener that it is admitted to."""
    for route in index.kinds(*ROUTES):
        for parent in route["spec"].get("parentRefs") or ():
            gateway = gateway_of(index, route, parent)
            for listener in listeners_of(gateway, parent) if gateway else ():
                if gateway and not refusal(index, route, gateway, listener):
                    yield Attachment(route, gateway, listener)


def gateway_of(index: Index, route: Object, parent: dict[str, Any]) -> Object | None:
    """The Gateway that a route names as its parent, or None."""
    return index.get("Gateway", parent.get("namespace") or namespace_of(route), parent["name"])


def listeners_of(gateway: Object, parent: dict[str, Any]) -> list[Listener]:
    """The listeners of a gateway that a parent reference names; all of them where it names none."""
    return [
        listener
        for listener in gateway["spec"]["listeners"]
        if parent.get("sectionName") in (None, listener["name"]) and parent.get("port") in (None, listener["port"])
    ]


def refusal(index: Index, route: Object, gateway: Object, listener: Listener) -> str | None:
    """Why a listener does not take a route, or None where it does."""
    if route["kind"] not in _kinds(listener):
        return f"takes no {route['kind']}"
    if not _admits_namespace(index, listener, namespace_of(gateway), namespace_of(route)):
        return f"admits no route of the namespace {namespace_of(route)}"
    for host in route["spec"].get("hostnames") or ():
        if not _covers(listener.get("hostname"), host):
            return f"does not take the host name {host}, only {listener['hostname']}"
    return None


def _kinds(listener: Listener) -> tuple[str, ...]:
    said = (listener.get("allowedRoutes") or {}).get("kinds")
    return tuple(each["kind"] for each in said) if said else _KINDS.get(listener["protocol"], ())


def _admits_namespace(index: Index, listener: Listener, own: str, namespace: str) -> bool:
    allowed = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    match allowed.get("from", "Same"):
        case "All":
            return True
        case "Same":
            return namespace == own
        case "Selector":
            return selects(allowed.get("selector"), index.namespace_labels(namespace))
    return False


def _covers(pattern: str | None, host: str) -> bool:
    if pattern is None or pattern == host:
        return True
    return pattern.startswith("*.") and host.removeprefix("*").endswith(pattern[1:]) and host != pattern[2:]


def proxies(gateway: str, listeners: list[Listener]) -> Pod:
    """The pods that Envoy Gateway runs for a Gateway. Source: Envoy Gateway's proxy infrastructure."""
    labels = {
        "app.kubernetes.io/name": "envoy",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/managed-by": "envoy-gateway",
        **proxy_labels(gateway),
    }
    ports = {listener["name"]: pod_port(listener) for listener in listeners}
    return Pod(f"the {gateway} gateway", ENVOY_SYSTEM, labels, ports)


def pod_port(listener: Listener) -> int:
    """The port on which the proxies serve a listener."""
    port: int = listener["port"]
    return port + PRIVILEGED_PORT_SHIFT if port < 1024 else port
