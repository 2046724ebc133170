"""The shape of an environment: one frozen value per environment, in which differences between environments are data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import Bool, Host, Image, Int, Line, Many, Name, PlainText, Reason, Value, VariableName, twice
from .database_class import DatabaseClass
from .pair import Pair
from .plain_secrets import refuse_plain_secrets
from .resources import Quantity, Resources, SizeName, amount
from .scale import Scale
from .service import Service

Gate = Literal["ready", "tested", "confirm", "four-eyes"]
"""What an environment requires before a change. `four-eyes` is recorded, not enforced yet."""
Role = Literal["apps", "ops"]


class Quota(Value):
    """What all services of a cluster may reserve together; two sets of every service must fit during rollouts."""

    cpu: Quantity
    """Cores."""
    memory: Quantity
    """Memory, requested and at most."""
    pods: Annotated[Int, Field(ge=1)]
    """Pods."""
    storage: Quantity = "1Ti"
    """Space of all claims."""


class Reference(Value):
    """The one service of an ops cluster, through which requests are sent to judge the platform."""

    service: Service
    """What it is."""
    image: Image
    """Its image by digest."""


class Cluster(Value):
    """One cluster of a pair."""

    quota: Quota
    """What its services may reserve together."""
    gateway_replicas: Scale
    """Proxies of each gateway."""
    reference: Reference | None = None
    """For the ops cluster: the service that stands for all others."""


class Git(Value):
    """The repository that the GitOps agent pulls."""

    url: Line
    """Its address."""
    branch: Line = "live"
    """The branch that is pulled."""
    interval_seconds: Annotated[Int, Field(ge=5)] = 60
    """Seconds from one look to the next, also for drift."""
    signers: Name | None = None
    """The Secret with the public keys that may sign; every commit is refused unless one of them did."""


class Override(Value):
    """What one service has otherwise in this environment, as whole values."""

    reason: Reason
    """Why."""
    size: Resources | None = None
    """Its CPU and memory here."""
    scale: Scale | None = None
    """How many pods run here."""
    env: dict[VariableName, PlainText] = {}
    """Environment variables with another value here."""

    @field_validator("env")
    @classmethod
    def _no_plain_secrets(cls, env: dict[str, str]) -> dict[str, str]:
        refuse_plain_secrets(env)
        return env


class Exemption(Value):
    """A finding of one rule about one subject that is accepted, with the reason."""

    rule: Name
    """The rule's id."""
    subject: Line
    """The `service` or `kind/name` that the finding is about."""
    reason: Reason
    """Why it is accepted."""


class Environment(Value):
    """Where and how services run. Differences between environments are data; no code contains a name of one."""

    stands_alone: ClassVar[bool] = True

    name: Name
    """Its name."""
    domain: Host
    """The domain of all host names outside."""
    apps: Cluster
    """The cluster that runs the services."""
    ops: Cluster
    """Its twin without them, in which the platform is tried first."""
    git: Git
    """The repository that its clusters pull."""
    sizes: dict[SizeName, Resources]
    """What S, M and L reserve here."""
    scales: dict[SizeName, Scale]
    """How many pods S, M and L are here."""
    zones: Many[Name]
    """The zones that pods are spread over."""
    namespace: Name = "apps"
    """The namespace of the services."""
    promoted_from: Name | None = None
    """The environment whose recipes enter this one."""
    follows_apps: Bool = False
    """Whether stable slots take their spec from `apps/` at head."""
    gates: Many[Gate] = ()
    """What must hold before a change; `four-eyes` is recorded, not enforced yet."""
    log_level: Literal["debug", "info", "warn", "error"] = "info"
    """The value of `LOG_LEVEL` in every container."""
    database: DatabaseClass = DatabaseClass()
    """How its PostgreSQL runs."""
    pair: Pair | None = None
    """The clusters themselves; none when they were not made by `stacks/`."""
    storage_class: Name = "standard"
    """Of claims that name none."""
    certificate: Line = "gateways/wildcard"
    """Where the external gateway's certificate stands in the secret store."""
    collector: Name | None = None
    """The service that takes OpenTelemetry data by OTLP over gRPC; services send nothing when not given."""
    alert_address: Line = "alerts"
    """The Secret with the address that alerts are sent to."""
    overrides: dict[Name, Override] = {}
    """What single services have otherwise here."""
    exemptions: Many[Exemption] = ()
    """Findings of rules that are accepted here."""

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
