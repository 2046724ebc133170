"""Lists the environment variables of a container: identity, telemetry, addresses, and those of the service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from ..values import ConfigKey, Container, FieldOf, Public, SecretKey
from ..values.container import EnvValue
from ..values.data import Json
from ..values.release import Version, short_digest, version_number
from ..values.resolved_service import ResolvedService
from .configuration import config_map_name, secret_name
from .names import INTERNAL_PORT, database_secret

OTLP_PORT = 4317


def variables(resolved: ResolvedService, version: Version, slot: str) -> list[Json]:
    """Return the variables of the main container. A variable comes before those that refer to it."""
    named = {**_given(resolved, version, resolved.service.name), **resolved.service.env, **resolved.env}
    return _as_list(resolved, slot, named)


def variables_beside(resolved: ResolvedService, version: Version, slot: str, container: Container) -> list[Json]:
    """Return the variables of an additional container: those that every container gets, and its own."""
    return _as_list(resolved, slot, {**_given(resolved, version, container.name), **container.env})


def _given(resolved: ResolvedService, version: Version, name: str) -> dict[str, EnvValue]:
    return {
        "POD_NAME": FieldOf(field="metadata.name"),
        "POD_IP": FieldOf(field="status.podIP"),
        "NODE_NAME": FieldOf(field="spec.nodeName"),
        "LOG_LEVEL": resolved.placement.log_level,
        **_telemetry(resolved, version, name),
        **addresses(resolved),
    }


def _as_list(resolved: ResolvedService, slot: str, named: Mapping[str, EnvValue]) -> list[Json]:
    return [{"name": name, **_source(resolved, slot, value)} for name, value in named.items()]


def _source(resolved: ResolvedService, slot: str, value: EnvValue) -> Json:
    match value:
        case SecretKey():
            own = next((each for each in resolved.service.secrets if each.name == value.secret), None)
            name = secret_name(resolved, slot, own) if own else database_secret(resolved.service.name)
            return {"valueFrom": {"secretKeyRef": {"name": name, "key": value.key}}}
        case ConfigKey():
            config = next(each for each in resolved.service.configs if each.name == value.config)
            reference = {"name": config_map_name(resolved, slot, config), "key": value.key}
            return {"valueFrom": {"configMapKeyRef": reference}}
        case FieldOf():
            return {"valueFrom": {"fieldRef": {"fieldPath": value.field}}}
        case Public():
            return {"value": value.public}
    return {"value": str(value)}


def addresses(resolved: ResolvedService) -> dict[str, str]:
    """Return the variables with the addresses of the dependencies that run in this cluster."""
    found: dict[str, str] = {}
    for each in resolved.service.depends_on:
        if address := address_of(resolved, each.service, each.port):
            found |= each.variables(*address)
    return found


def address_of(resolved: ResolvedService, service: str, port: str | None) -> tuple[str, int] | None:
    """Return the host and port under which the service calls another one, or None if that one does not run here.

    A routed port is reached at the port of the internal gateway, under a host name of its route.
    """
    callee = resolved.callees.get(service)
    found = next((each for each in callee.ports if port in (None, each[0])), None) if callee else None
    if not callee or not found:
        return None
    name, number, protocol = found
    if name not in callee.routed:
        return f"{callee.name}.{callee.namespace}", number
    suffix = "-grpc" if protocol == "grpc" and len(callee.routed) > 1 else ""
    return f"{callee.name}{suffix}.{callee.namespace}", INTERNAL_PORT


def _name(version: Version) -> str:
    """A name that tells the version apart from the others of its service, which a branch does not."""
    return version_number(version.ref) or (version.commit or "")[:12] or short_digest(version.image)


def _telemetry(resolved: ResolvedService, version: Version, name: str) -> dict[str, EnvValue]:
    collector = resolved.placement.collector
    address = address_of(resolved, collector, "grpc") if collector else None
    if not resolved.service.telemetry or not address or collector == resolved.service.name:
        return {}
    attributes = {
        "service.namespace": resolved.placement.namespace,
        # Percent-encoded, as the specification of OTEL_RESOURCE_ATTRIBUTES requires.
        "service.version": quote(_name(version)),
        "service.instance.id": "$(POD_NAME)",
        "deployment.environment.name": resolved.placement.environment,
        "k8s.cluster.name": resolved.placement.cluster,
        "k8s.pod.name": "$(POD_NAME)",
        "k8s.node.name": "$(NODE_NAME)",
    }
    return {
        "OTEL_SERVICE_NAME": name,
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={value}" for key, value in attributes.items()),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address[0]}:{address[1]}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    }
