"""The shape of an environment: one frozen value per environment, and what of it a service may read."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from .values import Resources, Scale, Service, Value, amount
from .values.base import Bool, Host, Image, Int, Line, Many, Name, PlainText, Reason, VariableName, twice
from .values.plain_secrets import refuse_plain_secrets
from .values.resources import Quantity, SizeName
from .values.service import Database
from .values.text import Form

Gate = Literal["ready", "tested", "confirm", "four-eyes"]
Role = Literal["apps", "ops"]


class Quota(Value):
    """What all services of a cluster may reserve together; two sets of every service must fit during rollouts."""

    cpu: Quantity
    memory: Quantity
    pods: Annotated[Int, Field(ge=1)]
    storage: Quantity = "1Ti"


class Reference(Value):
    """The one service of an ops cluster, through which requests are sent to judge the platform."""

    service: Service
    image: Image


class Cluster(Value):
    """One cluster of a pair."""

    quota: Quota
    gateway_replicas: Scale
    """Proxies of each gateway."""
    reference: Reference | None = None
    """For the ops cluster: the service that stands for all others."""


class DatabaseClass(Value):
    """How the environment's PostgreSQL runs; `stacks/` makes it."""

    instances: Annotated[Int, Field(ge=1, le=9)] = 1
    storage: Quantity = "10Gi"
    resources: Resources = Resources(cpu="250m", memory="512Mi")
    backups: Bool = False
    backup_retention: Annotated[str, Form(r"^[1-9][0-9]{0,3}[dwm]$", "days, weeks or months, such as '30d'")] = "30d"


class Git(Value):
    """The repository that the GitOps agent pulls."""

    url: Line
    branch: Line = "live"
    interval_seconds: Annotated[Int, Field(ge=5)] = 60
    signers: Name | None = None
    """The Secret with the public keys that may sign; every commit is refused unless one of them did."""


class Override(Value):
    """What one service has otherwise in this environment, as whole values."""

    reason: Reason
    size: Resources | None = None
    scale: Scale | None = None
    env: dict[VariableName, PlainText] = {}

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, str]) -> dict[str, str]:
        refuse_plain_secrets(env)
        return env


class Exemption(Value):
    """A finding of one rule about one subject that is accepted, with the reason."""

    rule: Name
    subject: Line
    """The `service` or `kind/name` that the finding is about."""
    reason: Reason


class Environment(Value):
    """Where and how services run. Differences between environments are data; no code contains a name of one."""

    stands_alone: ClassVar[bool] = True

    name: Name
    domain: Host
    apps: Cluster
    ops: Cluster
    git: Git
    sizes: dict[SizeName, Resources]
    """What S, M and L reserve here."""
    scales: dict[SizeName, Scale]
    """How many pods S, M and L are here."""
    zones: Many[Name]
    namespace: Name = "apps"
    """The namespace of the services."""
    promoted_from: Name | None = None
    """The environment whose recipes enter this one."""
    follows_apps: Bool = False
    """Whether stable slots take their spec from `apps/` at head."""
    gates: Many[Gate] = ()
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    database: DatabaseClass = DatabaseClass()
    storage_class: Name = "standard"
    certificate: Line = "gateways/wildcard"
    """Where the external gateway's certificate stands in the secret store."""
    collector: Name | None = None
    """The service that takes OpenTelemetry data by OTLP over gRPC; services send nothing when not given."""
    alert_address: Line = "alerts"
    """The Secret with the address that alerts are sent to."""
    overrides: dict[Name, Override] = {}
    exemptions: Many[Exemption] = ()

    @field_validator("zones", "gates")
    @classmethod
    def _unique(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        if item := twice(items):
            raise ValueError(f"must differ from each other, got {item!r} twice")
        return items

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for what, given in (("sizes", self.sizes), ("scales", self.scales)):
            if missing := [size for size in ("S", "M", "L") if size not in given]:
                raise ValueError(f"{what} must say what S, M and L are here, missing {', '.join(missing)}")
        if not self.zones:
            raise ValueError("zones must name at least one zone, as zones=['a']")
        if self.promoted_from == self.name:
            raise ValueError(f"promoted_from must be another environment, got {self.name!r} itself")
        if self.ops.reference is None or self.apps.reference is not None:
            raise ValueError("the ops cluster, and only it, has a reference service; give it to ops")
        memory = [self.sizes[size].memory for size in ("S", "M", "L")]
        if memory != sorted(memory, key=amount):
            raise ValueError(f"sizes must grow from S over M to L in memory, got {', '.join(memory)}")
        return self

    def cluster(self, role: Role) -> Cluster:
        """The cluster of that role."""
        return self.apps if role == "apps" else self.ops

    def cluster_name(self, role: Role) -> str:
        """`<environment>-apps` or `<environment>-ops`."""
        return f"{self.name}-{role}"


class Place(Value):
    """What of its environment a service reads. Nothing else of an environment can change its manifests."""

    environment: Name
    cluster: Name
    namespace: Name
    domain: Host
    zones: Many[Name]
    log_level: str
    storage_class: Name
    collector: Name | None
    revision_interval_seconds: int
    """How often Flux compares the service with Git."""


class Callee(Value):
    """What of a service its callers read."""

    name: Name
    namespace: Name
    kind: str
    ports: tuple[tuple[str, int, str], ...]
    """Name, number and protocol of each port."""
    routed: tuple[str, ...]
    """Names of the ports that are reached through the gateway."""
    external: Bool

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


class Placed(Value):
    """A service as one cluster runs it: everything that its constructs read."""

    service: Service
    place: Place
    resources: Resources
    container_resources: dict[Name, Resources]
    """Of the containers beside the main one."""
    scale: Scale
    env: dict[str, str]
    """Variables that this environment adds."""
    callees: dict[Name, Callee]
    """The services that it names, as far as they run here."""

    @property
    def database(self) -> Database | None:
        """The database that it asked for."""
        return self.service.database


def place(environment: Environment, role: Role, service: Service, callees: dict[str, Callee]) -> Placed:
    """Resolve what a service says by name (sizes, dependencies) into what it means in this cluster."""
    override = environment.overrides.get(service.name) if role == "apps" else None
    size = override.size if override and override.size else service.size
    scale = override.scale if override and override.scale else service.scale
    if service.kind == "stateful" and isinstance(scale, str):
        scale = Scale.fixed(environment.scales[scale].min)
    return Placed(
        service=service,
        place=_place(environment, role, callees),
        resources=_resources(environment, size),
        container_resources={each.name: _resources(environment, each.size) for each in service.containers()},
        scale=environment.scales[scale] if isinstance(scale, str) else scale,
        env=dict(override.env) if override else {},
        callees=callees,
    )


def _place(environment: Environment, role: Role, callees: dict[str, Callee]) -> Place:
    return Place(
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
