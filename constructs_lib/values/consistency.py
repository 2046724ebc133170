"""Checks that the fields of a service fit together. Each check yields one message for each mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .base import shown, twice
from .container import ConfigKey, SecretKey
from .plain_secrets import looks_like

if TYPE_CHECKING:
    from .service import Service

DATABASE_KEYS = ("uri", "host", "port", "dbname", "username", "password")
"""The keys of the secret `database`."""


def disagreements(service: Service) -> Iterator[str]:
    """Yield a message for each contradiction between the fields of the service."""
    for check in _CHECKS:
        yield from check(service)


def _names_are_unique(service: Service) -> Iterator[str]:
    ports = (*service.ports, *(port for sidecar in service.sidecars for port in sidecar.ports))
    named = {
        "ports": [port.name for port in ports],
        "port numbers": [str(port.number) for port in ports],
        "configs": [config.name for config in service.configs],
        "secrets": [secret.name for secret in service.secrets],
        "claims": [claim.name for claim in service.claims],
        "outside": [each.name for each in service.outside],
        "containers": [service.name, *(container.name for container in service.containers())],
        "depends_on": [f"{each.service}:{each.port}" if each.port else each.service for each in service.depends_on],
        "mount paths": [
            *(config.mount for config in service.configs if config.mount),
            *(secret.mount for secret in service.secrets if secret.mount),
            *(volume.path for volume in service.volumes),
            *(claim.path for claim in service.claims),
            "/tmp",
        ],
    }  # fmt: skip
    for what, names in named.items():
        if name := twice(names):
            yield f"{what} must differ from each other, got {name!r} twice; change one"


def _kind_is_clear(service: Service) -> Iterator[str]:
    if service.schedule and (service.ports or service.claims):
        yield "a scheduled job has neither ports nor claims; make it a service of its own"
    if not service.routed and service.external:
        yield "an external route needs a route inside and an http or grpc port; add Port.http(8080)"
    if service.schedule and (service.readiness or service.liveness or service.startup):
        yield "a scheduled job ends by itself and has no probes; use schedule.deadline_seconds"
    if service.kind == "stateful" and not isinstance(service.scale, str) and not service.scale.is_fixed:
        bounds = f"between {service.scale.min} and {service.scale.max}"
        yield f"a stateful service has a fixed number of pods, got {bounds}; use Scale.fixed({service.scale.min})"


def _routed_ports_are_clear(service: Service) -> Iterator[str]:
    if not service.routed:
        return
    if len(service.routed) != len(service.ports):
        yield "a tcp port cannot be routed: say route=None, or move it to a service of its own"
    http = [port.name for port in service.routed if port.protocol != "grpc"]
    grpc = [port.name for port in service.routed if port.protocol == "grpc"]
    if len(http) > 1 or len(grpc) > 1:
        yield (
            f"a routed service has at most one http and one grpc port, got {', '.join(http + grpc)}; "
            f"say route=None or make two services"
        )
    if service.external and service.external.port and not service.port(service.external.port):
        yield f"external.port must be the name of one of its ports, got {service.external.port!r}"


def _probes_ask_something(service: Service) -> Iterator[str]:
    ready, live = service.readiness, service.liveness
    if ready and live and live.asks_the_same(ready):
        yield (
            "readiness and liveness must not be identical: a busy pod would be restarted instead of spared; "
            "leave liveness out, or give it more failures"
        )
    if service.schedule:
        return
    for what, probe in (("startup", service.startup), ("readiness", ready), ("liveness", live)):
        if probe and probe.kind != "exec" and not service.port(probe.port):
            asked = f"asks port {probe.port!r}, which is not one of its ports" if probe.port else "asks a port"
            yield f"the {what} probe {asked}; add it to ports, or use Probe.exec('check')"


def _init_containers_end(service: Service) -> Iterator[str]:
    for container in service.init:
        if container.readiness:
            yield f"init container {container.name} ends before the pod is ready and has no readiness; leave it out"


def _references_exist(service: Service) -> Iterator[str]:
    configs = {config.name: set(config.data) for config in service.configs}
    secrets = {secret.name: set(secret.keys) for secret in service.secrets}
    if service.database:
        secrets["database"] = set(DATABASE_KEYS)
    for env in (service.env, *(container.env for container in service.containers())):
        for variable, value in env.items():
            if isinstance(value, SecretKey) and value.key not in secrets.get(value.secret, ()):
                yield f"env {variable} names {value.key!r} of the secret {value.secret!r}; add it to secrets"
            if isinstance(value, ConfigKey) and value.key not in configs.get(value.config, ()):
                yield f"env {variable} names {value.key!r} of the config {value.config!r}; add it to configs"


def _no_secret_in_arguments(service: Service) -> Iterator[str]:
    said = {"a command or argument": (*service.command, *service.args)}
    for container in service.containers():
        said[f"a command or argument of {container.name}"] = (*container.command, *container.args)
    for what, probe in (("startup", service.startup), ("readiness", service.readiness), ("liveness", service.liveness)):
        said[f"the command of the {what} probe"] = probe.command if probe else ()
    for where, words in said.items():
        for word in words:
            if found := looks_like(word):
                yield f"{where} holds {found} in plain text; move it to a Secret(…) with a mount or a SecretKey(…)"


def _does_not_depend_on_itself(service: Service) -> Iterator[str]:
    if any(each.service == service.name for each in service.depends_on):
        yield f"depends_on must name other services, got {shown(service.name)} itself; leave it out"


_CHECKS = (
    _init_containers_end,
    _names_are_unique,
    _kind_is_clear,
    _routed_ports_are_clear,
    _probes_ask_something,
    _references_exist,
    _no_secret_in_arguments,
    _does_not_depend_on_itself,
)
