"""A service as one cluster runs it: names of sizes and dependencies resolved into what they mean there."""

from __future__ import annotations

from .base import Bool, Host, Many, Name, Value
from .environment import Environment, Role
from .resources import Resources
from .scale import Scale
from .service import Database, Service


class Placement(Value):
    """What of its environment a service reads. Nothing else of an environment can change its manifests."""

    environment: Name
    """The environment's name."""
    cluster: Name
    """The cluster's name."""
    namespace: Name
    """The services' namespace."""
    domain: Host
    """The domain outside."""
    zones: Many[Name]
    """The zones."""
    log_level: str
    """The log level."""
    storage_class: Name
    """The default storage class."""
    collector: Name | None
    """The collector, if it runs here."""
    revision_interval_seconds: int
    """How often Flux compares the service with Git."""


class Callee(Value):
    """What of a service its callers read."""

    name: Name
    """Its name."""
    namespace: Name
    """Its namespace."""
    kind: str
    """What it is."""
    ports: tuple[tuple[str, int, str], ...]
    """Name, number and protocol of each port."""
    routed: tuple[str, ...]
    """Names of the ports that are reached through the gateway."""
    external: Bool
    """Whether people outside reach it."""

    @classmethod
    def of(cls, service: Service, namespace: str) -> Callee:
        """The public facts of a service."""
        return cls(
            name=service.name,
            namespace=namespace,
            kind=service.kind,
            ports=tuple((port.name, port.number, port.protocol) for port in service.ports),
            routed=tuple(port.name for port in service.routed),
            external=service.external is not None,
        )


class ResolvedService(Value):
    """A service as one cluster runs it: everything that its constructs read."""

    service: Service
    """What it is."""
    placement: Placement
    """Where it runs."""
    resources: Resources
    """Of the main container."""
    container_resources: dict[Name, Resources]
    """Of the containers beside the main one."""
    scale: Scale
    """How many pods run."""
    env: dict[str, str]
    """Variables that this environment adds."""
    callees: dict[Name, Callee]
    """The services that it names, as far as they run here."""

    @property
    def database(self) -> Database | None:
        """The database that it asked for."""
        return self.service.database


def resolve(environment: Environment, role: Role, service: Service, callees: dict[str, Callee]) -> ResolvedService:
    """Resolve what a service says by name (sizes, dependencies) into what it means in this cluster."""
    override = environment.overrides.get(service.name) if role == "apps" else None
    size = override.size if override and override.size else service.size
    scale = override.scale if override and override.scale else service.scale
    if service.kind == "stateful" and isinstance(scale, str):
        scale = Scale.fixed(environment.scales[scale].min)
    return ResolvedService(
        service=service,
        placement=_placement(environment, role, callees),
        resources=_resources(environment, size),
        container_resources={each.name: _resources(environment, each.size) for each in service.containers()},
        scale=environment.scales[scale] if isinstance(scale, str) else scale,
        env=dict(override.env) if override else {},
        callees=callees,
    )


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
