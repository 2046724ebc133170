"""A service as one cluster runs it. Sizes and dependencies are resolved for that cluster."""

from __future__ import annotations

from .base import Bool, Host, Many, Name, Value
from .environment import Environment, Role
from .resources import Resources
from .scale import Scale
from .service import Database, Service


class Placement(Value):
    """The facts of an environment that a service reads. Other fields cannot change the service's manifests."""

    environment: Name
    """The name of the environment."""
    cluster: Name
    """The name of the cluster."""
    namespace: Name
    """The namespace of the services."""
    domain: Host
    """The domain of external host names."""
    zones: Many[Name]
    """The zones of the environment."""
    log_level: str
    """The value of `LOG_LEVEL`."""
    storage_class: Name
    """The default storage class."""
    collector: Name | None
    """The telemetry collector, if it runs in this cluster."""
    revision_interval_seconds: int
    """How often Flux compares the service with Git."""


class Callee(Value):
    """The facts of a service that its callers read."""

    name: Name
    """Its name."""
    namespace: Name
    """Its namespace."""
    kind: str
    """Its kind, such as `microservice`."""
    ports: tuple[tuple[str, int, str], ...]
    """The name, number and protocol of each port."""
    routed: tuple[str, ...]
    """The names of the ports that are reached through the gateway."""
    external: Bool
    """Whether it is reachable from outside the cluster."""

    @classmethod
    def of(cls, service: Service, namespace: str) -> Callee:
        """Return the facts of a service that its callers read."""
        return cls(
            name=service.name,
            namespace=namespace,
            kind=service.kind,
            ports=tuple((port.name, port.number, port.protocol) for port in service.ports),
            routed=tuple(port.name for port in service.routed),
            external=service.external is not None,
        )


class ResolvedService(Value):
    """A service as one cluster runs it. Its constructs read nothing else."""

    service: Service
    """The service."""
    placement: Placement
    """The environment and cluster in which it runs."""
    resources: Resources
    """The CPU and memory of the main container."""
    container_resources: dict[Name, Resources]
    """The CPU and memory of each additional container."""
    scale: Scale
    """The number of its pods."""
    env: dict[str, str]
    """The environment variables that this environment adds."""
    callees: dict[Name, Callee]
    """The services that it calls and that run in this cluster."""

    @property
    def database(self) -> Database | None:
        """The database of the service, if it has one."""
        return self.service.database


def resolve(environment: Environment, role: Role, service: Service, callees: dict[str, Callee]) -> ResolvedService:
    """Replace the names in a service (sizes, dependencies) by their values in this cluster.

    The overrides of an environment apply only to its apps cluster. For a stateful service, a size means a fixed
    number of pods: the minimum of that size.
    """
    override = environment.overrides.get(service.name) if role == "apps" else None
    size = override.size if override and override.size else service.size
    return ResolvedService(
        service=service,
        placement=_placement(environment, role, callees),
        resources=_resources(environment, size),
        container_resources={each.name: _resources(environment, each.size) for each in service.containers()},
        scale=scale_of(environment, role, service),
        env=dict(override.env) if override else {},
        callees=callees,
    )


def scale_of(environment: Environment, role: Role, service: Service) -> Scale:
    """Return the number of pods that a service has in a cluster."""
    override = environment.overrides.get(service.name) if role == "apps" else None
    scale = override.scale if override and override.scale else service.scale
    if service.kind == "stateful" and isinstance(scale, str):
        return Scale.fixed(environment.scales[scale].min)
    return environment.scales[scale] if isinstance(scale, str) else scale


def _placement(environment: Environment, role: Role, callees: dict[str, Callee]) -> Placement:
    return Placement(
        environment=environment.name,
        cluster=environment.cluster_name(role),
        namespace=environment.namespace,
        domain=environment.domain,
        zones=environment.zones,
        log_level=environment.log_level,
        storage_class=environment.storage_class,
        collector=environment.collector if environment.collector in callees else None,
        revision_interval_seconds=environment.git.interval_seconds,
    )


def _resources(environment: Environment, size: Resources | str) -> Resources:
    return size if isinstance(size, Resources) else environment.sizes[size]  # type: ignore[index]
